"""The timeline: append-only; a correction supersedes, and nothing is overwritten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One fact as it was kept: `occurred_at` and `recorded_at` in UTC, `actor` a Slack id (None: Spy itself)."""

    incident: int
    seq: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str | None
    source: str
    permalink: str | None = None
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    substance: bool = True
    curated: str | None = None
    supersedes: int | None = None
    """The `seq` of the entry that this one corrects or takes back."""


def told(entries: Iterable[Entry]) -> list[Entry]:
    """Give what a reader should see, oldest first: without housekeeping and what was superseded."""
    kept = list(entries)
    gone = {entry.supersedes for entry in kept if entry.supersedes}
    return sorted(
        (entry for entry in kept if entry.substance and entry.seq not in gone and entry.curated != "hidden"),
        key=lambda entry: (entry.occurred_at, entry.seq),
    )


MINOR = frozenset(
    {
        "tell_seen",
        "command_offered",
        "command_declined",
        "page_requested",
        "note_removed",
        "step_passed",
        "failover_move_finished",
        "failover_approved",
        "failover_answered",
    }
)
"""Kinds that belong on the timeline, and tell a latecomer nothing that the rest of the tldr does not."""


def lately(entries: Iterable[Entry], *, most: int = 3) -> list[Entry]:
    """Give the last events of substance, oldest first."""
    return [entry for entry in told(entries) if entry.kind not in MINOR][-most:]
