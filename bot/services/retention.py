"""Prune what is older than `retention:` in config.yaml, a little at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.audit import DONE, SPY
from bot.domain.retention import Ended
from bot.services.audit import AuditLog
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction

INCIDENTS, FAILOVERS, AUDIT, MESSAGES = "closed incidents", "failovers", "audit rows", "messages"
ON_CALL = "shifts and pages"
"""What is counted, by the words of `spy check`."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one transaction looked at: how many rows it deleted, and where the next one goes on."""

    deleted: int = 0
    after: Ended | None = None
    """The last incident that was looked at; None after the last one."""


class Retentions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._spans = tx.policy.retention

    def left_by_an_older_spy(self, *, limit: int) -> int:
        """Complete rows that a process of an older version stored."""
        return self._session.pruning.fill_in(limit=limit)

    def incidents(self, *, private: bool, after: Ended | None, limit: int) -> Batch:
        """Delete incidents that ended long ago. One that is locked, or where something is left to do, stays."""
        before = self._since(self._spans.of_private if private else self._spans.closed_incidents)
        if before is None:
            return Batch()
        last = self._session.pruning.ended(before=before, private=private, after=after, limit=limit)
        if not last:
            return Batch()
        found = [it.number for it in last]
        free = set(self._session.incidents.try_lock(found)) - set(self._session.pruning.busy(found))
        gone = [number for number in sorted(free) if not self._is_owed(number)]
        if gone:
            self._session.pruning.remove(gone)
            self._count(INCIDENTS, len(gone))
            names = ", ".join(f"INC-{number}" for number in gone)
            AuditLog(self._tx).add("prune closed incidents", DONE, source=SPY, result=names)
        return Batch(deleted=len(gone), after=last[-1])

    def _is_owed(self, number: int) -> bool:
        """Whether the incident still needs a postmortem."""
        incident, postmortems = self._tx.incident(number), Postmortems(self._tx)
        return postmortems.of(incident).closed_at is None and postmortems.due(incident) is not None

    def failovers(self, *, limit: int) -> int:
        """Delete runs without an incident that ended long ago."""
        before = self._since(self._spans.closed_incidents)
        count = self._session.pruning.remove_failovers(before=before, limit=limit) if before else 0
        return self._count(FAILOVERS, count)

    def audit(self, *, limit: int) -> int:
        """Delete the beginning of the audit log."""
        before = self._since(self._spans.audit)
        count = AuditLog(self._tx).prune(before=before, limit=limit) if before else 0
        return self._count(AUDIT, count)

    def messages(self, *, limit: int) -> int:
        """Delete what only serves delivery and reminders."""
        before = self._tx.now - self._spans.messages
        return self._count(MESSAGES, self._session.pruning.remove_messages(before=before, limit=limit))

    def on_call(self, *, limit: int) -> int:
        """Delete shifts, rings and work periods that the ledger no longer shows."""
        before = self._tx.now - self._spans.on_call
        count = self._session.pruning.remove_on_call(before=before, limit=limit)
        return self._count(ON_CALL, count + self._session.rings.forget(before=before, limit=limit))

    def _since(self, span: timedelta | None) -> datetime | None:
        return self._tx.now - span if span else None

    def _count(self, kind: str, count: int) -> int:
        if count:
            self._session.pruning.add(kind, count, at=self._tx.now)
        return count
