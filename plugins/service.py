"""Services: what you run, and which of it an incident affects."""

from bot.commands.arguments import AffectedNames, PageNumber, ServiceName, ServiceNames
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.services.incident.affected import AffectedServices
from bot.services.transaction import Transaction


@command('incident affects ["services"]')
def affects(
    request: Request, incident: Incident, services: ServiceNames | None, *, affected: AffectedServices
) -> Reply:
    """Say which services the incident affects: `incident affects checkout, search`; without one, show them.

    They are on the card, with the runbooks for them. Spy asks again about an unknown name.
    """
    if not services:
        return Reply("incident/affects", affected.facts(incident))
    incident = affected.affect(incident, services, by=request.user)
    return Reply("incident/affects", affected.facts(incident), confirms=True)


@command('incident (unaffected|not affected|affects not|affects no longer|no longer affects) "services"')
def unaffected(
    request: Request, incident: Incident, services: AffectedNames, *, affected: AffectedServices
) -> Reply:
    """Take services back that the incident does not affect."""
    incident = affected.clear(incident, services, by=request.user)
    return Reply("incident/affects", affected.facts(incident), confirms=True)


@command("services|service [<service>] [page <page>]", reads=True)
def listing(service: ServiceName | None, page: PageNumber | None, *, tx: Transaction) -> Reply:
    """List the services, or show one: whose it is, its repositories and its runbooks."""
    services = tx.policy.services
    found = [services[service]] if service and service in services else [*services.values()]
    return Reply("incident/services", {"found": Portion.of(found, page)}, shared=True)
