"""A team's own plugin as the database knows it: how often a version of it failed, and whether it is in quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

MOST_FAILURES = 10
"""After this many failures in a row of one command or listener, its plugin is put in quarantine."""


@dataclass(frozen=True, kw_only=True)
class PluginVersion:
    """One content of a plugin's file, such as ours/coffee. A changed file is another version."""

    name: str
    version: str
    source: str = ""
    """Its file, or its entry point."""
    commands: tuple[str, ...] = ()
    """The words of its commands."""

    @property
    def key(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def short_name(self) -> str:
        """Return its name without its folder: what people type."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class PluginHealth:
    """How a version of a plugin fares. Another version starts without failures."""

    key: str
    failures: int = 0
    """Failures in a row: the most that one of its commands or listeners has."""
    failing: Mapping[str, int] = field(default_factory=dict)
    """The commands and listeners whose last call failed, and how often each has failed in a row."""
    failed_at: datetime | None = None
    why: str = ""
    """The last failure: the error's name, and its file and line."""
    quarantined_at: datetime | None = None

    @property
    def reason(self) -> str:
        """Return why it is in quarantine, as a clause."""
        if self.failures < MOST_FAILURES:
            return self.why
        return f"it failed {self.failures} times in a row, at last with {self.why}"

    def failed(self, doing: str, why: str, *, at: datetime) -> Self:
        """Return it after one more failure of a command or listener. The tenth in a row puts it in quarantine."""
        failing = {**self.failing, doing: self.failing.get(doing, 0) + 1}
        most = max(failing.values())
        since = self.quarantined_at or (at if most >= MOST_FAILURES else None)
        return replace(self, failures=most, failing=failing, failed_at=at, why=why, quarantined_at=since)

    def succeeded(self, doing: str) -> Self:
        """Return it after a command or listener has run: the failures of the others still count."""
        failing = {it: count for it, count in self.failing.items() if it != doing}
        return replace(self, failures=max(failing.values(), default=0), failing=failing)

    def overran(self, why: str, *, at: datetime) -> Self:
        """Return it in quarantine, because a command of it ran over its time."""
        return replace(self, failed_at=at, why=why, quarantined_at=self.quarantined_at or at)


NEWEST = "newest"


@dataclass(frozen=True, kw_only=True)
class ReloadRequest:
    """The last request that every running Spy reads its plugin and template files again."""

    key: str = NEWEST
    number: int = 0
    by: str | None = None
    """Who hears what became of it. None: it was asked for at a terminal."""
