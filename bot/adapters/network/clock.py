"""Clocks: the machine's, the database's, and for rehearsals one that can be moved.

With SteadyClock, time never goes back. Otherwise due reminders would wait for as long as the step back.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from bot.ports import Clock, uptime

SLOWER = 0.1
"""How much slower a steady clock runs after a step back, as a part of its pace: to lose one hour takes ten."""
MEASURE_EVERY = timedelta(seconds=30)
SKEW = timedelta(seconds=5)
"""How far this machine's clock may be from the database's before Spy says so."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """The database's time, as of the last `measure`; in between, a clock of the process counts on."""

    def __init__(
        self,
        ask: Callable[[], datetime],
        monotonic: Callable[[], float] = uptime,
        machine: Clock | None = None,
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._machine = machine or SystemClock()
        self.measure()

    def measure(self) -> None:
        """Ask the database for its time. Raises what `ask` raises, if the database does not answer."""
        asked_at = self._monotonic()
        reading = self._ask()
        self._told = reading, (asked_at + self._monotonic()) / 2
        self._waited = timedelta(seconds=self._monotonic() - asked_at)

    def now(self) -> datetime:
        reading, at = self._told
        return reading + timedelta(seconds=self._monotonic() - at)

    def skew(self) -> str:
        """Return both times in a sentence if they differ by more than `SKEW`; "" if they agree."""
        here, there = self._machine.now(), self.now()
        off = abs(here - there)
        if off - self._waited / 2 <= SKEW:
            return ""
        side = "ahead of" if here > there else "behind"
        return (
            f"this machine's clock is {off.total_seconds():.0f} s {side} the database's: "
            f"{here:%H:%M:%S} here, {there:%H:%M:%S} UTC there; reminders go by the database's"
        )


class RehearsalClock:
    """A clock that is ahead of another, by default the machine's, by the seconds in a file.

    If the file is missing or has no number, the last number stays in use.
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
    """Follows a clock without ever going back. If that clock steps back, this one runs slower until they agree."""

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
