"""The box's clock, which can start on another day and be moved. The bot reads its offset from a file."""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "SPY_CLOCK_OFFSET"
"""Environment variable of the bot: the file with the seconds that its clock is ahead of the machine's."""
TODAY = "SPY_TODAY"
"""Environment variable: when each box's clock starts, as 2026-03-29 or 2026-03-29T00:30Z. Unset means now."""
STEP = 0.01
"""Seconds between two updates of the file while the clock runs fast."""
GLIDE = 300.0
"""The speed of a move: 15 minutes pass in 3 seconds, slowly enough that each reminder is sent in turn."""
GLIDES = timedelta(hours=4)
"""A longer move is a jump, except for its end."""
LANDING = timedelta(minutes=30)


def today() -> datetime | None:
    """Return when a clock starts, None for now. ValueError with a sentence for bad input."""
    text = os.environ.get(TODAY)
    if not text:
        return None
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{TODAY} reads 2026-03-29 or 2026-03-29T00:30Z, not {text}.") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)


class SandboxClock:
    """Starts at `today`, and runs like the machine's clock until moved. `close` removes the file."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        start = today()
        handle, name = tempfile.mkstemp(prefix="spy-clock-")
        os.close(handle)
        self.file = Path(name)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self.is_set = start is not None
        """Whether it started at another time than now. The bot then needs the file."""
        self._ahead = (start - datetime.now(UTC)).total_seconds() if start else 0.0
        self._rate = 1.0
        self._furthest = timedelta.max.total_seconds()
        self._since = monotonic()
        self._stepper: threading.Thread | None = None
        self._closing = threading.Event()
        self._write()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def ahead(self) -> timedelta:
        """How far the clock is ahead of the machine's."""
        with self._lock:
            return timedelta(seconds=self._offset())

    @property
    def rate(self) -> float:
        """The current speed; 1 is the machine's."""
        with self._lock:
            return self._rate

    def jump(self, by: timedelta) -> None:
        """Move the clock forward at once."""
        with self._lock:
            self._ahead += by.total_seconds()
            self._write()

    def pass_by(self, span: timedelta) -> None:
        """Run fast until the span has passed, then return. Of a long span only the end runs."""
        if span > GLIDES:
            self.jump(span - LANDING)
            span = LANDING
        until, rate = self.ahead + span, self._rate
        self.play(GLIDE, until=until)
        while self.ahead < until and not self._closing.is_set():
            self._closing.wait(STEP)
        self.play(rate)

    def play(self, rate: float, *, until: timedelta = timedelta.max) -> None:
        """Run `rate` times as fast from now on, until the clock is `until` ahead. A rate of 1 is normal."""
        with self._lock:
            self._ahead = self._offset()
            self._rate, self._since, self._furthest = rate, self._monotonic(), until.total_seconds()
            self._write()
        if rate != 1 and self._stepper is None:
            self._stepper = threading.Thread(target=self._step, name="sandbox-clock", daemon=True)
            self._stepper.start()

    def close(self) -> None:
        self._closing.set()
        if self._stepper is not None:
            self._stepper.join()
        self.file.unlink(missing_ok=True)

    # --- helpers

    def _offset(self) -> float:
        passed = (self._rate - 1) * (self._monotonic() - self._since)
        return min(self._ahead + passed, max(self._ahead, self._furthest))

    def _step(self) -> None:
        while not self._closing.wait(STEP):
            with self._lock:
                if self._rate != 1:
                    self._write()

    def _write(self) -> None:
        """Write the file atomically, so that the bot never reads half of it."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self._offset():.3f}\n", encoding="ascii")
        fresh.replace(self.file)
