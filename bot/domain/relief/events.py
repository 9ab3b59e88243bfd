"""What can happen to relief."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.event import LINE, Event, ShownIn


@dataclass(frozen=True, kw_only=True)
class ReliefPutOff(Event):
    """Somebody pressed *I'm fine*. Spy asks nobody to relieve them before `until` (UTC)."""

    until: datetime
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
