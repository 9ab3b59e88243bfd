"""Watch for blocked lanes, whose first effect was due, or being sent, for longer than its lease."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.policy import Policy
from bot.ports import Clock, Sessions, Standstill
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered

LOOK_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Lanes:
    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    lease: timedelta
    wake: Callable[[], None]
    is_chat_down: Callable[[], bool] = lambda: False
    """Whether nobody could read a report now."""
    _seen: set[int] = field(default_factory=set)

    def look(self) -> None:
        """Report each lane that was blocked at the last look and still is, once."""
        waiting = self._stuck()
        stuck = [it for it in waiting if it.id in self._seen]
        self._seen.clear()
        self._seen.update(it.id for it in waiting)
        if stuck and not self.is_chat_down():
            self._tell(stuck)

    def _tell(self, stuck: Sequence[Standstill]) -> None:
        with self.sessions.begin_background() as session:
            tx = Transaction(session=session, now=self.clock.now(), policy=self.policy())
            for still in stuck:
                Undelivered(tx).stands_still(still)
        self.wake()

    def trouble(self) -> str:
        """Return how many lanes are blocked, of which kinds and for how long; "" if none is."""
        waiting = self._stuck()
        if not waiting:
            return ""
        longest = self.clock.now() - min(it.since for it in waiting)
        kinds = ", ".join(sorted({_kind(it) for it in waiting}))
        return f"{len(waiting)} lanes stand still, for up to {longest.total_seconds():.0f} s: {kinds}"

    def by_kind(self) -> Mapping[str, int]:
        return Counter(_kind(it) for it in self._stuck())

    def _stuck(self) -> Sequence[Standstill]:
        with self.sessions.read() as session:
            return session.outbox.stuck(now=self.clock.now(), lease=self.lease)


def _kind(still: Standstill) -> str:
    return type(still.effect).__name__
