"""The records of failovers and their audit logs."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.failover.run import Failover
from bot.domain.failover.state import Task


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """A line of a failover's audit log. `data` has the event's own facts, `source` is where the request came from."""

    failover: int
    seq: int
    kind: str
    at: datetime
    by: str | None
    source: str
    data: Mapping[str, Any]


class FailoverRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Failover | None: ...
    def put(self, failover: Failover) -> None: ...
    def active(self) -> Sequence[Failover]:
        """Return failovers that are proposed or running, earliest first."""

    def holder(self, lock: str) -> Failover | None:
        """Return the active failover that holds a lock."""

    def last_moved(self, lock: str) -> Failover | None:
        """Return the latest failover with this lock that moved anything."""

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        """Return a plan's finished failovers, newest first."""

    def latest(self, plan: str, task: Task, *, among: int) -> Iterator[Failover]:
        """Yield those of a plan's last runs (so many) that were for this task and began, newest first.

        Rehearsals count even if they did not begin.
        """

    def append(self, entry: AuditEntry) -> None: ...
    def audit_log(self, number: int) -> Sequence[AuditEntry]: ...
    def claim(self, owner: str, *, now: datetime, lease: timedelta, besides: Collection[int]) -> int | None:
        """Claim a failover to run that has no owner, or whose lease ran out. Skips `besides`, the caller's own."""

    def renew(self, number: int, owner: str, *, until: datetime) -> bool:
        """Extend the lease. False if another process owns it now."""

    def let_go(self, number: int, owner: str) -> None: ...
