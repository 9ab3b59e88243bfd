"""What the timeline takes from Slack messages: notes that people make with a 📝, and pictures.

A line follows its message: it is corrected when the message is edited, and a note goes with its 📝. A line that
somebody changed here (`timeline edit`, `merge`, `hide`) no longer follows it: words that they took out stay out.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.event import Event
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry, LineHistory, histories, visible
from bot.services.ownership import Ownership, people
from bot.services.transaction import Transaction


class Notes:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def take(
        self,
        incident: Incident,
        text: str,
        *,
        by: str | None,
        said_at: datetime,
        message: str,
        noted_by: str | None,
    ) -> None:
        """Store a Slack message (by its `ts`) as a note, at the time of the message. More reactions add nothing.

        `by` wrote the message, and `noted_by` put the 📝 on it. A message without words makes no note.
        """
        made = self._made_from(incident, message)
        if text.strip() and made.is_missing:
            note = events.NoteTaken(at=said_at, by=by, note=text, message=message, noted_by=noted_by)
            self._tx.record(incident, note)

    def correct(self, incident: Incident, message: str, text: str) -> None:
        """Apply an edit of the Slack message that a note was made from. In Slack, only its author can edit it."""
        for line in self._made_from(incident, message).following:
            if text.strip() and line.text != text:
                corrected = events.NoteTaken(
                    at=line.occurred_at,
                    by=line.actor,
                    note=text,
                    message=message,
                    noted_by=line.data.get("noted_by"),
                    supersedes=line.seq,
                )
                _replace(self._tx, incident, line, corrected)

    def remove(self, incident: Incident, message: str, *, by: str | None) -> None:
        """Remove the note that was made from a Slack message.

        Who made the note, the message's author, the commander and admins can. Others only take their reaction back.
        A line with the words of several people is for the commander and admins.
        """
        made = self._made_from(incident, message)
        for line in made.shown:
            authors = made.known[line.seq].authors
            theirs = people(*authors, line.data.get("noted_by")) if len(authors) < 2 else ()  # noqa: PLR2004
            if by and Ownership(self._tx).may(by, authors=theirs, incident=incident):
                removed = events.NoteRemoved(at=self._tx.now, by=by, message=message, supersedes=line.seq)
                self._tx.record(incident, removed)

    def _made_from(self, incident: Incident, message: str) -> "_Made":
        return _made(self._tx, incident, message, events.NoteTaken)


class Pictures:
    """Spy stores where a picture is in Slack, not the picture itself."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self, incident: Incident, *, name: str, url: str, message: str, words: str, by: str, said_at: datetime
    ) -> None:
        """Store where a picture shared in a Slack message (by its `ts`) is. A repeated event adds nothing."""
        pictures = self._tx.session.timeline.among([incident.number], [events.ImageShared.kind()])
        entries = self._tx.session.timeline.with_edits(incident.number, [it.seq for it in pictures])
        known = [*visible(entries), *_Made(entries, message, events.ImageShared).all]
        if not any(it.kind == events.ImageShared.kind() and it.data.get("url") == url for it in known):
            shared = events.ImageShared(at=said_at, by=by, name=name, url=url, message=message, words=words)
            self._tx.record(incident, shared)

    def correct(self, incident: Incident, message: str, words: str) -> None:
        """Apply an edit of a Slack message to the caption of its pictures."""
        for line in _made(self._tx, incident, message, events.ImageShared).following:
            if line.text != words:
                corrected = events.ImageShared(
                    at=line.occurred_at,
                    by=line.actor,
                    name=line.data["name"],
                    url=line.data["url"],
                    message=message,
                    words=words,
                    supersedes=line.seq,
                )
                _replace(self._tx, incident, line, corrected)


class _Made:
    """The lines of one kind that were made from a Slack message, by its `ts`: `all` with hidden and corrected ones."""

    def __init__(self, entries: Sequence[Entry], message: str, event: type[Event]) -> None:
        self.all = [it for it in entries if it.kind == event.kind() and it.data.get("message") == message]
        self.known = histories(entries) if self.all else dict[int, LineHistory]()
        numbers = {it.seq for it in self.all}
        self.shown = [it for it in visible(entries) if it.seq in numbers] if numbers else []

    @property
    def following(self) -> list[Entry]:
        """The visible lines that follow their message."""
        return [it for it in self.shown if not self.known[it.seq].is_reworded]

    @property
    def is_missing(self) -> bool:
        """Whether there was never a line, or the last one was removed with its words unchanged."""
        last = self.known[self.all[-1].seq] if self.all else LineHistory()
        is_removed = any(it.what == "removed" for it in last.marks)
        return not self.all or (is_removed and not last.is_reworded)


def _made(tx: Transaction, incident: Incident, message: str, event: type[Event]) -> _Made:
    timeline = tx.session.timeline
    lines = timeline.made_from(incident.number, event.kind(), message)
    return _Made(timeline.with_edits(incident.number, lines) if lines else (), message, event)


def _replace(tx: Transaction, incident: Incident, line: Entry, event: Event) -> None:
    """Store an event in place of a line, which people may have marked as kept."""
    after = tx.record(incident, event)
    if line.visibility:
        tx.session.timeline.set_visibility(incident.number, [after.entries], line.visibility)
