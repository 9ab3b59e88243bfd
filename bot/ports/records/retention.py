"""What pruning needs of the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.retention import Ended, Pruned


class PruningRecords(Protocol):
    def fill_in(self, *, limit: int) -> int:
        """Fill columns that an older Spy left empty, so that pruning finds these rows too. Return how many."""

    def ended(self, *, before: datetime, private: bool, after: Ended | None, limit: int) -> Sequence[Ended]:
        """Return the private incidents, or the others, that ended before then: the first ones, or those `after` one."""

    def busy(self, incidents: Collection[int]) -> Collection[int]:
        """Return those with an undelivered effect, an active failover, or an open follow-up."""

    def remove(self, incidents: Collection[int]) -> None:
        """Delete incidents with all that belongs to them."""

    def remove_failovers(self, *, before: datetime, limit: int) -> int:
        """Delete runs without an incident that ended before then. The last one of each plan and lock stays."""

    def remove_messages(self, *, before: datetime, limit: int) -> int:
        """Delete what ended before then, with its messages: covers, locks, lone pages, troubles.

        Also timers that were sent before then.
        """

    def remove_on_call(self, *, before: datetime, limit: int) -> int:
        """Delete shifts and work periods that ended before then, with their messages."""

    def add(self, kind: str, count: int, *, at: datetime) -> None:
        """Count what was pruned."""

    def counted(self) -> Sequence[Pruned]: ...
