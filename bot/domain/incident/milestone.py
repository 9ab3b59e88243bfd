"""Milestones: reminders that an organisation configures. One declared reminder sends them all."""

from collections.abc import Callable, Iterator, Mapping

from bot.domain.incident.incident import Incident
from bot.domain.incident.role import plain
from bot.domain.incident.state import Phase
from bot.domain.placeholders import filled
from bot.domain.policy import Milestone, Policy
from bot.domain.reminder import occurrence, once
from bot.domain.subject import Address, IncidentChannel, MilestoneName, ReminderName
from bot.domain.timer import LastSent, Timer, milliseconds

MILESTONE = "milestone"


def _is_published(incident: Incident) -> bool:
    """Whether customers read of it; once it is over, that everything works again."""
    return bool(incident.components) and (incident.is_open or not incident.unwell_components)


CONDITIONS: Mapping[str, Callable[[Incident], bool]] = {
    "updated": lambda incident: incident.updated_at is not None,
    "impact": lambda incident: incident.impact is not None,
    "cause": lambda incident: incident.cause is not None or bool(incident.suspects),
    "severity": lambda incident: incident.severity is not None,
    "mitigated": lambda incident: incident.is_safe,
    "told": lambda incident: bool(incident.told),
    "published": _is_published,
}
"""The conditions for `unless:` of a milestone. `told :team` and `role <name>` are allowed too."""

FIELDS: Mapping[str, Callable[[Incident], str]] = {
    "id": lambda incident: incident.id,
    "name": lambda incident: incident.name.replace('"', "'"),
    "severity": lambda incident: incident.severity or "severity not set",
}
"""What `{{ … }}` can name in a milestone's words."""


def milestones_due(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    for milestone in policy.milestones:
        if concerns(milestone, incident):
            yield _running(incident, milestone) if incident.is_open else _at_stop(incident, milestone)


def _running(incident: Incident, milestone: Milestone) -> Timer | None:
    since = incident.opened_at
    name, cycle = MilestoneName(milestone.name), milliseconds(since) if incident.reopened_at else "open"
    sent = incident.reminded.get(name)
    sent = sent if sent and sent.mark == cycle else None
    at = incident.severity_at if milestone.severities else None
    for after in sorted(milestone.when):
        counted = since + after
        if sent is None or counted > sent.at:
            return occurrence(incident, name, cycle, sent, max(counted, at or counted))
    return None


def _at_stop(incident: Incident, milestone: Milestone) -> Timer | None:
    at = incident.resolved_at
    if not milestone.at_stop or incident.phase is not Phase.RESOLVED or at is None:
        return None
    return once(incident, MilestoneName(milestone.name, at_stop=True), milliseconds(at), at)


def is_milestone_done(incident: Incident, policy: Policy, name: ReminderName, _said: LastSent) -> bool:
    milestone = milestone_of(name, policy)
    return bool(milestone and milestone.unless and holds(milestone.unless, incident))


def concerns(milestone: Milestone, incident: Incident) -> bool:
    """Whether a milestone applies to this incident and is not done already. None applies to a recorded one."""
    if incident.recorded and not incident.reopened_at:
        return False
    if milestone.severities and incident.severity not in milestone.severities:
        return False
    return not (milestone.unless and holds(milestone.unless, incident))


def holds(condition: str, incident: Incident) -> bool:
    """Whether a condition of `unless:` is true: a name of `CONDITIONS`, `told :team` or `role <name>`."""
    word, _, rest = condition.partition(" ")
    if word == "told" and rest:
        return rest.strip(" :") in incident.told
    if word == "role":
        return plain(rest) in incident.roles
    return CONDITIONS[word](incident)


def milestone_of(name: ReminderName, policy: Policy) -> Milestone | None:
    """Return the milestone with this reminder name; None if it is no longer configured."""
    if not isinstance(name, MilestoneName):
        return None
    return next((it for it in policy.milestones if it.name == name.milestone), None)


def milestone_address(incident: Incident, milestone: Milestone, policy: Policy) -> Address:
    """Return the address of a milestone.

    An empty role means the owner; a team gets nothing about a private incident.
    """
    if milestone.to == "channel":
        return IncidentChannel(incident.number)
    team = policy.teams.get(milestone.to.removeprefix(":")) if milestone.to.startswith(":") else None
    if team and not incident.private:
        return team.channel
    return incident.reader(incident.roles.get(milestone.to) or incident.owner)


def in_words(words: str, incident: Incident) -> str:
    """Fill in a milestone's words."""
    return filled(words, {name: value(incident) for name, value in FIELDS.items()})
