"""What a cover needs done at the pager."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.effects import Effect, Urgency


@dataclass(frozen=True, kw_only=True)
class MakeOverride(Effect):
    """Create the override in the pager's schedule for an accepted cover."""

    cover: int
    urgency: ClassVar[Urgency] = Urgency.SOON
    is_audited: ClassVar[bool] = True
    label: ClassVar[str] = "The override for cover {cover}"

    @property
    def lane(self) -> str:
        return f"cover:{self.cover}"
