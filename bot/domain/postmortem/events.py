"""What can happen after an incident: follow-ups and the postmortem."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from bot.domain.event import ANNOUNCEMENT, CARD, LINE, Event, ShownIn


@dataclass(frozen=True, kw_only=True)
class FollowUpAdded(Event):
    """`category` is detection, escalation, recovery or prevention, or None; `due` is a day."""

    follow_up: int
    what: str
    category: str | None = None
    owner: str | None = None
    due: date | None = None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
    text_field: ClassVar[str] = "what"


@dataclass(frozen=True, kw_only=True)
class FollowUpDone(Event):
    """Somebody closed its issue. `who` is their login there; `why` is completed, not_planned or duplicate, if known."""

    follow_up: int
    what: str
    who: str | None = None
    why: str | None = None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class FollowUpReopened(Event):
    follow_up: int
    what: str
    who: str | None = None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class FollowUpChanged(Event):
    """The owner, due day or category changed."""

    follow_up: int
    what: str
    category: str | None = None
    owner: str | None = None
    due: date | None = None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class NothingNeeded(Event):
    """A category of follow-ups stays empty for a stated reason."""

    category: str
    because: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
    text_field: ClassVar[str] = "because"


@dataclass(frozen=True, kw_only=True)
class PartWritten(Event):
    """Somebody wrote a section of the postmortem that only people can write.

    `before` is the text that it replaces, and `before_by` (a Slack id) wrote that.
    """

    part: str
    words: str
    before: str = ""
    before_by: str | None = None
    substance: ClassVar[bool] = False
    text_field: ClassVar[str] = "words"
    is_editable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class PostmortemPlanned(Event):
    """Somebody set the postmortem's owner or due time (UTC). None means the severity's default."""

    owner: str | None
    due: datetime | None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PostmortemExported(Event):
    repository: str
    number: int
    url: str
    assignee: str | None = None
    milestone: str | None = None
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class ArchivePlanned(Event):
    """Spy announces that it archives the channel at this time (UTC)."""

    until: datetime
    substance: ClassVar[bool] = False
    is_needed: ClassVar[bool] = True
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class ChannelKept(Event):
    """Somebody wants the channel to stay as it is."""

    substance: ClassVar[bool] = False
    is_needed: ClassVar[bool] = True
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class ReviewClosed(Event):
    """The review is over. Nothing more is due."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)
