"""The message of something said unasked: where it goes, and when it must be told anew."""

import re
from collections.abc import Iterator

from bot.domain.effects import UpsertMessage, incident_channel
from bot.domain.incident import Incident
from bot.domain.policy import Milestone, Policy
from bot.domain.reminder import MILESTONE, STILL_OPEN, UPDATE_DUE, Standing, is_incidents, standing
from bot.domain.timer import Said


def card(number: int) -> str:
    """Address an incident's card: what may not be posted is told there."""
    return f"card:{number}"


def reminder_message(number: int, reminder: str, said: Said, *, origin: str) -> UpsertMessage:
    """Show the message of one occurrence; `origin` tells this wish from others for the same message."""
    mark = f":{reminder}/{said.occurrence}"
    return UpsertMessage(
        key=f"reminder:{number}{mark}:{origin}", message_type="reminder", ref=number, to=said.to, mark=mark
    )


def told_anew(before: Incident, after: Incident, policy: Policy) -> Iterator[UpsertMessage]:
    """Give the reminders that stand otherwise now: done, snoozed, said again or moot."""
    for reminder, said in before.reminded.items():
        if is_incidents(reminder) and not said.to.startswith("card:"):
            was, now = standing(before, policy, reminder, said), standing(after, policy, reminder, said)
            asks_nothing = reminder.startswith(MILESTONE) and now is not Standing.DONE
            if was is not now and not asks_nothing:
                yield reminder_message(after.number, reminder, said, origin=str(after.entries))


def whom(incident: Incident, reminder: str, milestone: Milestone | None, policy: Policy) -> str:
    """Give the address that a duty speaks to, if nothing hushes it."""
    if milestone:
        return _milestones(incident, milestone, policy)
    return incident.owner if reminder in {UPDATE_DUE, STILL_OPEN} else incident_channel(incident.number)


def _milestones(incident: Incident, milestone: Milestone, policy: Policy) -> str:
    """A role that nobody has is the commander's business; a team hears of no private incident."""
    if milestone.to == "channel":
        return incident_channel(incident.number)
    team = policy.teams.get(milestone.to.removeprefix(":")) if milestone.to.startswith(":") else None
    if team and not incident.private:
        return team.channel
    return incident.roles.get(milestone.to) or incident.owner


def filled(words: str, incident: Incident) -> str:
    """Put the incident's own words in the places {id}, {name} and {severity} of a milestone's."""
    known = {
        "{id}": incident.id,
        "{name}": incident.name.replace('"', "'"),
        "{severity}": incident.severity or "severity not set",
    }
    return re.sub(r"\{(?:id|name|severity)\}", lambda found: known[found[0]], words)
