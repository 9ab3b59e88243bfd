"""The timeline: append-only; a correction supersedes, and nothing is overwritten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.domain.refusal import Refusal

KEPT, HIDDEN = "kept", "hidden"
WORDS: Mapping[str, str] = {
    "note_taken": "note",
    "update_posted": "message",
    "impact_stated": "impact",
    "cause_suspected": "cause",
    "resolved": "how",
    "cancelled": "why",
    "image_shared": "words",
    "part_written": "words",
}
"""Kinds that hold a person's words, and where: those words may be corrected."""
MOVABLE = frozenset({"note_taken", "impact_stated", "cause_suspected", "image_shared"})
"""Kinds whose time is a person's word. Spy's own clocks are read from the others: those stay where they were."""


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
    visibility: str | None = None
    supersedes: int | None = None
    """The `seq` of the entry that this one corrects or takes back."""


def told(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries to show, oldest first: none that is hidden, superseded, or minor and not kept."""
    kept = list(entries)
    gone = {entry.supersedes for entry in kept if entry.supersedes}
    shown = (it for it in kept if it.seq not in gone and it.visibility != HIDDEN)
    return sorted(
        (it for it in shown if it.substance or it.visibility == KEPT),
        key=lambda entry: (entry.occurred_at, entry.seq),
    )


def standing(entries: Iterable[Entry], number: int) -> Entry:
    """Find an entry by its number (its `seq`), or what stands in its place now that it was corrected."""
    kept = list(entries)
    later = {entry.supersedes: entry for entry in kept if entry.supersedes}
    found = next((entry for entry in kept if entry.seq == number), None)
    while found and found.seq in later:
        found = later[found.seq]
    if found is None or found.kind == "note_removed":
        raise Refusal(
            f"The timeline has no line {number}. `incident timeline` shows their numbers.", slot="number"
        )
    return found


def shown(entries: Iterable[Entry], number: int) -> Entry:
    """Find what stands there, to correct it; refused where it is hidden, since nobody would see it corrected."""
    found = standing(entries, number)
    if found.visibility == HIDDEN:
        raise Refusal(
            f"Line {number} is hidden, or was merged into another. `timeline keep {number}` shows it again; "
            "then it can be corrected.",
            slot="number",
        )
    return found


def reworded(entry: Entry, words: str, *, seq: int, at: datetime) -> Entry:
    """Correct the words of an entry, by one that supersedes it; refused where the words are not a person's."""
    if entry.kind not in WORDS:
        raise Refusal(
            f"Line {entry.seq} is what Spy saw happen, and nobody's words: it can't be edited. "
            f'`timeline hide {entry.seq}` hides it; `incident note "…" at 10:05` adds what is missing.',
            slot="number",
        )
    said = {**entry.data, WORDS[entry.kind]: words}
    return replace(_corrected(entry, seq=seq, at=at), text=words, data=said)


def moved(entry: Entry, to: datetime, *, seq: int, at: datetime) -> Entry:
    """Correct when an entry happened, by one that supersedes it."""
    if entry.kind not in MOVABLE:
        raise Refusal(
            f"Line {entry.seq} happened when Spy saw it: it can't be moved. `timeline hide {entry.seq}` hides it; "
            '`incident note "…" at 10:05` adds what is missing.',
            slot="number",
        )
    if to > at:
        raise Refusal("A line can't be moved into the future.", slot="to")
    return replace(_corrected(entry, seq=seq, at=at), occurred_at=to)


def _corrected(entry: Entry, *, seq: int, at: datetime) -> Entry:
    return replace(entry, seq=seq, recorded_at=at, supersedes=entry.seq)


MINOR = frozenset(
    {
        "team_notice_seen",
        "command_offered",
        "command_declined",
        "page_requested",
        "note_removed",
        "step_passed",
        "failover_action_finished",
        "failover_approved",
        "failover_answered",
    }
)
"""Kinds that belong on the timeline, and tell a latecomer nothing that the rest of the tldr does not."""


def latest(entries: Iterable[Entry], *, most: int = 3) -> list[Entry]:
    """Return the last events of substance, oldest first."""
    return [entry for entry in told(entries) if entry.kind not in MINOR][-most:]
