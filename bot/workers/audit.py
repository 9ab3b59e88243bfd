"""Seal the audit log: put new lines into its chain, in small batches, away from all requests."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.domain.policy import Policy
from bot.ports import Clock, Session, Sessions
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction

SEAL_EVERY = timedelta(seconds=5)
BATCH = 200
"""Most lines that one transaction seals: with SQLite, requests wait for it."""
SAID_EVERY = 3600.0
"""Seconds between two lines of the log that name the last row, so that a chain replaced as a whole is noticed."""

log = structlog.get_logger()


@dataclass(kw_only=True)
class AuditSealer:
    """Safe in any number of processes: a lock lets one of them seal at a time."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    _said: float = field(default=-SAID_EVERY, init=False)

    def run(self) -> None:
        """Seal until nothing is left. If there is nothing, that costs one look."""
        while self._waits():
            with self.sessions.begin_background() as session:
                AuditLog(self._transaction(session)).seal(limit=BATCH)
        self._say()

    def _waits(self) -> bool:
        with self.sessions.read() as session:
            return bool(session.audit.unsealed(limit=1))

    def _say(self) -> None:
        if time.monotonic() - self._said < SAID_EVERY:
            return
        with self.sessions.read() as session:
            head = session.audit.head()
        if head:
            self._said = time.monotonic()
            log.info("the audit log is sealed up to here", row=head.seq, hash=head.hash)

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self.clock.now(), policy=self.policy())
