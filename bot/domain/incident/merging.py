"""What happens when one of two incidents is merged into the other, or taken out again: `merge.py` decides about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bot.domain.event import ANNOUNCEMENT, CARD, FOLLOWERS, LINE, Event, ShownIn
from bot.domain.incident.state import Link, MergeRecord, Suspect
from bot.domain.status.events import PublicComponent

MERGED_FROM = "merged_from"
"""The fact of a line that names the incidents with which it came."""


@dataclass(frozen=True, kw_only=True)
class MergedInto(Event):
    """This incident goes on as INC-`into`. The numbers are those of the records that moved there with it."""

    into: int
    pages: tuple[int, ...] = ()
    follow_ups: tuple[int, ...] = ()
    failovers: tuple[int, ...] = ()
    locks: tuple[int, ...] = ()
    followings: tuple[int, ...] = ()
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD, ANNOUNCEMENT, FOLLOWERS)

    @property
    def record(self) -> MergeRecord:
        """What the incident keeps of it."""
        return MergeRecord(
            into=self.into,
            at=self.at,
            by=self.by,
            pages=self.pages,
            follow_ups=self.follow_ups,
            failovers=self.failovers,
            locks=self.locks,
            followings=self.followings,
        )


@dataclass(frozen=True, kw_only=True)
class MergedFrom(Event):
    """INC-`other` was merged into this one. What is new of its links, suspects, services and so on comes."""

    other: int
    name: str
    channel: str | None = None
    severity: str | None = None
    links: tuple[Link, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    told: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    components: tuple[PublicComponent, ...] = ()
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)

    @property
    def brings(self) -> Mapping[str, tuple[Any, ...]]:
        """What it adds to the incident, by field."""
        return {
            "links": self.links,
            "suspects": self.suspects,
            "told": self.told,
            "services": self.services,
            "components": self.components,
        }


@dataclass(frozen=True, kw_only=True)
class TakenOut(Event):
    """INC-`other`, which was merged into this incident, is open again on its own."""

    other: int
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class MergedLine(Event):
    """A line of INC-`other`, brought along by a merge. `original` holds its facts, and the template that shows them.

    It has a kind of its own, so that nobody counts it as what happened here: a command that was taken there is not
    one that was taken here.
    """

    other: int
    original: Mapping[str, Any] = field(default_factory=dict)
