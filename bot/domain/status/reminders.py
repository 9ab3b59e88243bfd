"""The reminder that customers wait for the next public update. Source of its intervals: GitLab's handbook."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy
from bot.domain.reminder import Reminder, declare, repeated
from bot.domain.status.component import Level
from bot.domain.status.publication import Stage, stage_of
from bot.domain.subject import ReminderName
from bot.domain.timer import LastSent, Timer, milliseconds

DAILY = timedelta(days=1)
"""How often it comes again once the incident is over."""


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


def _waiting_since(incident: Incident) -> datetime | None:
    """Return since when customers wait: since they last heard, or since the end, if that came later."""
    waiting = () if incident.merged else incident.unwell_components
    if not waiting:
        return None
    told_at = min(it.at for it in waiting)
    return told_at if incident.is_open else max(told_at, incident.resolved_at or told_at)


def _cycle(incident: Incident) -> str | None:
    since = _waiting_since(incident)
    return milliseconds(since) if since else None


def _public_update(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    """Remind each period; after the end once a period after it, and then each day."""
    since, every = _waiting_since(incident), public_update_every(incident, policy)
    if since and every:
        again = every if incident.is_open else DAILY
        yield repeated(incident, "public_update", milliseconds(since), since + every, again)


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
        lasts=True,
    )
)
