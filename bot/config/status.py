"""The section `status:`: what customers are shown, and who may read it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from bot.config.services import as_list
from bot.config.values import ConfigSection, Name, ServiceName, TeamName, Words
from bot.domain.status.component import (
    USUAL_STATES,
    Colour,
    Component,
    ComponentState,
    Level,
    StatusSettings,
    alike,
)

COMMANDS = frozenset({"edit", "history", "preview", "publish", "set"})
"""The words after `status` that no component can have as its name."""
Means = Literal["operational", "maintenance", "degraded", "partial_outage", "major_outage"]


class ComponentSection(ConfigSection):
    """A part of the product, as customers know it."""

    title: Words | None = None
    group: Words | None = None
    services: Annotated[tuple[ServiceName, ...], BeforeValidator(as_list)] = ()
    teams: Annotated[tuple[TeamName, ...], BeforeValidator(as_list)] = ()

    def component(self, key: str) -> Component:
        """Return the component in the domain's terms. Without a title, its name is shown."""
        title = self.title or key.replace("_", " ").replace("-", " ").capitalize()
        return Component(
            key=key, title=title, group=self.group or "", services=self.services, teams=self.teams
        )


class StateSection(ConfigSection):
    """A state. What it leaves out is as in the usual state that it means."""

    title: Words | None = None
    means: Means | None = None
    """The usual state that it is to other programs. The usual states mean themselves."""
    colour: Colour | None = None
    red: StrictBool | None = None

    def state(self, key: str) -> ComponentState:
        """Return the state in the domain's terms."""
        usual = USUAL_STATES[self.means or key]
        return ComponentState(
            key=key,
            title=self.title or (usual.title if key in USUAL_STATES else key.replace("_", " ").capitalize()),
            level=usual.level,
            colour=self.colour or usual.colour,
            red=usual.red if self.red is None else self.red,
        )


def _sayable(components: Mapping[str, ComponentSection]) -> Mapping[str, ComponentSection]:
    """Refuse names that are words of a command, and names that people could not tell apart."""
    if taken := next((it for it in components if it in COMMANDS), None):
        raise ValueError(
            f"{taken!r} can't be a component: `status {taken}` is a command. Give it another name."
        )
    named = [it.component(key) for key, it in components.items()]
    for one, other in alike(named):
        raise ValueError(f"{one} and {other} are too much alike to tell apart. Keep one of them.")
    return components


def _known(states: Mapping[str, StateSection]) -> Mapping[str, StateSection]:
    """Refuse a state of which nobody knows how bad it is, and states of which none is operational."""
    for key, section in states.items():
        if key not in USUAL_STATES and section.means is None:
            raise ValueError(f"{key!r} needs `means:`, one of {', '.join(USUAL_STATES)}.")
    levels = {it.means or key for key, it in states.items()}
    if states and Level.OPERATIONAL not in levels:
        raise ValueError("none of them means operational. Without one nothing can work again.")
    return states


class StatusSection(ConfigSection):
    """What customers are shown at /status."""

    public: StrictBool = False
    """Whether everybody reads the page without signing in."""
    title: Words | None = None
    contact: Words | None = None
    components: Annotated[Mapping[Name, ComponentSection], AfterValidator(_sayable)] = Field(
        default_factory=dict
    )
    states: Annotated[Mapping[Name, StateSection], AfterValidator(_known)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_something_to_show(self) -> "StatusSection":
        if self.public and not self.components:
            raise ValueError("is public and has no components. List them under `components:`.")
        return self

    def settings(
        self, *, hosted: Mapping[str, str], hosted_name: str, hosted_url: str, url: str
    ) -> StatusSettings:
        """Return the settings in the domain's terms."""
        usual = StatusSettings()
        return StatusSettings(
            title=self.title or usual.title,
            contact=self.contact or "",
            public=self.public,
            components={key: it.component(key) for key, it in self.components.items()},
            states={key: it.state(key) for key, it in self.states.items()} or usual.states,
            hosted=hosted,
            hosted_name=hosted_name,
            hosted_url=hosted_url,
            url=url,
        )
