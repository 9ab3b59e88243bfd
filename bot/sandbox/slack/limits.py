"""Slack's published rate limits: calls per minute by tier, and one post per second and channel."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable

A_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
BURST = 3.0  # posts to a channel at once
WINDOW = 60.0


class RateLimits:
    """Returns the seconds to wait before each call, 0 for none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def wait(self, method: str, tier: int | None, channel: str | None) -> int:
        """Return the seconds to wait. Set `channel` for a post only. A refused call does not count."""
        if channel is not None:
            return self._wait_to_post(channel)
        return self._wait_in_tier(method, tier) if tier else 0

    def _wait_in_tier(self, method: str, tier: int) -> int:
        now, calls = self.clock(), self._calls[method]
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        if len(calls) >= A_MINUTE[tier]:
            return math.ceil(calls[0] + WINDOW - now) or 1
        calls.append(now)
        return 0

    def _wait_to_post(self, channel: str) -> int:
        now = self.clock()
        left, since = self._posts.get(channel, (BURST, now))
        left = min(BURST, left + now - since)
        if left < 1:
            self._posts[channel] = (left, now)
            return math.ceil(1 - left)
        self._posts[channel] = (left - 1, now)
        return 0
