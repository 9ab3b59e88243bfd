"""How many requests one token may make, so that a program in a loop is told to wait, and others are not."""

import math
import time
from collections import Counter
from collections.abc import Callable

WINDOW = 60.0
MOST = 600
"""Requests of one token in a minute, in one process."""


class TokenPace:
    """Counts in the event loop, so it needs no lock."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._window, self._counts = 0, Counter[str]()

    def wait(self, mark: str) -> int:
        """Count a request, and return how many seconds its caller has to wait; 0 if it may go on."""
        now = self._clock()
        window = int(now // WINDOW)
        if window != self._window:
            self._window, self._counts = window, Counter()
        self._counts[mark] += 1
        return 0 if self._counts[mark] <= self.most else math.ceil((window + 1) * WINDOW - now)
