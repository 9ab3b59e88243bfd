"""Edits of the timeline by people: keep, hide, move, merge and reword lines. Nothing is overwritten."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import HIDDEN, KEPT, Entry, current, moved, reworded, shown, visible
from bot.domain.refusal import Refusal
from bot.services.transaction import Transaction


class TimelineEdits:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def keep(self, incident: Incident, numbers: Sequence[int]) -> list[Entry]:
        """Show lines in every view, also hidden and minor ones."""
        return self._mark(incident, numbers, KEPT)

    def hide(self, incident: Incident, numbers: Sequence[int]) -> list[Entry]:
        """Hide lines from every view except the full log."""
        return self._mark(incident, numbers, HIDDEN)

    def _mark(self, incident: Incident, numbers: Sequence[int], mark: str) -> list[Entry]:
        entries = self._entries(incident)
        found = [current(entries, number) for number in numbers]
        self._session.timeline.set_visibility(incident.number, [it.seq for it in found], mark)
        return found

    def move(self, incident: Incident, number: int, to: datetime) -> Entry:
        """Correct the time (UTC) of a line."""
        found = shown(self._entries(incident), number)
        corrected = moved(found, to, seq=incident.entries + 1, at=self._tx.now)
        self._tx.correct(incident, corrected)
        return corrected

    def edit(self, incident: Incident, number: int, words: str) -> Entry:
        """Correct the words of a line. The old words stay in the full log."""
        found = shown(self._entries(incident), number)
        corrected = reworded(found, words, seq=incident.entries + 1, at=self._tx.now)
        self._tx.correct(incident, corrected)
        return corrected

    def merge(self, incident: Incident, numbers: Sequence[int]) -> Entry:
        """Join the words of several lines in the first of them, and hide the others."""
        entries = self._entries(incident)
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
        words = " · ".join(it.text for it in found if it.text)
        corrected = reworded(found[0], words, seq=incident.entries + 1, at=self._tx.now)
        self._tx.correct(incident, corrected)
        self._session.timeline.set_visibility(incident.number, [it.seq for it in found[1:]], HIDDEN)
        return corrected

    def add_image(
        self, incident: Incident, *, name: str, url: str, message: str, words: str, by: str, said_at: datetime
    ) -> None:
        """Store where a shared image is in Slack. A repeated event adds nothing."""
        there = visible(self._entries(incident))
        if any(it.kind == "image_shared" and it.data.get("url") == url for it in there):
            return
        shared = events.ImageShared(at=said_at, by=by, name=name, url=url, message=message, words=words)
        self._tx.record(incident, shared)

    def _entries(self, incident: Incident) -> Sequence[Entry]:
        return self._session.timeline.of(incident.number)
