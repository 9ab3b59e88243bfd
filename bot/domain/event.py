"""A past fact about an incident. It is an entry of the timeline, and messages follow from it."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar


class ShownIn(Enum):
    """Where an event appears."""

    LINE = "line"
    """A line in the incident channel."""
    CARD = "card"
    ANNOUNCEMENT = "announcement"
    FOLLOWERS = "followers"
    """A reply in the announcement's thread."""


LINE, CARD, ANNOUNCEMENT, FOLLOWERS = ShownIn


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at `at` (UTC). `by` is a Slack id; None means Spy itself."""

    at: datetime
    by: str | None = None

    substance: ClassVar[bool] = True
    """Whether the timeline shows it by default. Housekeeping is stored but hidden."""
    shown_in: ClassVar[tuple["ShownIn", ...]] = ()
    """Where people see it, besides the timeline."""
    is_needed: ClassVar[bool] = False
    """Whether people must see it even after the incident is over."""

    @classmethod
    def kind(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def text(self) -> str:
        """The words a person typed, if any."""
        return ""

    def facts(self) -> dict[str, Any]:
        """Return its fields as stored and as templates get them."""
        return asdict(self)
