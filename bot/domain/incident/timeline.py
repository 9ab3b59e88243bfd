"""The timeline is append-only. A correction supersedes an entry; nothing is overwritten."""

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
"""The kinds of entries with a person's words, and the field that holds them. Only these can be edited."""
MOVABLE = frozenset({"note_taken", "impact_stated", "cause_suspected", "image_shared"})
"""The kinds whose time comes from a person. Spy's statistics use the times of the others, so those can't be moved."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One stored event. `occurred_at` and `recorded_at` are UTC; `actor` is a Slack id (None: Spy itself)."""

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
    """The `seq` of the entry that this one corrects or removes."""


def visible(entries: Iterable[Entry]) -> list[Entry]:
    """Return the visible entries, oldest first. Left out: hidden, superseded, and minor ones nobody kept."""
    kept = list(entries)
    gone = {entry.supersedes for entry in kept if entry.supersedes}
    shown = (it for it in kept if it.seq not in gone and it.visibility != HIDDEN)
    return sorted(
        (it for it in shown if it.substance or it.visibility == KEPT),
        key=lambda entry: (entry.occurred_at, entry.seq),
    )


def current(entries: Iterable[Entry], number: int) -> Entry:
    """Return the entry with this `seq`, or its latest correction. Refuses if there is none."""
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
    """Return the entry to correct. Refuses a hidden one, because nobody would see the correction."""
    found = current(entries, number)
    if found.visibility == HIDDEN:
        raise Refusal(
            f"Line {number} is hidden, or was merged into another. `timeline keep {number}` shows it again; "
            "then it can be corrected.",
            slot="number",
        )
    return found


def reworded(entry: Entry, words: str, *, seq: int, at: datetime) -> Entry:
    """Return a correction of an entry's words. Refuses an entry that holds nobody's words."""
    if entry.kind not in WORDS:
        raise Refusal(
            f"Line {entry.seq} is what Spy saw happen, and nobody's words: it can't be edited. "
            f'`timeline hide {entry.seq}` hides it; `incident note "…" at 10:05` adds what is missing.',
            slot="number",
        )
    corrected = {**entry.data, WORDS[entry.kind]: words}
    return replace(_corrected(entry, seq=seq, at=at), text=words, data=corrected)


def moved(entry: Entry, to: datetime, *, seq: int, at: datetime) -> Entry:
    """Return a correction of an entry's time (UTC). Refuses a future time, or a kind that can't be moved."""
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
"""Kinds that are left out of the tldr's latest events, because the rest of the tldr covers them."""


def latest(entries: Iterable[Entry], *, most: int = 3) -> list[Entry]:
    """Return the latest important entries (at most `most`), oldest first."""
    return [entry for entry in visible(entries) if entry.kind not in MINOR][-most:]
