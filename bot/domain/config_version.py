"""A version of config.yaml: when a process took it, or why one refused it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Self

AGES = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
"""How far one can go back without a hash: to the version that was in force so long ago."""
TEXT_KEPT = max(AGES.values())
"""How long the text of a version is kept after another one took its place."""
LAST = 2
"""The texts of so many last contents stay, however old they are: there is always one to go back to."""
LAST_TEXTS = 10
"""So many texts of these at most. Each process may have its own file, with its own port."""
SERVES_AFTER = timedelta(minutes=1)
"""After this long a version has shown that a process can live with it."""
DEADLY = 3
"""So many processes that start with a version and die within that time speak against it."""
FILES = 20
"""How many files are remembered that held one version."""
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
class Beginning:
    """That a process started with a version. Nobody knows how it ended, if it has."""

    by: str
    file: str
    at: datetime


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
    beginnings: tuple[Beginning, ...] = ()
    """The processes that have started with it, and have neither served yet nor ended in order. The newest is last."""
    files: tuple[str, ...] = ()
    """The files that held it when a process took it, each as host:path. The newest is last."""
    content_hash: str = ""
    """The hash of what it says besides a process's own settings. Empty if an earlier release has stored it."""

    @property
    def content(self) -> str:
        """What it says, for a comparison with the versions of other processes: they may differ in a port alone."""
        return self.content_hash or self.hash

    def is_of(self, file: str) -> bool:
        """Whether this file held it, as far as anybody knows."""
        return not self.files or file in self.files

    def deaths(self, file: str, now: datetime) -> int:
        """Return how many processes have died with it, as a process finds that starts with this file.

        One that has just begun with another file may be about to serve.
        """
        return sum(it.file == file or now - it.at >= SERVES_AFTER for it in self.beginnings)

    def begun(self, by: str, file: str, at: datetime) -> Self:
        """Return it after a process has started with it."""
        return replace(self, beginnings=(*self.beginnings, Beginning(by=by, file=file, at=at))[-EARLIER:])

    def ended(self, by: str) -> Self:
        """Return it after this process has ended in order."""
        last = next((it for it in reversed(self.beginnings) if it.by == by), None)
        return replace(self, beginnings=tuple(it for it in self.beginnings if it is not last))

    def held_by(self, file: str) -> Self:
        """Return it after a process has taken it from this file, perhaps again."""
        return self if file in self.files else replace(self, files=(*self.files, file)[-FILES:])

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


def newest_of(versions: Iterable[ConfigVersion], file: str) -> ConfigVersion | None:
    """Return the version that a process took last from this file. Newest come first."""
    return next((it for it in versions if it.is_of(file)), None)


def last_texts(versions: Sequence[ConfigVersion]) -> Sequence[ConfigVersion]:
    """Return the versions whose texts stay: those of the last contents. Newest come first."""
    last = list(dict.fromkeys(it.content for it in versions))[:LAST]
    return list(takewhile(lambda it: it.content in last, versions[:LAST_TEXTS]))


def without_old_texts(versions: Sequence[ConfigVersion], now: datetime) -> Iterator[ConfigVersion]:
    """Yield, without their texts, the versions whose texts need not be kept any longer. Newest come first."""
    kept = last_texts(versions)
    for later, it in pairwise(versions):
        is_old = later.taken_at is not None and later.taken_at < now - TEXT_KEPT
        if it.text is not None and is_old and it not in kept:
            yield replace(it, text=None)
