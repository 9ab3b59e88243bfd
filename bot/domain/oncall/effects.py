"""What on-call duty needs done outside."""

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


@dataclass(frozen=True, kw_only=True)
class SetOnCallGroup(Effect):
    """Make a team's user group hold the people who are on call at the delivery."""

    team: str
    group: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    is_audited: ClassVar[bool] = True
    label: ClassVar[str] = "The on-call user group of :{team}"

    @property
    def lane(self) -> str:
        return f"oncall-group:{self.group}"

    @property
    def slot(self) -> str:
        return self.lane
