"""How long Spy keeps what is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Spans since the end of something. None: it is kept for ever."""

    closed_incidents: timedelta | None = None
    """With their timelines, pages, failovers, postmortems and follow-ups."""
    private_incidents: timedelta | None = None
    """None: as long as the others."""
    audit: timedelta | None = None
    on_call: timedelta = timedelta(days=400)
    """What the ledger is made of: past shifts, rings, and the hours that people worked."""
    messages: timedelta = timedelta(days=90)
    """What only serves delivery and reminders: sent timers, covers, locks, pages without an incident."""

    @property
    def of_private(self) -> timedelta | None:
        return self.private_incidents or self.closed_incidents


@dataclass(frozen=True, kw_only=True)
class Ended:
    """An incident that is over, and since when (UTC)."""

    number: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many rows of a kind were pruned so far, and when last (UTC)."""

    kind: str
    count: int
    at: datetime
