"""The parts of an incident: its phase, its links, its suspects, and its closed channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    """The phases of an incident, in their usual order; the last two are side exits."""

    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MITIGATED = "mitigated"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    MERGED = "merged"
    FALSE_ALARM = "false alarm"


CLOSED = frozenset({Phase.RESOLVED, Phase.REVIEWED, Phase.MERGED, Phase.FALSE_ALARM})
STATES = {Phase.FALSE_ALARM: "a false alarm", Phase.TRIAGE: "in triage"}
"""The phases that are worded in another way to follow "it is"."""
WORKING = tuple(phase for phase in Phase if phase not in CLOSED)


@dataclass(frozen=True, kw_only=True)
class Link:
    url: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A suspected change (by number): when it happened and when it was marked (UTC)."""

    change: int
    title: str
    url: str | None
    service: str | None
    happened_at: datetime
    suspected_at: datetime


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A finished step of the guide, with an answer or without one."""

    by: str
    at: datetime
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class MergeRecord:
    """INC-`into`, into which an incident was merged, by whom and when, and the numbers of what moved there."""

    into: int
    at: datetime
    by: str | None
    pages: tuple[int, ...] = ()
    follow_ups: tuple[int, ...] = ()
    failovers: tuple[int, ...] = ()
    locks: tuple[int, ...] = ()
    followings: tuple[int, ...] = ()

    @property
    def state(self) -> str:
        return f"merged into INC-{self.into}"


@dataclass(frozen=True, kw_only=True)
class ClosedChannel:
    """How a channel was closed (archived, deleted, left, gone), by whom and when.

    `asked` lists the people whom Spy asked what to do.
    """

    how: str
    at: datetime
    asked: tuple[str, ...] = ()
    by: str | None = None

    @property
    def mark(self) -> str:
        """A suffix for message keys that differs each time the channel is closed."""
        return f":{int(self.at.timestamp() * 1000)}"
