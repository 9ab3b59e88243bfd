"""Edits of the timeline by people: keep, hide, move, merge and reword lines. Nothing is overwritten.

A line belongs to who wrote it. They, the incident's commander and admins may edit it, and the timeline says who did.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.incident import events
from bot.domain.incident.events import Edit
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import HIDDEN, KEPT, Entry, current, histories, moved, reworded, shown
from bot.domain.refusal import Refusal
from bot.services.ownership import Ownership, people
from bot.services.transaction import Transaction

INSTEAD = '`incident note "…"` adds a line of your own.'


class TimelineEdits:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def keep(self, incident: Incident, numbers: Sequence[int], *, by: str) -> list[Entry]:
        """Show lines in every view, also hidden and minor ones."""
        return self._mark(incident, numbers, KEPT, "keep", by=by)

    def hide(self, incident: Incident, numbers: Sequence[int], *, by: str) -> list[Entry]:
        """Hide lines from every view except the full log."""
        return self._mark(incident, numbers, HIDDEN, "hide", by=by)

    def _mark(
        self, incident: Incident, numbers: Sequence[int], mark: str, verb: str, *, by: str
    ) -> list[Entry]:
        entries = self._entries(incident, *numbers)
        found = list({it.seq: it for it in (current(entries, number) for number in numbers)}.values())
        authors = self._require(by, verb, found, entries, incident)
        news = [it.seq for it in found if it.visibility != mark]
        if news:
            self._session.timeline.set_visibility(incident.number, news, mark)
            what: Edit = "kept" if mark == KEPT else "hidden"
            edited = events.TimelineEdited(
                at=self._tx.now, by=by, what=what, lines=tuple(news), authors=authors
            )
            self._tx.record(incident, edited)
        return found

    def move(self, incident: Incident, number: int, to: datetime, *, by: str) -> Entry:
        """Correct the time (UTC) of a line."""
        entries = self._entries(incident, number)
        found = shown(entries, number)
        authors = self._require(by, "move", [found], entries, incident)
        corrected = moved(found, to, seq=incident.entries + 1, at=self._tx.now)
        return self._correct(
            incident, corrected, [found], what="moved", by=by, authors=authors, was_at=found.occurred_at
        )

    def edit(self, incident: Incident, number: int, words: str, *, by: str) -> Entry:
        """Correct the words of a line. The old words stay in the full log."""
        entries = self._entries(incident, number)
        found = shown(entries, number)
        authors = self._require(by, "edit", [found], entries, incident)
        corrected = reworded(found, words, seq=incident.entries + 1, at=self._tx.now)
        return self._correct(
            incident, corrected, [found], what="edited", by=by, authors=authors, was=found.text
        )

    def merge(self, incident: Incident, numbers: Sequence[int], *, by: str) -> Entry:
        """Join the words of several lines in the first of them, and hide the others."""
        entries = self._entries(incident, *numbers)
        found = list({it.seq: it for it in (shown(entries, number) for number in numbers)}.values())
        if len(found) < 2:  # noqa: PLR2004  one line has nothing to be merged with
            raise Refusal("Merge which lines? Give two numbers or more, such as `timeline merge 7 8`.")
        for it in found:
            if not it.event.is_editable:
                raise Refusal(
                    f"Line {it.seq} is what Spy saw happen, and nobody's words: it can't be merged. "
                    f"`timeline hide {it.seq}` hides it.",
                    slot="numbers",
                )
        authors = self._require(by, "merge", found, entries, incident)
        words = " · ".join(it.text for it in found if it.text)
        corrected = reworded(found[0], words, seq=incident.entries + 1, at=self._tx.now)
        self._session.timeline.set_visibility(incident.number, [it.seq for it in found[1:]], HIDDEN)
        was = found[0].text
        return self._correct(incident, corrected, found, what="merged", by=by, authors=authors, was=was)

    def _correct(self, incident: Incident, corrected: Entry, lines: Sequence[Entry], **facts: Any) -> Entry:
        """Store a corrected line in place of these, with who changed them and how (`facts` of the event)."""
        edited = events.TimelineEdited(
            at=self._tx.now, lines=tuple(it.seq for it in lines), into=corrected.seq, **facts
        )
        self._tx.record(self._tx.correct(incident, corrected), edited)
        return corrected

    def _require(
        self, by: str, verb: str, lines: Sequence[Entry], entries: Sequence[Entry], incident: Incident
    ) -> tuple[str, ...]:
        """Return who wrote these lines. Refuse people who may not edit all of them."""
        known = histories(entries)
        authors = frozenset[str]().union(*(known[it.seq].authors for it in lines))
        is_own = len(authors) == 1 and all(known[it.seq].authors for it in lines)
        numbers = ", ".join(str(it.seq) for it in lines)
        Ownership(self._tx).require(
            by,
            f"can {verb} {'line' if len(lines) == 1 else 'lines'} {numbers}",
            authors=people(*authors) if is_own else (),
            incident=incident,
            instead=INSTEAD,
        )
        return tuple(sorted(authors))

    def _entries(self, incident: Incident, *numbers: int) -> Sequence[Entry]:
        return self._session.timeline.with_edits(incident.number, numbers)
