"""The outbox: effects to be delivered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.effects import Effect

LATE = timedelta(minutes=1)
"""After this time a message says when the thing happened: Slack's own time would mislead."""


@dataclass(frozen=True, kw_only=True)
class OutboxItem:
    """An effect to be delivered, with the number of tries and whether the last outcome is unknown."""

    id: int
    effect: Effect
    attempts: int
    uncertain: bool
    queued_at: datetime
    reminder_due_at: datetime | None = None
    """When the reminder was due that it says; None if it says none."""

    def is_late(self, now: datetime) -> bool:
        return now - self.queued_at >= LATE


@dataclass(frozen=True, kw_only=True)
class OutboxEntry:
    """An effect in the outbox. `state`: held (for its channel), ready, sending, done or failed. `why`: last error."""

    id: int
    kind: str
    lane: str
    state: str
    attempts: int
    due_at: datetime
    why: str | None


@dataclass(frozen=True, kw_only=True)
class OutboxQueued:
    """What became of an effect so far. `state` as in OutboxEntry; `why`: the last error, or what blocks its lane."""

    effect: Effect
    state: str
    why: str | None

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "failed"}


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """An effect that is overdue since `since`. Those behind it in its lane wait too."""

    id: int
    effect: Effect
    since: datetime


@dataclass(frozen=True, kw_only=True)
class StuckLanes:
    """How many lanes are blocked, and since when the first of them."""

    count: int
    since: datetime


class OutboxRecords(Protocol):
    def add(self, effects: Iterable[Effect], *, now: datetime) -> None:
        """Queue effects. An effect with a known key, or whose slot is already queued, is skipped."""

    def reminding(self, due_at: datetime) -> AbstractContextManager[None]:
        """Record that what is queued in this block says a reminder, and when that was due."""

    def doubt(self, *, before: datetime) -> int:
        """Mark as uncertain what was due before then and has not left. Return how many.

        A running Spy would have sent it, and a database that was restored from a backup would not know.
        """

    def claim(
        self, owner: str, *, now: datetime, lease: timedelta, limit: int, besides: Collection[int] = ()
    ) -> Sequence[OutboxItem]:
        """Claim due effects that are first in their lane and whose channel exists. Skips `besides`, the owner's own.

        An effect whose previous owner's lease ran out is returned as uncertain.
        """

    def fold(self, item: OutboxItem, *, now: datetime, before: datetime, limit: int) -> OutboxItem:
        """Put the lines that have waited behind a line since `before` into it, and return it with them."""

    def done(self, item: int, *, at: datetime) -> bool:
        """Mark it as delivered. False if it was finished before; then nothing else may follow from it."""

    def give_up(self, item: int, owner: str, *, at: datetime, why: str) -> bool:
        """Mark it as failed. False if it was finished before, or this owner no longer has it."""

    def renew(self, item: int, owner: str, *, until: datetime) -> bool:
        """Extend the lease. False if this owner no longer has it."""

    def put_back(
        self, item: int, owner: str, *, due: datetime, tried: bool, uncertain: bool, why: str
    ) -> bool:
        """Schedule another try at `due`. False if this owner no longer has it."""

    def knows(self, key: str) -> bool:
        """Return whether an effect with this key was queued in the last days."""

    def stuck(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Standstill]:
        """Return the first effect of some blocked lanes: due, or being sent, for longer than the lease."""

    def count_stuck(self, *, now: datetime, lease: timedelta) -> Mapping[str, StuckLanes]:
        """Count the blocked lanes, by the kind of their first effect."""

    def release(self, incident: int) -> None:
        """Release the effects that waited for this incident's channel."""

    def next_due(self) -> datetime | None: ...
    def waiting(self) -> Mapping[str, int]:
        """Count unfinished effects, by state."""

    def latest(self, *, limit: int) -> Sequence[OutboxEntry]:
        """Return unfinished effects, then finished ones, each newest first."""

    def queued(self, keys: Collection[str]) -> Sequence[OutboxQueued]:
        """Return what became of the effects with these keys, oldest first."""

    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete what was finished before then, the oldest first. Return how many."""
