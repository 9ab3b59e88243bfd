"""Services: what you run, and which of it an incident affects."""

from bot.commands.arguments import PageNumber, ServiceNames
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

    They are on the card, with the runbooks for them. An unknown name is asked back.
    """
    if not services:
        return Reply("incident/affects", affected.facts(incident))
    incident = affected.affect(incident, services, by=request.user)
    return Reply("incident/affects", affected.facts(incident), confirms=True)


@command('incident (unaffected|affects not|affects no longer) "services"')
def unaffected(
    request: Request, incident: Incident, services: ServiceNames, *, affected: AffectedServices
) -> Reply:
    """Take services back that the incident does not affect."""
    incident = affected.clear(incident, services, by=request.user)
    return Reply("incident/affects", affected.facts(incident), confirms=True)


@command("services [page <page>]")
def listing(page: PageNumber | None, *, tx: Transaction) -> Reply:
    """List the services: whose each one is, its repositories and its runbooks."""
    return Reply(
        "incident/services", {"found": Portion.of(tuple(tx.policy.services.values()), page)}, shared=True
    )
