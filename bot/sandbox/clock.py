"""The time in the box: the machine's, or another day's, and moved; the bot reads by how much from a file."""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "SPY_CLOCK_OFFSET"
"""In the bot's environment: the file that holds the seconds by which its clock is ahead of the machine's."""
TODAY = "SPY_TODAY"
"""In the environment: when the clock of every box begins, as 2026-03-29 or 2026-03-29T00:30Z; unset, it is now."""
STEP = 0.01
"""Seconds between two steps of a clock that runs fast."""
GLIDE = 300.0
"""How many times faster a move passes: a quarter of an hour in three seconds, so that all is said in its turn."""
GLIDES = timedelta(hours=4)
"""A longer move is a jump, but for its end: nobody wants to watch a week."""
LANDING = timedelta(minutes=30)


def today() -> datetime | None:
    """When a clock begins; None for now. ValueError with a sentence where that can't be read."""
    text = os.environ.get(TODAY)
    if not text:
        return None
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{TODAY} reads 2026-03-29 or 2026-03-29T00:30Z, not {text}.") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)


class SandboxClock:
    """Begins today, and runs as the machine's does until it is moved. `close` removes the file."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        start = today()
        handle, name = tempfile.mkstemp(prefix="spy-clock-")
        os.close(handle)
        self.file = Path(name)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self.is_set = start is not None
        """Whether it began elsewhere than the machine's, so that a bot beside it needs the file."""
        self._ahead = (start - datetime.now(UTC)).total_seconds() if start else 0.0
        self._rate = 1.0
        self._furthest = timedelta.max.total_seconds()
        self._since = monotonic()
        self._stepper: threading.Thread | None = None
        self._closing = threading.Event()
        self._tell()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the machine's."""
        with self._lock:
            return timedelta(seconds=self._reckoned())

    @property
    def rate(self) -> float:
        """How many times faster than the machine's it runs just now."""
        with self._lock:
            return self._rate

    def jump(self, by: timedelta) -> None:
        """Be so much later at once, as if all had slept meanwhile."""
        with self._lock:
            self._ahead += by.total_seconds()
            self._tell()

    def pass_by(self, span: timedelta) -> None:
        """Let a span pass quickly; return when it has passed. Of a long one only the end is seen."""
        if span > GLIDES:
            self.jump(span - LANDING)
            span = LANDING
        until, rate = self.ahead + span, self._rate
        self.play(GLIDE, until=until)
        while self.ahead < until and not self._closing.is_set():
            self._closing.wait(STEP)
        self.play(rate)

    def play(self, rate: float, *, until: timedelta = timedelta.max) -> None:
        """Run so many times faster from now on, but be no further ahead than `until`; 1 is as the machine does."""
        with self._lock:
            self._ahead = self._reckoned()
            self._rate, self._since, self._furthest = rate, self._monotonic(), until.total_seconds()
            self._tell()
        if rate != 1 and self._stepper is None:
            self._stepper = threading.Thread(target=self._step, name="sandbox-clock", daemon=True)
            self._stepper.start()

    def close(self) -> None:
        self._closing.set()
        if self._stepper is not None:
            self._stepper.join()
        self.file.unlink(missing_ok=True)

    # --- below

    def _reckoned(self) -> float:
        passed = (self._rate - 1) * (self._monotonic() - self._since)
        return min(self._ahead + passed, max(self._ahead, self._furthest))

    def _step(self) -> None:
        while not self._closing.wait(STEP):
            with self._lock:
                if self._rate != 1:
                    self._tell()

    def _tell(self) -> None:
        """Write the file in one move, so that nobody reads half of it."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self._reckoned():.3f}\n", encoding="ascii")
        fresh.replace(self.file)
