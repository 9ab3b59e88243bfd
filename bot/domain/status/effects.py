"""What a publication needs done outside."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.effects import Effect, Urgency


@dataclass(frozen=True, kw_only=True)
class CopyPublication(Effect):
    """Put a publication on the hosted page. Those of one component keep their order."""

    publication: int
    component: str
    title: str
    by: str
    incident: int | None = None
    urgency: ClassVar[Urgency] = Urgency.SOON
    is_audited: ClassVar[bool] = True
    label: ClassVar[str] = "The public status of {title} at {host}"
    host: str

    @property
    def lane(self) -> str:
        return f"public-status:{self.component}"
