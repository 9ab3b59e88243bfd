"""Keep the Home tabs of those who have looked lately up to date."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from bot.domain.home.home import Home
from bot.domain.policy import Policy
from bot.ports import Clock, Session, Sessions, Templates, Unavailable
from bot.services.home.homes import Homes
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.workers.deliver.homes import HomeDrawing

log = structlog.get_logger()

LOOK_EVERY = timedelta(minutes=5)
"""How often Homes are looked at unasked. `workers.pulse` notices within half a second that one is due."""


@dataclass(frozen=True, kw_only=True)
class HomeLook:
    """Safe in any number of processes: one of them looks at a time, and a Home waits at most once in the outbox."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    templates: Templates
    wake: Callable[[], None]

    def run(self) -> None:
        """Compare the Homes that are due with what is true, and publish those that differ."""
        due = retry_on_conflict(self._due)
        stale = [*self._stale(due)] if due else []
        if stale:
            retry_on_conflict(partial(self._publish, stale))
            self.wake()

    def _due(self) -> Sequence[Home]:
        with self.sessions.begin_background() as session:
            return Homes(self._transaction(session)).due()

    def _stale(self, homes: Sequence[Home]) -> Iterator[str]:
        """Yield whose Home shows what is no longer true."""
        drawing = HomeDrawing(self.templates)
        with self.sessions.read() as session:
            tx = self._transaction(session)
            for home in homes:
                self.sessions.give_way()
                try:
                    is_stale = drawing.of(home, tx).shown != home.shown
                except Unavailable:
                    raise
                except Exception:
                    log.exception("a Home can't be drawn; again in a minute", person=home.person)
                    continue
                if is_stale:
                    yield home.person

    def _publish(self, people: Sequence[str]) -> None:
        with self.sessions.begin_background() as session:
            Homes(self._transaction(session)).publish(people)

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self.clock.now(), policy=self.policy())
