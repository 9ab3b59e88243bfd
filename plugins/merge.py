"""Incidents that are one, or resemble one another: merge them, find similar ones."""

from typing import Annotated

from bot.commands.arguments import Reader
from bot.commands.arguments.reader import anything
from bot.commands.command import command, when
from bot.commands.interpreter import incident_number
from bot.commands.reply import Reply
from bot.commands.request import Request, WrittenNotice
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Refusal
from bot.services.incident.incidents import Incidents
from bot.services.incident.merges import Merges
from bot.services.incident.similar import SimilarIncidents
from bot.services.transaction import Transaction


def _read(word: str, tx: Transaction, asker: str) -> int:
    del tx, asker
    return incident_number(word)


OtherIncident = Annotated[int, Reader(looks=anything, read=_read, example="7")]


@command("incident (merge|merge into|duplicate|duplicate of) <into>", allow="responder")
def merge(
    request: Request, incident: Incident, into: OtherIncident, *, incidents: Incidents, merges: Merges
) -> Reply:
    """Merge this incident into another one: command, pages, follow-ups, people and timeline go on there.

    `incident reopen` takes it out again.
    """
    target = merges.merge(incident, incidents.find(into, asker=request.user), by=request.user)
    return Reply("incident/merge_done", {"incident": incident, "into": target})


@command("incident unmerge [<id>]", allow="responder")
def unmerge(request: Request, incident: Incident, *, incidents: Incidents) -> Reply:
    """Take a merged incident out again, like `incident reopen`."""
    if incident.merged is None:
        raise Refusal(f"{incident.id} is not merged: it is {incident.state}.")
    reopened = incidents.reopen(incident, by=request.user)
    return Reply("incident/done", {"incident": reopened, "what": "reopened"}, confirms=True)


@command("incident similar [<id>]", allow="everyone", reads=True)
def similar(request: Request, incident: Incident, *, similar: SimilarIncidents, tx: Transaction) -> Reply:
    """Find past incidents that resemble this one, by service, change, runbook or words, and how they ended."""
    found = similar.of(incident, asker=request.user)
    return Reply("incident/similar", {"incident": incident, "found": found, "now": tx.now})


@when(WrittenNotice)
def written(notice: WrittenNotice, *, incidents: Incidents, merges: Merges) -> None:
    """Tell who writes in the channel of a merged incident where it goes on: once, and nobody else."""
    incident = incidents.in_channel(notice.channel)
    if incident:
        merges.point(incident, notice.person)
