"""How much one person may open and page in a short time, before Spy asks them to do it another way."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """Each field is a key of `limits:` in config.yaml.

    They stop a script, a stuck key or a plugin that hangs, not a person in trouble: nobody is limited in an incident
    that they command.
    """

    within: timedelta = timedelta(minutes=10)
    incidents_per_person: int = 50
    pages_per_person: int = 60
    pages_per_team: int = 120
    ring_again_after: timedelta = timedelta(minutes=2)
    """How long a page also rings for later pages to the same people. After that, a new page rings by itself."""
    plugin_command: timedelta = timedelta(seconds=10)
    """How long a command of a team's own plugin may run. After that, the plugin is put in quarantine."""


@dataclass(frozen=True, kw_only=True)
class PageCounts:
    """How many pages a person has requested, and how many rang a team, since some time."""

    by_person: int
    to_team: int
