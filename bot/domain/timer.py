"""A timer: one occurrence of a reminder with its due time, and the record of what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.domain.incident.reminder_events import Reminded
from bot.domain.subject import Address, CardOnly, Occurrence, ReminderName, Subject

T = TypeVar("T")
LATE_AFTER = timedelta(minutes=1)
"""A reminder sent later than this after its due time is marked as late (issue 3)."""


def milliseconds(moment: datetime) -> str:
    """Return the name of a cycle: its start in milliseconds since 1970."""
    return str(round(moment.timestamp() * 1000))


def moment_of(cycle: str) -> datetime | None:
    """Return the start (UTC) of a cycle from its name; None if the name is not a time."""
    return datetime.fromtimestamp(int(cycle) / 1000, UTC) if cycle.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Timer:
    """One occurrence of a reminder. `occurrence` is unique for its subject: the cycle, and the count in it."""

    subject: Subject
    occurrence: Occurrence
    due_at: datetime

    @property
    def reminder(self) -> ReminderName:
        return self.occurrence.reminder

    @property
    def key(self) -> str:
        """A key that is unique for ever, so that a reminder is never sent twice."""
        return f"{self.subject}/{self.reminder}/{self.occurrence}"

    def is_late(self, now: datetime) -> bool:
        return now - self.due_at > LATE_AFTER

    def sent_event(self, now: datetime, *, to: CardOnly | Address) -> Reminded:
        """Return the event that it was sent to this address."""
        return Reminded(
            at=now,
            reminder=self.reminder,
            occurrence=str(self.occurrence),
            mark=self.occurrence.cycle,
            to=to,
            due_at=self.due_at,
            late=self.is_late(now),
        )


def named(sent: Mapping[Occurrence, T], occurrence: str) -> T | None:
    """Return what was stored for an occurrence of one reminder, by its name in the facts of a message."""
    return next((it for known, it in sent.items() if str(known) == occurrence), None)


@dataclass(frozen=True, kw_only=True)
class LastSent:
    """The last message of a reminder: its cycle (`mark`), the count in that cycle, when, which, and to whom."""

    mark: str
    count: int
    at: datetime
    occurrence: str = ""
    to: CardOnly | Address = ""
    due_at: datetime | None = None
    late: bool = False

    @property
    def address(self) -> Address:
        """Where its message is. Raises LookupError if only the card shows it."""
        match self.to:
            case CardOnly(incident):
                raise LookupError(f"only the card of incident {incident} shows it")
            case address:
                return address


@dataclass(frozen=True, kw_only=True)
class Snooze:
    """A reminder that was moved once: its cycle (`mark`), until when, and by whom."""

    mark: str
    until: datetime
    by: str


def remembering(
    reminded: Mapping[ReminderName, LastSent], event: Reminded
) -> Mapping[ReminderName, LastSent]:
    """Return the last messages by reminder, with this one added."""
    before = reminded.get(event.reminder)
    count = before.count if before and before.mark == event.mark else 0
    last = LastSent(
        mark=event.mark,
        count=count + 1,
        at=event.at,
        occurrence=event.occurrence,
        to=event.to,
        due_at=event.due_at,
        late=event.late,
    )
    return {**reminded, event.reminder: last}
