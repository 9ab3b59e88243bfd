"""What happens to an incident when something of it is published."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.event import CARD, LINE, Event, ShownIn
from bot.domain.status.component import Level


@dataclass(frozen=True, kw_only=True)
class PublicComponent:
    """What customers were last told of a component, as far as it is about one incident (times in UTC)."""

    key: str
    title: str
    state: str
    level: Level
    red: bool
    since: datetime
    at: datetime

    @property
    def is_over(self) -> bool:
        return self.level is Level.OPERATIONAL


@dataclass(frozen=True, kw_only=True)
class StatusPublished(Event):
    """Customers were told the state of a component. `state` is its title; the rest is what they do not see."""

    publication: int
    component: str
    title: str
    state: str
    level: str
    red: bool
    since: datetime
    words: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
    text_field: ClassVar[str] = "words"

    def applied_to(self, components: tuple[PublicComponent, ...]) -> tuple[PublicComponent, ...]:
        """Return the components of the incident with this one as it is now."""
        told = PublicComponent(
            key=self.component,
            title=self.title,
            state=self.state,
            level=Level(self.level),
            red=self.red,
            since=self.since,
            at=self.at,
        )
        return (*(it for it in components if it.key != self.component), told)
