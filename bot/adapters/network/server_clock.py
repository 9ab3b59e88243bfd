"""The time by a service's clock, from the `Date` header of its answers: our clock may be minutes off."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.ports import Clock

SKEW = timedelta(minutes=65)
"""How wrong the time of an earlier request may be, when searching for what it did.

Another process may have stored it, or our clock may have been set since, by an hour at most."""


JITTER = timedelta(seconds=5)
"""The smallest difference that counts: the header has whole seconds, and an answer takes some time."""


class ServerClock:
    """The clock of a service; ours until its first answer. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta()
        """How far the service's clock is ahead of ours; negative if it is behind."""

    def hear(self, headers: Mapping[str, str]) -> None:
        """Read the `Date` header of an answer. One that is missing or invalid is ignored."""
        date = next((value for name, value in headers.items() if name.lower() == "date"), "")
        try:
            ahead = parsedate_to_datetime(date) - self._clock.now()
        except (ValueError, TypeError):  # missing, invalid, or without a time zone
            return
        if abs(ahead - self.ahead) > JITTER:
            self.ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def since(self, asked_at: datetime) -> datetime:
        """Return a time by the service's clock that is certainly before a request made at `asked_at` by ours."""
        return min(asked_at, self._clock.now()) + self.ahead - SKEW
