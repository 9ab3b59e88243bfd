"""Counts how long something took, by classes: what a service level is measured by."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from threading import Lock


class Durations:
    """The durations so far, in seconds, counted by upper limits. Safe in many threads."""

    def __init__(self, *limits: float) -> None:
        self.limits = limits
        self._counts = [0] * (len(limits) + 1)
        self._sum = 0.0
        self._adding = Lock()

    def add(self, seconds: float) -> None:
        """Count one. A negative one counts as 0: a clock was set back."""
        with self._adding:
            self._counts[bisect_left(self.limits, max(seconds, 0))] += 1
            self._sum += max(seconds, 0)

    def read(self) -> tuple[Sequence[int], float]:
        """Return how many took at most each limit, then how many there are in all; and the sum of them."""
        with self._adding:
            return list(accumulate(self._counts)), self._sum
