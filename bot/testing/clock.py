"""A clock for tests."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FrozenClock:
    """A clock that moves only when the test moves it."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def tick(self, **by: float) -> None:
        """Move the clock forward, such as by `minutes=5`."""
        self._now += timedelta(**by)

    def reach(self, moment: datetime) -> None:
        """Move the clock forward to a time; never back."""
        self._now = max(self._now, moment)
