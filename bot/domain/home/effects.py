"""What a person's Home tab needs done outside."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.effects import Effect, Urgency


@dataclass(frozen=True, kw_only=True)
class PublishHome(Effect):
    """Show on a person's Home tab what is true at the delivery."""

    person: str
    urgency: ClassVar[Urgency] = Urgency.LATER
    label: ClassVar[str] = "A Home tab"

    @property
    def lane(self) -> str:
        return f"home:{self.person}"

    @property
    def slot(self) -> str:
        return self.lane
