"""A timer: one occurrence of a duty to speak, due at a moment; and what is remembered of having spoken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.events import Reminded

LATE_AFTER = timedelta(minutes=1)
"""What is spoken later than this after it was due says that it is late (issue 3)."""


def mark_of(moment: datetime) -> str:
    """Name a spell by the moment it began with, in milliseconds."""
    return str(round(moment.timestamp() * 1000))


def moment_of(mark: str) -> datetime | None:
    """Give back the moment (UTC) of a spell's name, where it is named by one."""
    return datetime.fromtimestamp(int(mark) / 1000, UTC) if mark.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Timer:
    """`subject` is what it is about (incident:42, page:17, person:U0ANA …); `occurrence` is unique within the duty.

    An occurrence is `<mark>.<k>`: the spell of the duty (this promise, this commander …), and which one of it.
    """

    subject: str
    reminder: str
    occurrence: str
    due_at: datetime

    @property
    def key(self) -> str:
        """Unique for ever: what was spoken under it is never spoken again."""
        return f"{self.subject}/{self.reminder}/{self.occurrence}"

    @property
    def mark(self) -> str:
        return self.occurrence.rpartition(".")[0] or self.occurrence

    def is_late(self, now: datetime) -> bool:
        return now - self.due_at > LATE_AFTER

    def said(self, now: datetime, *, to: str) -> Reminded:
        """Give the fact that it was spoken to an address (a person's or channel's id, incident:42, card:42)."""
        return Reminded(
            at=now,
            reminder=self.reminder,
            occurrence=self.occurrence,
            mark=self.mark,
            to=to,
            due_at=self.due_at,
            late=self.is_late(now),
        )


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was last spoken of a duty: in which spell (`mark`), how often in it, when, which, and to whom."""

    mark: str
    count: int
    at: datetime
    occurrence: str = ""
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class Snooze:
    """One reminder moved, once: the spell it belongs to, to when, by whom."""

    mark: str
    until: datetime
    by: str


def remembering(reminded: Mapping[str, Said], event: Reminded) -> Mapping[str, Said]:
    """Give what was spoken of each duty once this was spoken too."""
    before = reminded.get(event.reminder)
    count = before.count if before and before.mark == event.mark else 0
    said = Said(mark=event.mark, count=count + 1, at=event.at, occurrence=event.occurrence, to=event.to)
    return {**reminded, event.reminder: said}
