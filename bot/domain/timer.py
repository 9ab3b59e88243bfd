"""A timer: one occurrence of a duty to speak, due at a moment; and what is remembered of having spoken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.events import Reminded
from bot.domain.subject import Occurrence, Subject

LATE_AFTER = timedelta(minutes=1)
"""What is spoken later than this after it was due says that it is late (issue 3)."""


def mark_of(moment: datetime) -> str:
    """Name a spell by the moment it began with, in milliseconds."""
    return str(round(moment.timestamp() * 1000))


def moment_of(mark: str) -> datetime | None:
    """Return back the moment (UTC) of a spell's name, where it is named by one."""
    return datetime.fromtimestamp(int(mark) / 1000, UTC) if mark.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Timer:
    """`occurrence` is unique for its subject: a cycle (this promise, this commander …), and which one of it."""

    subject: Subject
    occurrence: Occurrence
    due_at: datetime

    @property
    def reminder(self) -> str:
        return self.occurrence.reminder

    @property
    def key(self) -> str:
        """Unique for ever: what was spoken under it is never spoken again."""
        return f"{self.subject}/{self.reminder}/{self.occurrence}"

    def is_late(self, now: datetime) -> bool:
        return now - self.due_at > LATE_AFTER

    def said(self, now: datetime, *, to: str) -> Reminded:
        """Return the fact that it was spoken to an address (a person's or channel's id, incident:42, card:42)."""
        return Reminded(
            at=now,
            reminder=self.reminder,
            occurrence=str(self.occurrence),
            mark=self.occurrence.cycle,
            to=to,
            due_at=self.due_at,
            late=self.is_late(now),
        )


@dataclass(frozen=True, kw_only=True)
class LastSent:
    """What was last sent of a reminder: in which cycle (`mark`), how often in it, when, which, and to whom."""

    mark: str
    count: int
    at: datetime
    occurrence: str = ""
    to: str = ""
    due_at: datetime | None = None
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class Snooze:
    """One reminder moved, once: the spell it belongs to, to when, by whom."""

    mark: str
    until: datetime
    by: str


def remembering(reminded: Mapping[str, LastSent], event: Reminded) -> Mapping[str, LastSent]:
    """Return what was spoken of each duty once this was spoken too."""
    before = reminded.get(event.reminder)
    count = before.count if before and before.mark == event.mark else 0
    said = LastSent(
        mark=event.mark,
        count=count + 1,
        at=event.at,
        occurrence=event.occurrence,
        to=event.to,
        due_at=event.due_at,
        late=event.late,
    )
    return {**reminded, event.reminder: said}
