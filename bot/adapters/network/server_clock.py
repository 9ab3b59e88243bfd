"""What time it is for a service: learned from the `Date` of its answers, since our own clock may be minutes off."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.ports import Clock

SKEW = timedelta(minutes=65)
"""By how much the moment at which something was asked for may be off: another process may have kept it, or our clock
may have been set since, by an hour at most."""


JITTER = timedelta(seconds=5)
"""So far two clocks are told apart: a date has whole seconds, and an answer takes its time."""


class ServerClock:
    """Safe to share between threads. Until the service has said a date, its clock is taken to be as ours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta()
        """By how much its clock is ahead of ours."""

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer."""
        said = next((value for name, value in headers.items() if name.lower() == "date"), "")
        try:
            ahead = parsedate_to_datetime(said) - self._clock.now()
        except (ValueError, TypeError):  # none, or none that can be read, or without a zone
            return
        if abs(ahead - self.ahead) > JITTER:
            self.ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def since(self, asked_at: datetime) -> datetime:
        """Return the service's time before which nothing was done of what was asked for at this moment of ours."""
        return min(asked_at, self._clock.now()) + self.ahead - SKEW
