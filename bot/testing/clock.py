"""A clock for tests."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FrozenClock:
    """Stands still until it is told to tick."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def tick(self, **by: float) -> None:
        """Move on, by `minutes=5` and the like."""
        self._now += timedelta(**by)

    def reach(self, moment: datetime) -> None:
        """Move on to a moment, never back."""
        self._now = max(self._now, moment)
