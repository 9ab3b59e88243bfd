"""Taking, offering and accepting command. It moves only when the successor accepts."""

from collections.abc import Collection
from datetime import datetime

from bot.domain.incident.events import (
    CommandDeclined,
    CommandOffered,
    CommandTaken,
    PersonUnavailable,
    RoleGiven,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.role import COMMAND_NAMES, plain
from bot.domain.refusal import Refusal


def take(incident: Incident, *, by: str, at: datetime) -> CommandTaken | CommandOffered:
    """Return the change of command if nobody leads, else an offer that the successor accepts after the brief."""
    _must_be_open(incident)
    if incident.commander == by:
        raise Refusal(f"You already command {incident.id}.")
    if incident.commander is None:
        return CommandTaken(at=at, by=by, commander=by, before=None)
    return _offered(incident, by, by=by, at=at)


def offer(incident: Incident, to: str, *, by: str, at: datetime) -> CommandOffered:
    """Return an offer of command. The successor gets a brief and accepts or declines."""
    _must_be_open(incident)
    if incident.commander == to:
        raise Refusal(f"<@{to}> already commands {incident.id}.")
    return _offered(incident, to, by=by, at=at)


def _offered(incident: Incident, to: str, *, by: str, at: datetime) -> CommandOffered:
    before = incident.command_offered_to
    return CommandOffered(at=at, by=by, to=to, instead_of=before if before != to else None)


def accept(incident: Incident, *, by: str, at: datetime) -> CommandTaken:
    """Return the change of command (*I have command*). Refuses everyone but the person it was offered to."""
    _must_be_open(incident)
    if incident.commander == by:
        raise Refusal(f"You already command {incident.id}.")
    if incident.command_offered_to != by:
        raise Refusal(f"Command of {incident.id} is not offered to you now. Ask for it with `incident take`.")
    return CommandTaken(at=at, by=by, commander=by, before=incident.commander)


def decline(incident: Incident, *, by: str, at: datetime) -> CommandDeclined:
    """Return the refusal of an offer. The commander stays."""
    if incident.command_offered_to != by:
        raise Refusal(f"Command of {incident.id} is not offered to you now; there is nothing to decline.")
    return CommandDeclined(at=at, by=by, to=by)


def give_role(incident: Incident, role: str, person: str, *, by: str, at: datetime) -> RoleGiven:
    """Return the assignment of a role such as scribe. Refuses the role of commander, which needs a handover."""
    _must_be_open(incident)
    if plain(role) in COMMAND_NAMES:
        raise Refusal(f"To change the commander, use `incident hand <@{person}>`.", slot="role")
    if incident.roles.get(plain(role)) == person:
        raise Refusal(f"<@{person}> is {plain(role)} of {incident.id} already.", slot="person")
    return RoleGiven(at=at, by=by, role=plain(role), person=person)


def lose(
    incident: Incident,
    person: str,
    *,
    at: datetime,
    is_bot: bool,
    follow_ups: Collection[int] = (),
    postmortem: bool = False,
) -> PersonUnavailable | None:
    """Return what an unavailable person had to do in an incident; None if that is nothing."""
    is_open = incident.is_open
    lost = PersonUnavailable(
        at=at,
        person=person,
        is_bot=is_bot,
        led=is_open and incident.commander == person,
        offered=is_open and incident.command_offered_to == person,
        roles=tuple(role for role, its in incident.roles.items() if is_open and its == person),
        follow_ups=tuple(follow_ups),
        postmortem=postmortem,
    )
    return lost if lost.is_felt else None


def _must_be_open(incident: Incident) -> None:
    if not incident.is_open:
        raise Refusal(
            f"{incident.id} is {incident.state}; nobody needs to command it. `incident reopen` if it is back."
        )
