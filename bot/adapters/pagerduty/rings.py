"""Read from PagerDuty whom its incidents rang and who answered: from webhooks, and from its log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.adapters.pagerduty.reading import IncidentBody, LogEntry, User, each, read
from bot.domain.oncall.ring import RingKind, RingNews

MOST_ENTRIES = 5_000
"""Entries of the log that are read at once. PagerDuty shows 10,000 of a list at most."""
RESOLVED = "incident.resolved"
ACKNOWLEDGED = "incident.acknowledged"
RINGING = frozenset(
    f"incident.{it}"
    for it in ("triggered", "unacknowledged", "reopened", "escalated", "reassigned", "delegated")
)
"""The events after which phones ring. Others, such as a new title, name the same people and ring nobody."""
_LOGGED: Mapping[str, RingKind] = {
    "assign_log_entry": RingKind.ASSIGNED,
    "escalate_log_entry": RingKind.ASSIGNED,
    "delegate_log_entry": RingKind.ASSIGNED,
    "acknowledge_log_entry": RingKind.ACKNOWLEDGED,
    "acknowledgement_log_entry": RingKind.ACKNOWLEDGED,  # as one place of PagerDuty's description writes it
    "resolve_log_entry": RingKind.RESOLVED,
}


def ring_news(event_type: str, incident: IncidentBody, *, by: str | None, at: datetime) -> RingNews | None:
    """Return whom an event rang or who answered; None if neither. `by` is the user who caused it."""
    service = incident.service.id if incident.service else None
    if event_type == RESOLVED:
        return RingNews(incident=incident.id, kind=RingKind.RESOLVED, at=at, service=service)
    is_answer = event_type == ACKNOWLEDGED
    kind = RingKind.ACKNOWLEDGED if is_answer else RingKind.ASSIGNED
    users = tuple(filter(None, [by])) if is_answer else incident.users if event_type in RINGING else ()
    return RingNews(incident=incident.id, kind=kind, at=at, users=users, service=service) if users else None


def logged(entry: Any) -> RingNews | None:
    """Return what an entry of the log says; None if it rang nobody, or can't be read."""
    kind = _LOGGED.get(str(entry.get("type"))) if isinstance(entry, Mapping) else None
    found = read(LogEntry, entry) if kind else None
    if kind is None or found is None:
        return None
    users = [found.agent] if kind is RingKind.ACKNOWLEDGED and found.agent else each(User, found.assignees)
    people = tuple(user.id for user in users if user.is_person)
    if not people and kind is not RingKind.RESOLVED:
        return None
    return RingNews(
        incident=found.incident.id,
        kind=kind,
        at=found.created_at,
        users=people,
        service=found.service.id if found.service else None,
    )
