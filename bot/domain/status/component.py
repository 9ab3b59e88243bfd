"""The components that customers know, the states they can be in, and how people name both."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bot.domain.service import Services

TYPED = 80
"""How many characters a person's name for a component or a state has at most."""
_BETWEEN = re.compile(r"[\s._-]+")


class Level(StrEnum):
    """How bad a state is, from good to bad. Each configured state is one of these to other programs."""

    OPERATIONAL = "operational"
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


Colour = Literal["green", "blue", "yellow", "orange", "red"]


@dataclass(frozen=True, kw_only=True)
class ComponentState:
    """A state that a component can be in. While one is `red`, its incident is not resolved without a question."""

    key: str
    title: str
    level: Level
    colour: Colour
    red: bool


USUAL = (
    ComponentState(
        key="operational", title="Operational", level=Level.OPERATIONAL, colour="green", red=False
    ),
    ComponentState(
        key="degraded", title="Degraded performance", level=Level.DEGRADED, colour="yellow", red=True
    ),
    ComponentState(
        key="partial_outage", title="Partial outage", level=Level.PARTIAL_OUTAGE, colour="orange", red=True
    ),
    ComponentState(
        key="major_outage", title="Major outage", level=Level.MAJOR_OUTAGE, colour="red", red=True
    ),
    ComponentState(
        key="maintenance", title="Under maintenance", level=Level.MAINTENANCE, colour="blue", red=False
    ),
)
"""The states without `status.states`, as Statuspage names them."""
USUAL_STATES: Mapping[str, ComponentState] = {it.key: it for it in USUAL}
SHORT: Mapping[str, Level] = {
    "ok": Level.OPERATIONAL,
    "up": Level.OPERATIONAL,
    "green": Level.OPERATIONAL,
    "slow": Level.DEGRADED,
    "partial": Level.PARTIAL_OUTAGE,
    "major": Level.MAJOR_OUTAGE,
    "down": Level.MAJOR_OUTAGE,
}
"""What people also type for a state."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of the product, as customers know it, and the services and teams behind it."""

    key: str
    title: str
    group: str = ""
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    def is_behind(self, affected: Collection[str], services: Services) -> bool:
        """Whether one of these services is part of it, by its name or by its team."""
        teams = {services[it].team for it in affected if it in services}
        return any(it in self.services for it in affected) or any(it in teams for it in self.teams)


@dataclass(frozen=True, kw_only=True)
class StatusSettings:
    """The public page: its components and states, who may read it, and whom customers can ask."""

    title: str = "Status"
    contact: str = ""
    public: bool = False
    """Whether everybody can read the page without signing in."""
    components: Mapping[str, Component] = field(default_factory=dict)
    states: Mapping[str, ComponentState] = field(default_factory=lambda: USUAL_STATES)
    hosted: Mapping[str, str] = field(default_factory=dict)
    """The ids of components at the hosted page, by key; those that it does not have are missing."""
    hosted_name: str = ""
    """The name of the hosted page; empty without one."""
    hosted_url: str = ""
    """Where people edit the hosted page."""
    url: str = ""
    """Where the page is; empty if Spy does not know its own address."""

    @property
    def operational(self) -> ComponentState:
        """The state of a component of which nothing was published."""
        return next(it for it in self.states.values() if it.level is Level.OPERATIONAL)

    @property
    def state_words(self) -> tuple[str, ...]:
        """Return each state's key, and the short words that mean one of them."""
        return (*self.states, *(it for it in SHORT if self.state(it)))

    def component(self, words: str) -> Component | None:
        """Return the component with this key or title, whatever its case and what stands between its words."""
        wanted = _joined(words)
        named = self.components.values()
        return next((it for it in named if wanted and wanted in {_joined(it.key), _joined(it.title)}), None)

    def state(self, words: str) -> ComponentState | None:
        """Return the state with this key or title, or the one that people mean by a short word such as `down`."""
        wanted, states = _joined(words), self.states.values()
        found = (it for it in states if wanted and wanted in {_joined(it.key), _joined(it.title)})
        level = SHORT.get(wanted) or next((it for it in Level if _joined(it) == wanted), None)
        return next(found, None) or next((it for it in states if it.level is level), None)


def alike(components: Iterable[Component]) -> Iterator[tuple[str, str]]:
    """Yield the keys of components that one word would name: by their keys or their titles."""
    first: dict[str, str] = {}
    for component in components:
        for name in {_joined(component.key), _joined(component.title)}:
            other = first.setdefault(name, component.key)
            if other != component.key:
                yield other, component.key


def _joined(words: str) -> str:
    return _BETWEEN.sub("", words.casefold()) if len(words) <= TYPED else ""
