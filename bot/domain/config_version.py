"""A version of config.yaml: when a process took it, or why one refused it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

AGES = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
"""How far one can go back without a hash: to the version that was in force so long ago."""
TEXT_KEPT = max(AGES.values())
"""How long the text of a version is kept after another one took its place."""
LAST = 2
"""The texts of so many last versions stay, however old they are: there is always one to go back to."""
SERVES_AFTER = timedelta(minutes=1)
"""After this long a version has shown that a process can live with it."""
DEADLY = 3
"""So many processes that start with a version and die within that time speak against it."""
SHORT = 8
LISTED = 50
"""How many versions a history shows."""
EARLIER = 20
"""How many earlier times are kept at which one version was taken."""


@dataclass(frozen=True, kw_only=True)
class Taking:
    """That a process took a version, and what it changed then."""

    at: datetime
    by: str
    change: str


@dataclass(frozen=True, kw_only=True)
class ConfigVersion:
    """A version of the file, known by the hash of its text. One process may take it and another refuse it."""

    hash: str
    text: str | None = None
    """The whole file. None if it was never taken, holds a secret, or is no longer kept."""
    taken_at: datetime | None = None
    taken_by: str = ""
    """The process that took it last, as host:pid."""
    change: str = ""
    """What is different from the version before, in one line."""
    earlier: tuple[Taking, ...] = ()
    """When it was taken before that, newest first. Other versions were in force between."""
    refused_at: datetime | None = None
    refused_by: str = ""
    mistakes: tuple[str, ...] = ()
    has_served: bool = False
    starts: int = 0
    """The processes that have started with it, and have neither served yet nor ended in order."""

    @property
    def is_deadly(self) -> bool:
        """Whether processes die with it, as far as anybody can tell."""
        return not self.has_served and self.starts >= DEADLY

    @property
    def short(self) -> str:
        return self.hash[:SHORT]

    def is_called(self, words: str) -> bool:
        """Whether its hash begins so."""
        return self.hash[: len(words)] == words

    @property
    def takings(self) -> tuple[Taking, ...]:
        """When it was taken, newest first."""
        if self.taken_at is None:
            return ()
        return (Taking(at=self.taken_at, by=self.taken_by, change=self.change), *self.earlier)

    def taken(self, *, at: datetime, by: str, change: str, text: str | None) -> Self:
        """Return it after a process has taken it, perhaps again."""
        earlier = self.takings[:EARLIER]
        return replace(self, text=text, taken_at=at, taken_by=by, change=change, earlier=earlier)

    @property
    def decided_at(self) -> datetime | None:
        """When it was last taken or refused."""
        return max(filter(None, (self.taken_at, self.refused_at)), default=None)


def takings(versions: Iterable[ConfigVersion]) -> Sequence[ConfigVersion]:
    """Return each version as it was each time that it was taken, newest first."""
    each = [(it, version) for version in versions for it in version.takings]
    each.sort(key=lambda pair: pair[0].at, reverse=True)
    return [replace(version, taken_at=it.at, taken_by=it.by, change=it.change) for it, version in each]


def in_force(versions: Iterable[ConfigVersion], at: datetime) -> ConfigVersion | None:
    """Return the version that was in force then. It may have been taken again since."""
    return next((it for it in takings(versions) if it.taken_at and it.taken_at <= at), None)


def without_old_texts(versions: Sequence[ConfigVersion], now: datetime) -> Iterator[ConfigVersion]:
    """Yield, without their texts, the versions whose texts need not be kept any longer. Newest come first."""
    for later, it in pairwise(versions):
        is_old = later.taken_at is not None and later.taken_at < now - TEXT_KEPT
        if it.text is not None and is_old and it not in versions[:LAST]:
            yield replace(it, text=None)
