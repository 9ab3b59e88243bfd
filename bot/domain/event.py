"""A past fact about an incident. It is an entry of the timeline, and messages follow from it."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, ClassVar

from bot.domain.registering import at_start_only

FLAT = (str, int, float, bool, datetime, timedelta, NoneType)
"""Values that are stored as they are."""


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

    text_field: ClassVar[str] = ""
    """The field with the words that a person typed, if there is one."""
    is_editable: ClassVar[bool] = False
    """Whether `timeline edit` may change these words."""
    can_move: ClassVar[bool] = False
    """Whether its time comes from a person, who may correct it. Spy's statistics use the times of the others."""
    is_minor: ClassVar[bool] = False
    """Whether the tldr's latest events leave it out, because the rest of the tldr covers it."""

    def __init_subclass__(cls) -> None:
        at_start_only("an event")
        EVENT_KINDS[cls.kind()] = cls

    @classmethod
    def kind(cls) -> str:
        return _snake_case(cls.__name__)

    @property
    def text(self) -> str:
        """The words that a person typed, or an empty text."""
        return getattr(self, self.text_field) if self.text_field else ""

    def facts(self) -> dict[str, Any]:
        """Return its fields as stored and as templates get them."""
        values = vars(self)
        return dict(values) if all(isinstance(it, FLAT) for it in values.values()) else asdict(self)


@cache
def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


EVENT_KINDS: dict[str, type[Event]] = {}
"""All kinds of events, by the names that the timeline stores."""
