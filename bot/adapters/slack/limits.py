"""Slack's rate limits. Calls are free until Slack refuses one; then they wait in a queue, one at a time."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from bot.ports import Throttled

TIER_2, TIER_3, TIER_4 = 3.0, 1.2, 0.6  # seconds between calls: 20, 50 and 100 a minute
PACES = {
    "chat.postMessage": 1.0,  # a channel
    "conversations.archive": TIER_2,
    "conversations.create": TIER_2,
    "conversations.setTopic": TIER_2,
    "bookmarks.add": TIER_2,
    "bookmarks.list": TIER_3,
    "chat.postEphemeral": TIER_4,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
}
PER_CHANNEL = frozenset({"chat.postMessage"})
QUIET = 60.0  # seconds without a refusal, after which calls are free again
PATIENCE = 10.0  # seconds for which an unused turn is kept
SHORTEST = 1.0  # seconds; Slack counts in whole ones
WITHOUT_WORD = 10.0  # seconds to wait when a refusal does not say how long


class SlackLimits:
    """One bucket for each method, and for each channel if Slack counts by channel. Safe to use from many threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def enter(self, method: str, *, channel: str = "", who: str = "") -> None:
        """Return if the call may go now, else raise Throttled with the time until the caller's turn.

        Use the same `who` when trying again: it identifies the turn.
        """
        with self._lock:
            bucket = self._buckets.get(_key(method, channel))
            wait = bucket.enter(who, self._now()) if bucket else 0.0
        if wait > 0:
            raise _throttled(method, wait)

    def refused(
        self, method: str, *, channel: str = "", who: str = "", retry_after: float | None
    ) -> Throttled:
        """Record a 429 from Slack, and return the error to raise. `retry_after` is in seconds; None if not given."""
        key = _key(method, channel)
        with self._lock:
            bucket = self._buckets.setdefault(key, Bucket(PACES.get(method, TIER_3)))
            wait = bucket.refused(who, self._now(), WITHOUT_WORD if retry_after is None else retry_after)
        return _throttled(method, wait)


class Bucket:
    """The queue of one method. A refused caller gets a turn; new callers come after it. Times are in seconds."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._closed_until = 0.0
        self._tail = 0.0
        self._pressed = float("-inf")
        self._turns: dict[str, float] = {}

    def enter(self, who: str, now: float) -> float:
        """Return the seconds to wait; 0 means that the call may go now."""
        turn = self._turns.get(who)
        if turn is not None and now >= turn:
            del self._turns[who]
            return 0.0
        self._turns = {name: at for name, at in self._turns.items() if at + PATIENCE > now}
        if not self._turns and now >= self._pressed + QUIET and now >= self._closed_until:
            return 0.0
        return self._wait(who, now)

    def refused(self, who: str, now: float, retry_after: float) -> float:
        """Close the bucket for `retry_after`, and return the caller's wait.

        If the bucket was open, earlier turns are cancelled. Callers refused while it is closed queue up.
        """
        if now >= self._closed_until:
            self._turns.clear()
            self._tail = 0.0
        self._pressed = now
        self._closed_until = max(self._closed_until, now + max(retry_after, SHORTEST))
        return self._wait(who, now)

    def _wait(self, who: str, now: float) -> float:
        turn = self._turns.get(who) or max(self._tail + self._pace, self._closed_until, now)
        turn = max(turn, self._closed_until)
        self._tail = max(self._tail, turn)
        if turn <= now:
            return 0.0
        self._pressed = max(self._pressed, now)
        self._turns[who] = turn
        return turn - now


def _key(method: str, channel: str) -> tuple[str, str]:
    return method, channel if method in PER_CHANNEL else ""


def _throttled(method: str, wait: float) -> Throttled:
    return Throttled(f"Slack's limit for {method}", retry_after=timedelta(seconds=wait))
