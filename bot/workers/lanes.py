"""Watch for blocked lanes, whose first effect was due, or being sent, for longer than its lease."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.policy import Policy
from bot.ports import Clock, Sessions, Standstill, StuckLanes
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered

LOOK_EVERY = timedelta(seconds=5)
TOLD = 20
"""Most lanes that are reported one by one. If more stand still, Spy is behind with all: a report each would only add
to what waits."""


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
        """Report each lane that was blocked at the last look and still is, once. If there are many, report that."""
        waiting = self._stuck()
        is_behind = min(len(waiting), len(self._seen)) > TOLD
        stuck = waiting if is_behind else [it for it in waiting if it.id in self._seen]
        self._seen.clear()
        self._seen.update(it.id for it in waiting)
        if stuck and not self.is_chat_down():
            self._tell(stuck, is_behind=is_behind)

    def _tell(self, stuck: Sequence[Standstill], *, is_behind: bool) -> None:
        with self.sessions.begin_background() as session:
            undelivered = Undelivered(
                Transaction(session=session, now=self.clock.now(), policy=self.policy())
            )
            if is_behind:
                undelivered.is_behind(since=min(it.since for it in stuck))
            else:
                for still in stuck:
                    undelivered.stands_still(still)
        self.wake()

    def trouble(self) -> str:
        """Return how many lanes are blocked, of which kinds and for how long; "" if none is."""
        waiting = self._counted()
        if not waiting:
            return ""
        longest = self.clock.now() - min(it.since for it in waiting.values())
        count, kinds = sum(it.count for it in waiting.values()), ", ".join(sorted(waiting))
        return f"{count} lanes stand still, for up to {longest.total_seconds():.0f} s: {kinds}"

    def by_kind(self) -> Mapping[str, int]:
        return {kind: it.count for kind, it in self._counted().items()}

    def _counted(self) -> Mapping[str, StuckLanes]:
        with self.sessions.read() as session:
            return session.outbox.count_stuck(now=self.clock.now(), lease=self.lease)

    def _stuck(self) -> Sequence[Standstill]:
        with self.sessions.read() as session:
            return session.outbox.stuck(now=self.clock.now(), lease=self.lease, limit=2 * TOLD)
