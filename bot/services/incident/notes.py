"""Notes that people make of Slack messages with a 📝: taken, corrected and removed as their message is."""

from datetime import datetime

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry, visible
from bot.services.ownership import Ownership, people
from bot.services.transaction import Transaction


class Notes:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

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

        `by` wrote the message, and `noted_by` put the 📝 on it.
        """
        if not self._made_from(incident, message):
            note = events.NoteTaken(at=said_at, by=by, note=text, message=message, noted_by=noted_by)
            self._tx.record(incident, note)

    def correct(self, incident: Incident, message: str, text: str) -> None:
        """Apply an edit of the Slack message that a note was made from. In Slack, only its author can edit it."""
        entries = self._made_from(incident, message)
        if entries and entries.text != text:
            corrected = events.NoteTaken(
                at=entries.occurred_at,
                by=entries.actor,
                note=text,
                message=message,
                noted_by=entries.data.get("noted_by"),
                supersedes=entries.seq,
            )
            self._tx.record(incident, corrected)

    def remove(self, incident: Incident, message: str, *, by: str | None) -> None:
        """Remove the note that was made from a Slack message.

        Who made the note, the message's author, the commander and admins can. Others only take their reaction back.
        """
        entries = self._made_from(incident, message)
        if entries is None or by is None:
            return
        authors = people(entries.actor, entries.data.get("noted_by"))
        if Ownership(self._tx).may(by, authors=authors, incident=incident):
            removed = events.NoteRemoved(at=self._tx.now, by=by, message=message, supersedes=entries.seq)
            self._tx.record(incident, removed)

    def _made_from(self, incident: Incident, message: str) -> Entry | None:
        entries = visible(self._session.timeline.of(incident.number))
        return next((entry for entry in entries if entry.data.get("message") == message), None)
