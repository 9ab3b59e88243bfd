"""Send due reminders: each tick is one transaction, and a fault in one subject holds up no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.domain.policy import Policy
from bot.domain.subject import Subject
from bot.ports import Clock, Session, Sessions
from bot.services.reminder_sources import REMINDER_SOURCES, Source
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction

TICK_EVERY = timedelta(seconds=30)
"""How often timers are checked unasked. `workers.pulse` notices within half a second that one is due."""
BATCH = 100
"""Most subjects that one transaction sends reminders for."""
PUT_OFF = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Ticks:
    """Safe in any number of processes at once: see `Reminders`."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    wake: Callable[[], None]
    batch: int = BATCH
    sources: Mapping[str, Source] = field(default_factory=lambda: REMINDER_SOURCES)

    def run(self) -> None:
        """Send until nothing is due."""
        while self._tick(self.batch):
            self.wake()

    def _tick(self, limit: int) -> int:
        try:
            with self.sessions.begin_background() as session:
                return Reminders(self._transaction(session), self.sources).tick(limit)
        except Exception:
            log.exception("a tick failed; what is due is spoken of one by one")
            return self._one_by_one()

    def _one_by_one(self) -> int:
        """Send for each subject by itself, and postpone those that fail. Return how many succeeded."""
        with self.sessions.begin() as session:
            subjects = session.timers.due_subjects(self.clock.now(), self.batch)
        return sum(self._visit(subject) for subject in subjects)

    def _visit(self, subject: Subject) -> bool:
        try:
            with self.sessions.begin() as session:
                Reminders(self._transaction(session), self.sources).visit(subject)
        except Exception:
            log.exception("a reminder can't be sent; again in a minute", subject=str(subject))
            with self.sessions.begin() as session:
                session.timers.put_off(subject, due=self.clock.now() + PUT_OFF)
            return False
        return True

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self.clock.now(), policy=self.policy(), source="spy")
