"""Read the pager's log of whom it rang: a bounded part of it at a time, from where the last look ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.oncall.ring import RingNews
from bot.ports import Clock, Pager, Rejected, Session, Sessions, Throttled, Unreachable
from bot.services.oncall.rings import Rings, by_incident
from bot.services.transaction import Transaction

FIRST, SHORTEST = timedelta(hours=6), timedelta(minutes=1)
"""The part of the log that is read at once. It is halved if it has too many entries, and doubled if it has few."""
FEW = 100
"""Entries. The pager sends so many in one answer."""
READ_AT_ONCE = 30
"""How many requests for parts one run sends. The next run goes on."""
log = structlog.get_logger()


@dataclass(frozen=True)
class RingReader:
    sessions: Sessions
    clock: Clock
    transaction: Callable[[Session], Transaction]
    pager: Pager

    def run(self) -> None:
        """Read on until now, or as far as one run may."""
        with self.sessions.read() as session:
            since = Rings(self.transaction(session)).read_on_from()
        part = FIRST
        for _ in range(READ_AT_ONCE):
            until = min(since + part, self.clock.now())
            try:
                news = self.pager.rings(since=since, until=until)
            except Rejected as rejected:
                if rejected.code != "too_many" or part <= SHORTEST:
                    return self._not_read(rejected)
                part = max(min(part, until - since) / 2, SHORTEST)
                continue
            except (Unreachable, Throttled) as trouble:
                return self._not_read(trouble)
            self._keep(news, since=since, until=until)
            if until >= self.clock.now() - SHORTEST:
                return None
            since = until
            part = 2 * part if len(news) < FEW else part
        return None

    def _keep(self, news: Sequence[RingNews], *, since: datetime, until: datetime) -> None:
        """Store a part of the log: each incident by itself, and at last that it is read."""
        for of_one in by_incident(news).values():
            with self.sessions.begin_background() as session:
                Rings(self.transaction(session)).hear(of_one)
        with self.sessions.begin() as session:
            Rings(self.transaction(session)).read(since=since, until=until)

    def _not_read(self, trouble: Rejected | Unreachable | Throttled) -> None:
        with self.sessions.begin() as session:
            is_news = Rings(self.transaction(session)).not_read(str(trouble))
        if is_news:
            log.warning("the pager's log of rings can't be read", why=trouble.logged)
