"""The section `services:` of config.yaml: what is deployed, whose it is, and how its alerts are treated."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictInt

from bot.config.values import ConfigSection, Name, Repository, TeamName, shaped
from bot.domain.service import Declare, Service, alike

ALL = "all"
"""The key, in a map by severity, of what has no key of its own."""

RunbookName = Annotated[
    str, shaped(r"\w[\w.-]*", "is no runbook's name. Write its file's name without .md.j2.")
]


def as_list(given: Any) -> Any:
    """Read one value, or a list of them."""
    return [given] if isinstance(given, str) else given


def _by_severity(given: Any) -> Any:
    """Read what is the same for all severities, or a map of them."""
    return given if isinstance(given, dict) else {ALL: given}


Runbooks = Annotated[tuple[RunbookName, ...], BeforeValidator(as_list)]
Word = Literal["always", "ask", "never"]


class ServiceSection(ConfigSection):
    """A service that is deployed. The pager adds its own key, with the ids of the service there."""

    team: TeamName | None = None
    """Whose channel hears of its alerts."""
    repositories: tuple[Repository, ...] = ()
    tier: Annotated[StrictInt, Field(ge=0, le=9)] | None = None
    runbooks: Annotated[Mapping[Name, Runbooks], BeforeValidator(_by_severity)] = Field(default_factory=dict)
    declare: Annotated[Mapping[Name, Word], BeforeValidator(_by_severity)] = Field(default_factory=dict)

    def service(self, key: str, pager_ids: tuple[str, ...]) -> Service:
        """Return the service in the domain's terms."""
        return Service(
            key=key,
            team=self.team,
            repositories=self.repositories,
            pager_ids=pager_ids,
            tier=self.tier,
            runbooks=self.runbooks.get(ALL, ()),
            runbooks_by={it: names for it, names in self.runbooks.items() if it != ALL},
            declare=Declare(self.declare.get(ALL, Declare.ASK)),
            declare_by={it: Declare(word) for it, word in self.declare.items() if it != ALL},
        )


def different_services(services: Mapping[str, ServiceSection]) -> Mapping[str, ServiceSection]:
    """Refuse names that sound the same, and what belongs to two services."""
    for one, other in alike(services):
        raise ValueError(f"{one} and {other} are too much alike to tell apart. Keep one of them.")
    owners: dict[str, str] = {}
    for key, section in services.items():
        for what in _owned(section):
            if (owner := owners.setdefault(what.casefold(), key)) != key:
                raise ValueError(f"{what} belongs to {owner} and to {key}. It is one service's.")
    return services


def _owned(section: ServiceSection) -> tuple[str, ...]:
    """Return the repositories of a service, and its ids at pagers."""
    pagers = set(type(section).model_fields) - set(ServiceSection.model_fields)
    return (*section.repositories, *(ident for key in sorted(pagers) for ident in getattr(section, key)))
