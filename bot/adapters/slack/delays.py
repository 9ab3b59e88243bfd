"""Estimate how long a request from Slack waited before it was read, in the kernel or for a server thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

BUSY = 8
"""A request can have waited only while more than this many are in progress. Otherwise a clock differs."""
UNSURE = 0.5
"""The error in seconds of a timestamp in whole seconds."""
KEPT = 300.0
"""Seconds for which the quickest request is remembered, and at most twice that."""


class Delays:
    """Compares each request's timestamp with that of the quickest recent request.

    So Slack's clock and ours need not agree.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way = 0
        self._quickest = self._quickest_before = float("inf")
        self._since = 0.0

    @contextmanager
    def sent_at(self, timestamp: int, arrived_at: float) -> Iterator[float]:
        """Yield the latest time at which a request was sent, on the clock of `arrived_at` (seconds).

        The request counts as in progress inside the `with` block. `timestamp` is Slack's, in seconds since 1970.
        """
        with self._lock:
            self._under_way += 1
            delay = self._delay(arrived_at - timestamp, arrived_at)
        try:
            yield arrived_at - delay
        finally:
            with self._lock:
                self._under_way -= 1

    def _delay(self, offset: float, now: float) -> float:
        if now > self._since + KEPT:
            self._quickest_before, self._quickest, self._since = self._quickest, float("inf"), now
        self._quickest = min(self._quickest, offset)
        usual = min(self._quickest, self._quickest_before)
        return max(offset - usual - UNSURE, 0.0) if self._under_way > BUSY else 0.0
