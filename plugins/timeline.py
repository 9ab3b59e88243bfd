"""The timeline: list, keep, hide, move, merge and edit its lines."""

from datetime import UTC, datetime
from typing import Annotated

from bot.commands.arguments import number_of, several
from bot.commands.command import command, when
from bot.commands.reply import Reply
from bot.commands.request import Edited, Reacted, Request, Shared, Unreacted
from bot.domain.incident.effects import ReadMessage
from bot.domain.incident.incident import Incident
from bot.services.incident.incidents import Incidents
from bot.services.incident.notes import Notes, Pictures
from bot.services.incident.timeline_edits import TimelineEdits
from bot.services.incident.views import Views
from bot.services.transaction import Transaction

NOTE_EMOJI = "memo"
LINE = number_of("a line", listed_by="incident timeline")
LineNumber = Annotated[int, LINE]
LineNumbers = Annotated[tuple[int, ...], several(LINE)]
OWN = "you wrote the line"


@command("incident timeline [<id>] [from <line>]", allow="everyone", reads=True)
def listing(incident: Incident, line: LineNumber | None, *, views: Views) -> Reply:
    """List what happened, oldest first, with links and numbers: the last lines, or lines `from 12`."""
    return Reply("incident/timeline", views.timeline(incident, line), shared=True)


@command('incident timeline keep "numbers"', allow="commander", unless=OWN)
def keep(request: Request, incident: Incident, numbers: LineNumbers, *, edits: TimelineEdits) -> Reply:
    """Show lines everywhere, also in the postmortem: `timeline keep 7 8`."""
    edits.keep(incident, numbers, by=request.user)
    return Reply("incident/timeline_edited", {"incident": incident, "numbers": numbers, "what": "kept"})


@command('incident timeline hide "numbers"', allow="commander", unless=OWN)
def hide(request: Request, incident: Incident, numbers: LineNumbers, *, edits: TimelineEdits) -> Reply:
    """Hide lines. The full log still has them."""
    edits.hide(incident, numbers, by=request.user)
    return Reply("incident/timeline_edited", {"incident": incident, "numbers": numbers, "what": "hidden"})


@command("incident timeline move <number> to|at <moment>", allow="commander", unless=OWN)
def move(
    request: Request, incident: Incident, number: LineNumber, moment: datetime, *, edits: TimelineEdits
) -> Reply:
    """Change a note's time: `timeline move 7 to 10:05`, in your own time zone."""
    moved = edits.move(incident, number, moment, by=request.user)
    facts = {"incident": incident, "numbers": [moved.seq], "what": "moved", "at": moved.occurred_at}
    return Reply("incident/timeline_edited", facts)


@command('incident timeline merge "numbers"', allow="commander", unless=OWN)
def merge(request: Request, incident: Incident, numbers: LineNumbers, *, edits: TimelineEdits) -> Reply:
    """Merge several lines into the first one."""
    merged = edits.merge(incident, numbers, by=request.user)
    return Reply(
        "incident/timeline_edited", {"incident": incident, "numbers": [merged.seq], "what": "merged"}
    )


@command('incident timeline edit <number> "words"', allow="commander", unless=OWN)
def edit(
    request: Request, incident: Incident, number: LineNumber, words: str, *, edits: TimelineEdits
) -> Reply:
    """Change a line's text. The old text stays in the full log."""
    edited = edits.edit(incident, number, words, by=request.user)
    return Reply(
        "incident/timeline_edited", {"incident": incident, "numbers": [edited.seq], "what": "reworded"}
    )


@when(Shared)
def shared(notice: Shared, *, incidents: Incidents, pictures: Pictures) -> None:
    """Record a picture shared in the channel on the timeline: its address, not the picture itself."""
    incident = incidents.in_channel(notice.channel)
    if incident:
        said_at = datetime.fromtimestamp(float(notice.ts), UTC)
        for name, url in notice.images:
            pictures.add(
                incident,
                name=name,
                url=url,
                message=notice.ts,
                words=notice.text,
                by=notice.person,
                said_at=said_at,
            )


@when(Reacted)
def reacted(notice: Reacted, *, incidents: Incidents, tx: Transaction) -> None:
    """Save a message with a 📝 as a note."""
    incident = incidents.in_channel(notice.channel)
    if incident and notice.emoji == NOTE_EMOJI:
        key = f"read:{notice.id}"
        tx.send(
            ReadMessage(
                key=key, incident=incident.number, channel=notice.channel, ts=notice.ts, by=notice.person
            )
        )


@when(Unreacted)
def unreacted(notice: Unreacted, *, incidents: Incidents, notes: Notes) -> None:
    """Remove the note when its 📝 is removed."""
    incident = incidents.in_channel(notice.channel)
    if incident and notice.emoji == NOTE_EMOJI:
        notes.remove(incident, notice.ts, by=notice.person)


@when(Edited)
def edited(notice: Edited, *, incidents: Incidents, notes: Notes, pictures: Pictures) -> None:
    """Change the note, and the caption of pictures, when their message is edited."""
    if incident := incidents.in_channel(notice.channel):
        notes.correct(incident, notice.ts, notice.text)
        pictures.correct(incident, notice.ts, notice.text)
