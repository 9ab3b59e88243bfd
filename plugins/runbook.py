"""Runbooks: documents with your values filled in and commands ready to copy."""

from bot.commands.arguments import PageNumber
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request, Source
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.ports import Runbooks
from bot.services.incident.affected import AffectedServices
from bot.services.incident.fields import IncidentFields
from bot.services.incident.incidents import Incidents
from bot.services.levers import Levers


@command('runbook <name> ["values"]')
def runbook(
    request: Request,
    incident: Incident | None,
    name: str,
    values: str | None,
    *,
    runbooks: Runbooks,
    fields: IncidentFields,
    incidents: Incidents,
    affected: AffectedServices,
    levers: Levers,
) -> Reply | Fill:
    """Fill in a runbook for all to see: `runbook restart-db service=checkout`; what you leave out, a form asks."""
    wanted = runbooks.find(name)
    typed = {**affected.values(incident, wanted), **wanted.pairs(values or ""), **request.given}
    reading = runbooks.read(wanted, typed)
    if reading.is_whole:
        filled = runbooks.fill(wanted, reading.filled, fields.of(incident))
        if incident:
            incident = incidents.open_runbook(incident, wanted, by=request.user)
            levers.opened(incident, wanted)
        facts = {"runbook": wanted, "filled": filled, "incident": incident}
        return Reply("runbook/filled", facts, shared=True)
    if request.trigger and request.source is not Source.FORM:
        return Fill(
            "runbook/fill",
            f"runbook {wanted.name}",
            {"runbook": wanted, "said": typed, "wrong": reading.wrong},
        )
    raise wanted.lacking(reading) if request.source is Source.FORM else wanted.in_words(reading)


@command("(runbook|runbook list|runbooks) [page <page>]", reads=True)
def runbooks(page: PageNumber | None, *, runbooks: Runbooks) -> Reply:
    """List the runbooks, and the mistakes in those that can't be used."""
    found = Portion.of(runbooks.all(), page)
    return Reply("runbook/list", {"found": found, "mistakes": runbooks.mistakes()})
