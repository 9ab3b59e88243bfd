"""The records of timers, and of lasting troubles."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.domain.trouble import Trouble


class TimerRecords(Protocol):
    """Waiting timers, and the keys of those already sent. Lock the subject before you touch its timers."""

    def replace(self, subject: Subject, timers: Iterable[Timer], *, is_new: bool = False) -> None:
        """Replace a subject's waiting timers. Those already sent never return. Written when the transaction ends.

        `is_new`: the subject has no waiting timers yet, so there is nothing to delete.
        """

    def due_subjects(self, now: datetime, limit: int) -> Sequence[Subject]:
        """Return subjects with due timers, longest due first. Skips those that another process has locked."""

    def due(self, subject: Subject, now: datetime) -> Sequence[Timer]:
        """Return a subject's due timers."""

    def sent(self, key: str, at: datetime) -> None:
        """Record that a reminder was sent. Written when the transaction ends."""

    def put_off(self, subject: Subject, *, due: datetime) -> None:
        """Postpone all due timers of a subject until `due`, because a fault prevented sending."""

    def next_due(self) -> datetime | None: ...


class TroubleRecords(Protocol):
    def get(self, key: str) -> Trouble | None: ...
    def put(self, trouble: Trouble) -> None: ...
