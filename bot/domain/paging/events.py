"""What can happen to a page."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.event import CARD, LINE, Event, ShownIn


@dataclass(frozen=True, kw_only=True)
class PageEvent(Event):
    """Something that happened to a page. `page` is its number; `whom` is the team or person in readable form."""

    page: int
    whom: str


@dataclass(frozen=True, kw_only=True)
class PageRequested(PageEvent):
    message: str
    text_field: ClassVar[str] = "message"
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class PageFolded(PageEvent):
    """Another page rings the same people already, so this one joins it: `into` is its number.

    `joined` is that page's incident (INC-1), if everybody may know of it. `assigned` is whom it rings, if known, and
    `since` when it began (UTC). `is_put_off`: who requested both answered that page, so this one rings a little later.
    """

    into: int
    joined: str | None
    assigned: str | None
    since: datetime
    is_put_off: bool = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageReleased(PageEvent):
    """A page that had joined another (`was_with`) rings by itself now.

    `why` is the state of the other one, *over* (its incident), *gone* or *less severe*.
    """

    was_with: int
    why: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageSent(PageEvent):
    """`assigned` is the names of the people that it pages: "" means nobody, None means unknown."""

    pager_id: str
    url: str
    assigned: str | None = None
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)


@dataclass(frozen=True, kw_only=True)
class PageAdopted(PageEvent):
    """An incident that the pager had already became a page of this incident, so that nobody is rung twice.

    `assigned` is whom it rings: "" means nobody, None means unknown. `message` is its title there.
    """

    pager_id: str
    url: str
    message: str
    assigned: str | None = None
    text_field: ClassVar[str] = "message"
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageRingsNobody(PageEvent):
    """Nobody is on call. `as_of` (UTC) is the age of the stored on-calls; None: the pager said so of this page."""

    as_of: datetime | None = None
    manager: str | None = None
    fallback: tuple[str, ...] = ()
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageAcknowledged(PageEvent):
    """`who` is a name; `person` is the Slack id if it is known.

    `shown_as` is the account at the pager that acknowledged, if the person has no account of their own.
    """

    who: str
    person: str | None = None
    shown_as: str | None = None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)


@dataclass(frozen=True, kw_only=True)
class PageUnanswered(PageEvent):
    """The acknowledgement expired or was withdrawn: the page rings again."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageRenewed(PageEvent):
    """The acknowledgement expired and Spy renewed it for `who`, because a commander leads and updates are in time."""

    who: str
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)


@dataclass(frozen=True, kw_only=True)
class PageEscalated(PageEvent):
    to: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageMerged(PageEvent):
    """Somebody merged the page into another incident there. Spy follows that one from now on."""

    into: str
    url: str
    who: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageResolved(PageEvent):
    who: str
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)


@dataclass(frozen=True, kw_only=True)
class PageDelayed(PageEvent):
    """The pager has not accepted the page yet. Spy retries. `fallback`: other ways to reach people."""

    why: str
    fallback: tuple[str, ...] = ()
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageFailed(PageEvent):
    why: str
    fallback: tuple[str, ...] = ()
    is_needed: ClassVar[bool] = True
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PageWithdrawn(PageEvent):
    """The incident was over before the pager accepted the page, so it pages nobody."""

    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
