"""The life of a PagerDuty incident: triggered, acknowledged, escalated, resolved; and its log."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from bot.sandbox.pagerduty.account import PagerDutyAccount, PagerDutyPolicy, PagerDutyService

Status = Literal["triggered", "acknowledged", "resolved"]


class AlreadyResolvedError(Exception):
    """Resolving an incident twice."""


@dataclass(frozen=True, kw_only=True)
class IncidentLogEntry:
    """One log entry. `kind` is as in `acknowledge_log_entry`; `agent` is a user's or service's id."""

    id: str
    kind: str
    at: datetime
    agent: str
    users: tuple[str, ...] = ()
    note: str = ""


@dataclass(kw_only=True)
class PagerDutyIncident:
    """One incident, changed only under the account's lock. `assigned` and `acknowledged` are times by user."""

    id: str
    number: int
    key: str
    title: str
    service: PagerDutyService
    policy: PagerDutyPolicy
    urgency: str
    details: object
    created_at: datetime
    updated_at: datetime
    changed_at: datetime
    changed_by: str
    status: Status = "triggered"
    level: int = 1
    assigned_via: str = "escalation_policy"
    resolved_at: datetime | None = None
    merged_into: PagerDutyIncident | None = None
    assigned: dict[str, datetime] = field(default_factory=dict)
    acknowledged: dict[str, datetime] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    log: list[IncidentLogEntry] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status != "resolved"

    def rings_for(self, user_id: str) -> bool:
        return self.status == "triggered" and user_id in self.assigned and user_id not in self.ignored

    def must_escalate(self, now: datetime) -> bool:
        """Whether nobody answered on this level in time, and there is a next level."""
        since = min(self.assigned.values(), default=now)
        climbs = self.assigned_via == "escalation_policy" and self.level < len(self.policy.levels)
        return self.status == "triggered" and climbs and now - since >= self.policy.delay

    def is_forgotten(self, now: datetime) -> bool:
        """Whether the acknowledgement has timed out, so that PagerDuty rings again."""
        return self.status == "acknowledged" and now - self.changed_at >= self.service.acknowledgement_timeout


class Audience(Protocol):
    """Receives the changes of incidents. `by` and `user_id` are ids."""

    def rings(self, incident: PagerDutyIncident, user_id: str) -> None: ...
    def changed(self, incident: PagerDutyIncident, event: str, *, by: str) -> None: ...


class PagerDutyIncidents:
    """All incidents of an account. The caller holds the lock."""

    def __init__(self, account: PagerDutyAccount, audience: Audience, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._audience = audience
        self._clock = clock
        self._ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self._all: dict[str, PagerDutyIncident] = {}

    def __iter__(self) -> Iterator[PagerDutyIncident]:
        return iter(list(self._all.values()))

    def find(self, which: str) -> PagerDutyIncident | None:
        """Find an incident by id, number or key, the newest first."""
        newest = reversed(list(self._all.values()))
        return next((i for i in newest if which in (i.id, str(i.number), i.key)), None)

    def open(
        self,
        title: str,
        service: PagerDutyService,
        *,
        by: str,
        key: str = "",
        urgency: str = "high",
        policy: PagerDutyPolicy | None = None,
        assignees: Sequence[str] = (),
        details: object = None,
    ) -> PagerDutyIncident:
        """Open an incident. It rings on level 1 of its policy, or for the assignees."""
        now, number = self._clock(), next(self._numbers)
        incident = PagerDutyIncident(
            id=f"Q{number:013d}",
            number=number,
            key=key or f"{number:032x}",
            title=title,
            service=service,
            policy=policy or self._account.policies[service.policy],
            urgency=urgency,
            details=details,
            created_at=now,
            updated_at=now,
            changed_at=now,
            changed_by=by,
            assigned_via="direct_assignment" if assignees else "escalation_policy",
        )
        self._all[incident.id] = incident
        self._write(incident, "trigger", by=by)
        self._assign(incident, assignees or self._first_level(incident), by=by)
        self._audience.changed(incident, "triggered", by=by)
        return incident

    def change_status(self, incident: PagerDutyIncident, status: Status, *, by: str) -> None:
        """Change the status. Acknowledging or triggering a resolved incident reopens it, as in PagerDuty."""
        if status == "resolved":
            self._resolve(incident, by=by)
        elif not incident.is_open:
            self._reopen(incident, status, by=by)
        elif status == "acknowledged":
            self._acknowledge(incident, by=by)
        else:
            self._unacknowledge(incident, by=by)

    def escalate(self, incident: PagerDutyIncident, *, level: int, by: str) -> None:
        """Escalate to a level, at most to the last."""
        incident.level = min(level, len(incident.policy.levels))
        incident.assigned_via = "escalation_policy"
        self._move(incident, "triggered", by=by)
        self._write(incident, "escalate", by=by, users=self._on_level(incident))
        self._ring(incident, self._on_level(incident))
        self._audience.changed(incident, "escalated", by=by)

    def assign(self, incident: PagerDutyIncident, users: Sequence[str], *, by: str) -> None:
        incident.assigned_via = "direct_assignment"
        self._move(incident, "triggered", by=by)
        self._assign(incident, users, by=by)
        self._audience.changed(incident, "reassigned", by=by)

    def merge(self, incident: PagerDutyIncident, into: PagerDutyIncident, *, by: str) -> None:
        """Resolve an incident because another one continues it."""
        incident.merged_into = into
        self._resolve(incident, by=by)

    def annotate(self, incident: PagerDutyIncident, text: str, *, by: str) -> IncidentLogEntry:
        return self._write(incident, "annotate", by=by, note=text)

    def apply_timeouts(self) -> None:
        """Escalate what nobody answered, and ring again after acknowledgements that timed out."""
        for incident in self._all.values():
            if incident.must_escalate(self._clock()):
                self.escalate(incident, level=incident.level + 1, by=incident.service.id)
            elif incident.is_forgotten(self._clock()):
                self._unacknowledge(incident, by=incident.service.id)

    def _acknowledge(self, incident: PagerDutyIncident, *, by: str) -> None:
        if by in incident.acknowledged:
            return
        self._move(incident, "acknowledged", by=by)
        incident.acknowledged[by] = incident.changed_at
        incident.assigned = {by: incident.changed_at}
        self._write(incident, "acknowledge", by=by)
        self._audience.changed(incident, "acknowledged", by=by)

    def _unacknowledge(self, incident: PagerDutyIncident, *, by: str) -> None:
        if incident.status == "triggered":
            return
        self._move(incident, "triggered", by=by)
        self._write(incident, "unacknowledge", by=by)
        self._ring(incident, list(incident.assigned))
        self._audience.changed(incident, "unacknowledged", by=by)

    def _resolve(self, incident: PagerDutyIncident, *, by: str) -> None:
        if not incident.is_open:
            raise AlreadyResolvedError(f"[#{incident.number}] is already resolved")
        self._move(incident, "resolved", by=by)
        incident.resolved_at, incident.assigned = incident.changed_at, {}
        self._write(incident, "resolve", by=by)
        self._audience.changed(incident, "resolved", by=by)

    def _reopen(self, incident: PagerDutyIncident, status: Status, *, by: str) -> None:
        self._move(incident, "triggered", by=by)
        incident.resolved_at, incident.merged_into, incident.level = None, None, 1
        self._assign(incident, self._on_level(incident), by=by)
        self._audience.changed(incident, "reopened", by=by)
        if status == "acknowledged":
            self._acknowledge(incident, by=by)

    def _move(self, incident: PagerDutyIncident, status: Status, *, by: str) -> None:
        incident.status = status
        incident.changed_at = incident.updated_at = self._clock()
        incident.changed_by = by
        if status == "triggered":
            incident.acknowledged = {}

    def _on_level(self, incident: PagerDutyIncident) -> list[str]:
        return self._account.users_at(incident.policy, incident.level, self._clock())

    def _first_level(self, incident: PagerDutyIncident) -> list[str]:
        """Return the users on the first level that has any, or nobody."""
        for level in range(1, len(incident.policy.levels) + 1):
            incident.level = level
            if users := self._on_level(incident):
                return users
        incident.level = 1
        return []

    def _assign(self, incident: PagerDutyIncident, users: Sequence[str], *, by: str) -> None:
        if users:
            self._write(incident, "assign", by=by, users=users)
        self._ring(incident, users)

    def _ring(self, incident: PagerDutyIncident, users: Sequence[str]) -> None:
        incident.assigned = dict.fromkeys(users, self._clock())
        incident.ignored.clear()
        for user in users:
            self._write(incident, "notify", by=incident.service.id, users=[user])
            self._audience.rings(incident, user)

    def _write(
        self, incident: PagerDutyIncident, kind: str, *, by: str, users: Iterable[str] = (), note: str = ""
    ) -> IncidentLogEntry:
        at, number = self._clock(), next(self._ids)
        entry = IncidentLogEntry(
            id=f"R{number:013d}", kind=kind, at=at, agent=by, users=tuple(users), note=note
        )
        incident.log.append(entry)
        incident.updated_at = at
        return entry
