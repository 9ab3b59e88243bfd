"""The one place that asks for the time: the database's or the machine's; in a rehearsal, one that somebody moves.

Whatever it is asked of, the time never steps back: what is due would wait for as long as the step was.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from bot.ports import Clock

SLOWER = 0.1
"""By this part of its pace a steady clock falls back to one that was set back: an hour takes ten."""
MEASURE_EVERY = timedelta(seconds=30)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """Tells the time of a database that was asked at the last `measure`; in between it counts by itself."""

    def __init__(self, ask: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self.measure()

    def measure(self) -> None:
        """Ask again; raise where the database does not answer."""
        asked_at = self._monotonic()
        told = self._ask()
        self._told = told, (asked_at + self._monotonic()) / 2

    def now(self) -> datetime:
        told, at = self._told
        return told + timedelta(seconds=self._monotonic() - at)


class RehearsalClock:
    """Is ahead of a clock, the machine's by default, by as many seconds as a file holds now.

    Where the file is gone or holds no number, it stays as far ahead as it was.
    """

    def __init__(self, file: Path, clock: Clock | None = None) -> None:
        self._file = file
        self._clock = clock or SystemClock()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._read()

    def _read(self) -> timedelta:
        try:
            self._ahead = timedelta(seconds=float(self._file.read_text(encoding="ascii")))
        except (OSError, ValueError, OverflowError):
            return self._ahead
        return self._ahead


class SteadyClock:
    """Follows a clock, and never steps back with it: it runs slower instead, until the two agree."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._reading = Lock()
        self._last = clock.now(), monotonic()

    def now(self) -> datetime:
        with self._reading:
            last, at = self._last
            followed, reached = self._clock.now(), self._monotonic()
            slowest = last + timedelta(seconds=(reached - at) * (1 - SLOWER))
            now = max(followed, slowest)
            self._last = now, reached
            return now
