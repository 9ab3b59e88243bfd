"""What can happen to a suspected change."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.event import CARD, LINE, Event, ShownIn


@dataclass(frozen=True, kw_only=True)
class ChangeSuspected(Event):
    """Somebody marked a change (by number) as suspect. The facts are copied here because the change itself expires."""

    change: int
    title: str
    url: str | None
    service: str | None
    happened_at: datetime
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
    text_field: ClassVar[str] = "title"


@dataclass(frozen=True, kw_only=True)
class ChangeCleared(Event):
    """A change is no longer suspect."""

    change: int
    title: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
    text_field: ClassVar[str] = "title"
