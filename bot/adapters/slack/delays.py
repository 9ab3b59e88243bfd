"""How long Slack's requests had waited for us when they were read: in the kernel, or for the server's own thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

BUSY = 8
"""Only while so many are under way can a request have waited; else it is a clock that differs."""
UNSURE = 0.5
"""Seconds by which a stamp in whole seconds is not believed."""
KEPT = 300.0
"""Seconds for which the quickest request is remembered at least, and twice that at most."""


class Delays:
    """Holds each stamp against the quickest request's, so that Slack's clock need not agree with ours."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way = 0
        self._quickest = self._quickest_before = float("inf")
        self._since = 0.0

    @contextmanager
    def sent_at(self, timestamp: int, arrived_at: float) -> Iterator[float]:
        """Return when it was sent at the latest, on the clock of `arrived_at`; it is under way as long as this."""
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
