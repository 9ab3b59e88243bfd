"""Since when Slack has answered nothing at all, and when it came back."""

from datetime import datetime, timedelta
from threading import Lock

from bot.ports import Clock

AN_OUTAGE = timedelta(seconds=30)
"""A silence that is shorter is a hiccup."""


class Silence:
    """Follows every call. One answer of any kind, also a refusal, ends the silence. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._since: datetime | None = None
        self._ended = clock.now()
        """When the last outage ended. Before this process there may have been one."""

    def heard(self) -> None:
        if self._since is None:
            return
        with self._lock:
            if self.is_outage:
                self._ended = self._clock.now()
            self._since = None

    def missed(self) -> None:
        with self._lock:
            self._since = self._since or self._clock.now()

    @property
    def is_outage(self) -> bool:
        since = self._since
        return since is not None and self._clock.now() - since >= AN_OUTAGE

    @property
    def steady_since(self) -> datetime:
        """Return when the last outage ended (UTC): now, if it goes on."""
        return self._clock.now() if self.is_outage else self._ended
