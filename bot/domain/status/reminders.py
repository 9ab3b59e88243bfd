"""The reminder that customers wait for the next public update. Source of its intervals: GitLab's handbook."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy
from bot.domain.reminder import Reminder, declare, repeated
from bot.domain.status.component import Level
from bot.domain.status.publication import Stage, stage_of
from bot.domain.subject import ReminderName
from bot.domain.timer import LastSent, Timer, milliseconds


def public_update_every(incident: Incident, policy: Policy) -> timedelta | None:
    """Return how often customers hear of an incident at its stage and severity; None: as people like.

    Without a severity it is the longest of the stage.
    """
    timers = policy.timers
    by_severity: Mapping[str, timedelta] = {
        Stage.INVESTIGATING: timers.public_update_investigating,
        Stage.IDENTIFIED: timers.public_update_identified,
        Stage.MONITORING: timers.public_update_monitoring,
    }[stage_of(Level.MAJOR_OUTAGE, incident)]
    if incident.severity is None:
        return max(by_severity.values(), default=None)
    return by_severity.get(incident.severity)


def _cycle(incident: Incident) -> str | None:
    waiting = incident.unwell_components
    return milliseconds(min(it.at for it in waiting)) if waiting else None


def _public_update(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    cycle, every = _cycle(incident), public_update_every(incident, policy)
    if cycle and every:
        told_at = min(it.at for it in incident.unwell_components)
        yield repeated(incident, "public_update", cycle, told_at + every, every)


def _is_told(incident: Incident, _policy: Policy, _name: ReminderName, sent: LastSent) -> bool:
    return all(it.at >= sent.at for it in incident.unwell_components)


PUBLIC_UPDATE = declare(
    Reminder(
        name="public_update",
        row="the public update is due",
        settings=("public_update_investigating", "public_update_identified", "public_update_monitoring"),
        rule=_public_update,
        is_done=_is_told,
        cycle=_cycle,
        to_owner=True,
    )
)
