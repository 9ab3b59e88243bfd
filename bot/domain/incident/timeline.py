"""The timeline is append-only. A correction supersedes an entry; nothing is overwritten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.domain.event import EVENT_KINDS, Event
from bot.domain.incident.events import NoteRemoved, TimelineEdited
from bot.domain.refusal import Refusal

KEPT, HIDDEN = "kept", "hidden"
REWORDED = ("edited", "merged")
"""The edits that change a line's words."""


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

    @property
    def event(self) -> type[Event]:
        """The kind of event that it stores; plain `Event` if this Spy doesn't know the kind."""
        return EVENT_KINDS.get(self.kind, Event)


@dataclass(frozen=True, kw_only=True)
class WantedLines:
    """Which lines of a timeline are wanted: of some kinds, by a person (Slack id), with each of these words.

    `named` holds for each word the people (Slack ids) whose name has it: a line with one of them has the word too.
    `before` is a line with its time (UTC), and `until` a time: only what happened earlier is wanted.
    """

    kinds: tuple[str, ...] = ()
    person: str | None = None
    words: str = ""
    named: tuple[tuple[str, ...], ...] = ()
    before: tuple[datetime, int] | None = None
    until: datetime | None = None


ALL_LINES = WantedLines()


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
    if not entry.event.is_editable:
        raise Refusal(
            f"Line {entry.seq} is what Spy saw happen, and nobody's words: it can't be edited. "
            f'`timeline hide {entry.seq}` hides it; `incident note "…" at 10:05` adds what is missing.',
            slot="number",
        )
    corrected = {**entry.data, entry.event.text_field: words}
    return replace(_corrected(entry, seq=seq, at=at), text=words, data=corrected)


def moved(entry: Entry, to: datetime, *, seq: int, at: datetime) -> Entry:
    """Return a correction of an entry's time (UTC). Refuses a future time, or a kind that can't be moved."""
    if not entry.event.can_move:
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


@dataclass(frozen=True, kw_only=True)
class LineEdit:
    """What somebody did to a line: `what` is edited, moved, merged, hidden, kept or removed.

    `by` is a Slack id; None if an older Spy did not store it.
    """

    what: str
    by: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LineHistory:
    """Whose words a line holds (Slack ids), and what people did to it, oldest first."""

    authors: frozenset[str] = frozenset()
    edits: tuple[LineEdit, ...] = ()
    """Changes of its words or its time."""
    marks: tuple[LineEdit, ...] = ()
    """It was hidden, kept, removed, or merged into another line."""

    def marked(self, edit: LineEdit) -> "LineHistory":
        return replace(self, marks=(*self.marks, edit))

    def named(self, edit: LineEdit, authors: Iterable[str]) -> "LineHistory":
        """Return the history with the last correction in the name of who made it."""
        return replace(self, authors=self.authors | {*authors}, edits=(*self.edits[:-1], edit))

    @property
    def is_reworded(self) -> bool:
        """Whether somebody changed its words here. Edits of the Slack message that it was made from have no name."""
        return any(it.by and it.what in REWORDED for it in self.edits)

    @property
    def shown(self) -> tuple[LineEdit, ...]:
        """The edits to show beside the line: the latest of each kind by each person."""
        return tuple({(it.what, it.by): it for it in self.edits}.values())


def histories(entries: Iterable[Entry]) -> Mapping[int, LineHistory]:
    """Return the history of each line, by its number."""
    found: dict[int, LineHistory] = {}
    for entry in sorted(entries, key=lambda it: it.seq):
        found[entry.seq] = LineHistory(authors=frozenset(filter(None, (entry.actor,))))
        if entry.kind == TimelineEdited.kind():
            _apply(found, entry)
        elif (corrected := entry.supersedes) in found:
            removed = entry.kind == NoteRemoved.kind()
            edit = LineEdit(what="removed" if removed else "edited", by=None, at=entry.recorded_at)
            if removed:
                found[corrected] = found[corrected].marked(replace(edit, by=entry.actor))
            else:
                found[entry.seq] = replace(found[corrected], edits=(*found[corrected].edits, edit))
    return found


def _apply(found: dict[int, LineHistory], entry: Entry) -> None:
    """Add what an edit says about the lines that it names."""
    edit = LineEdit(what=entry.data["what"], by=entry.actor, at=entry.occurred_at)
    lines, into = list(entry.data["lines"]), entry.data.get("into")
    if into in found:
        found[into] = found[into].named(edit, entry.data["authors"])
        lines = lines[1:]
    for number in lines:
        if number in found:
            found[number] = found[number].marked(edit)


UNKNOWN: Mapping[int, LineHistory] = MappingProxyType({})


def line(entry: Entry, known: Mapping[int, LineHistory] = UNKNOWN) -> Mapping[str, Any]:
    """Return an entry as its template needs it, with who edited it, if the histories of the lines are given."""
    return {
        "text": entry.text,
        **entry.data,
        "incident": entry.incident,
        "kind": entry.kind,
        "at": entry.occurred_at,
        "by": entry.actor,
        "permalink": entry.permalink,
        "line": entry.seq,
        "edits": known[entry.seq].shown if entry.seq in known else (),
    }
