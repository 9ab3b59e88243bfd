"""What can happen to an alert of an incident."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.event import CARD, LINE, Event, ShownIn


@dataclass(frozen=True, kw_only=True)
class AlertEvent(Event):
    """Something that happened to an alert (by number). Its title is copied here because the alert itself expires."""

    alert: int
    title: str
    text_field: ClassVar[str] = "title"


@dataclass(frozen=True, kw_only=True)
class AlertAdded(AlertEvent):
    """Somebody (`by`; None: the settings) added an alert to the incident, or opened the incident for it (`is_first`).

    `began_at` is in UTC. `source` is the tool that reported it.
    """

    source: str
    service: str | None
    url: str | None
    began_at: datetime
    is_first: bool
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class AlertRemoved(AlertEvent):
    """Somebody moved the alert to another incident."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class AlertResolved(AlertEvent):
    """The source reports that it is over."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class AlertFiredAgain(AlertEvent):
    """The source reports that it fires again."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
