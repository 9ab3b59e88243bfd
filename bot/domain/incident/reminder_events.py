"""What can happen to the reminders of an incident."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.event import CARD, LINE, Event, ShownIn
from bot.domain.subject import Address, CardOnly, ReminderName


@dataclass(frozen=True, kw_only=True)
class Reminded(Event):
    """A reminder was sent. `reminder` and `occurrence` name it, `mark` its cycle, and `late` is True if it was late.

    `to` is an address, or `CardOnly` if it may not be posted.
    """

    reminder: ReminderName
    occurrence: str
    mark: str
    to: CardOnly | Address
    due_at: datetime
    late: bool = False
    substance: ClassVar[bool] = False

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "reminder": str(self.reminder), "to": str(self.to)}


@dataclass(frozen=True, kw_only=True)
class Snoozed(Event):
    """The reminder moves to `until` (UTC). This is possible once per cycle."""

    reminder: str
    mark: str
    until: datetime
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class Hushed(Event):
    """Unsolicited posts pause until `until` (UTC). Urgent reminders still appear."""

    until: datetime
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
