"""Who leads: taking, offering and accepting command. Until the successor says so, command has not moved."""

from datetime import datetime

from bot.domain.events import CommandDeclined, CommandOffered, CommandTaken, RoleGiven
from bot.domain.incident import Incident
from bot.domain.refusal import Refusal


def take(incident: Incident, *, by: str, at: datetime) -> CommandTaken | CommandOffered:
    """Take command where nobody has it; else ask for it, which needs one more word after the brief."""
    _must_be_open(incident)
    if incident.commander == by:
        raise Refusal(f"You already command {incident.id}.")
    if incident.commander is None:
        return CommandTaken(at=at, by=by, commander=by, before=None)
    return CommandOffered(at=at, by=by, to=by)


def offer(incident: Incident, to: str, *, by: str, at: datetime) -> CommandOffered:
    """Hand command over: the successor gets a brief and accepts, or not."""
    _must_be_open(incident)
    if incident.commander == to:
        raise Refusal(f"<@{to}> already commands {incident.id}.")
    return CommandOffered(at=at, by=by, to=to)


def accept(incident: Incident, *, by: str, at: datetime) -> CommandTaken:
    """Say *I have command*: only the one it was offered to can."""
    _must_be_open(incident)
    if incident.commander == by:
        raise Refusal(f"You already command {incident.id}.")
    if incident.command_offered_to != by:
        raise Refusal(
            f"Command of {incident.id} is not offered to you now. Say `incident take` to ask for it."
        )
    return CommandTaken(at=at, by=by, commander=by, before=incident.commander)


def decline(incident: Incident, *, by: str, at: datetime) -> CommandDeclined:
    """Say *Not me after all*: command stays where it is."""
    if incident.command_offered_to != by:
        raise Refusal(f"Command of {incident.id} is not offered to you now; there is nothing to decline.")
    return CommandDeclined(at=at, by=by, to=by)


def give_role(incident: Incident, role: str, person: str, *, by: str, at: datetime) -> RoleGiven:
    """Give a role such as scribe or support; the commander's moves by a handover only."""
    _must_be_open(incident)
    if role.casefold() in {"commander", "imoc", "ic", "lead"}:
        raise Refusal(f"Command moves by a handover: `incident hand <@{person}>`.", slot="role")
    return RoleGiven(at=at, by=by, role=role.casefold(), person=person)


def _must_be_open(incident: Incident) -> None:
    if not incident.is_open:
        raise Refusal(
            f"{incident.id} is {incident.phase}; nobody needs to command it. `incident reopen` if it is back."
        )
