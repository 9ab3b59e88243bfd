"""A service of `services:` in config.yaml, and how a service is found by its name."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.foreign import WORD
from bot.domain.incident.severity import means
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened

LISTED = 12
"""How many names a refusal lists."""
TYPED = 200
"""How many characters a person's name for a service has at most."""
URGENCIES = ("high", "low")
"""What `declare` and `runbooks` may name besides severities: PagerDuty's urgencies."""

_UNSAYABLE = re.compile(r"[^a-z0-9._-]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_BETWEEN = re.compile(r"[._-]+")


class Declare(StrEnum):
    """What an alert of a service does: it declares an incident, it asks whether to, or it only shows."""

    ALWAYS = "always"
    ASK = "ask"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A deployed service: whose it is, what changes it (owner/name), what the pager calls it, and how it is treated."""

    key: str
    team: str | None = None
    repositories: tuple[str, ...] = ()
    pager_ids: tuple[str, ...] = ()
    tier: int | None = None
    """Its importance; 1 is a service that the others need."""
    runbooks: tuple[str, ...] = ()
    """The runbooks for every severity, the first one first."""
    runbooks_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """More runbooks, by severity. They come before the others."""
    declare: Declare = Declare.ASK
    declare_by: Mapping[str, Declare] = field(default_factory=dict)
    """By severity or urgency, as config.yaml writes it."""

    def declares(self, *words: str | None) -> Declare:
        """Return what an alert does, by the first of its words (a severity, an urgency) that has a value."""
        for word in filter(None, words):
            for key, declare in self.declare_by.items():
                if means(word, key):
                    return declare
        return self.declare

    def runbooks_at(self, severity: str | None) -> tuple[str, ...]:
        """Return the names of its runbooks for an incident of this severity, the likeliest first."""
        own = (names for key, names in self.runbooks_by.items() if severity and means(severity, key))
        return tuple(dict.fromkeys((*next(own, ()), *self.runbooks)))

    @property
    def all_runbooks(self) -> tuple[str, ...]:
        """Return the names of its runbooks for any severity."""
        named = (name for names in self.runbooks_by.values() for name in names)
        return tuple(dict.fromkeys((*self.runbooks, *named)))


Services = Mapping[str, Service]
"""The services of config.yaml, by name."""


# --- names ------------------------------------------------------------------------------------------------


def service_name(words: str) -> str | None:
    """Turn a source's name for a service into lower-case letters, digits and `. _ -`.

    Return None if nothing is left.
    """
    name = _UNSAYABLE.sub("-", words.strip().removeprefix(":").casefold()).strip("-._")[:WORD]
    return name or None


def is_service_name(word: str) -> bool:
    """Whether a word can be the name of a service."""
    return bool(_NAME.fullmatch(word.removeprefix(":").casefold()))


def found(words: str, services: Services) -> Service | None:
    """Return the service that these words name, whatever their case and what stands between: `Check_Out`."""
    name = service_name(words) if len(words) <= TYPED else None
    if name is None:
        return None
    joined = _joined(name)
    return services.get(name) or next((it for it in services.values() if _joined(it.key) == joined), None)


def named_in(words: Iterable[str], services: Services) -> tuple[str, ...]:
    """Return the names of the services among these words, in the order of the words."""
    said: dict[str, int] = {}
    for word in words:
        if len(word) <= TYPED and (name := service_name(word)):
            said.setdefault(_joined(name), len(said))
    joined = {it: _joined(it) for it in services}
    return tuple(sorted((it for it in services if joined[it] in said), key=lambda it: said[joined[it]]))


def known_as(words: str | None, services: Services) -> str | None:
    """Return the name of the service that a source means. A name that is not listed stays as the source has it."""
    listed = found(words, services) if words else None
    return listed.key if listed else words


def must_be_listed(words: str, services: Services) -> Service:
    """Return the service that these words name. Refuse an unknown one and suggest the nearest."""
    if listed := found(words, services):
        return listed
    meant = likeliest(words, services)
    raise Refusal(
        f"There is no service {shortened(words.removeprefix(':'))}.{did_you_mean(meant)} {_list(services)}",
        slot="service",
        choices=(Choice(label=meant, say=meant),) if meant else (),
    )


def likeliest(words: str, services: Services) -> str | None:
    """Return the name that was probably meant: a near one, the owner of such a repository, or a longer one."""
    name = service_name(words) if len(words) <= TYPED else None
    if name is None:
        return None
    return nearest(name, services) or _by_repository(name, services) or _only(name, services)


def _by_repository(name: str, services: Services) -> str | None:
    return next(
        (
            it.key
            for it in services.values()
            for repository in it.repositories
            if name == service_name(repository.partition("/")[2])
        ),
        None,
    )


def _only(name: str, services: Services) -> str | None:
    """Return the only service one of whose words this is: `cart` for `cart-api`."""
    holding = [it for it in services if name in _BETWEEN.split(it) or set(_BETWEEN.split(name)) > {it}]
    return holding[0] if len(holding) == 1 else None


def _joined(name: str) -> str:
    return _BETWEEN.sub("", name)


def _list(services: Collection[str]) -> str:
    if not services:
        return "None are listed yet (see `services:` in config.yaml)."
    names: Iterable[str] = list(services)[:LISTED]
    more = f" and {len(services) - LISTED} more (`services` lists all)" if len(services) > LISTED else ""
    return f"Services: {', '.join(names)}{more}."


def alike(services: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of names that people could not tell apart: `check-out` and `checkout`."""
    first: dict[str, str] = {}
    pairs = []
    for name in services:
        other = first.setdefault(_joined(name), name)
        if other != name:
            pairs.append((other, name))
    return pairs
