"""The timeline, put in order: keep, hide, move, merge and edit its lines."""

from datetime import UTC, datetime

from bot.commands.ask import Ask, Shared
from bot.commands.command import command, when
from bot.commands.reply import Reply
from bot.domain.incident import Incident
from bot.domain.refusal import Refusal
from bot.services.curation import Curation
from bot.services.incidents import Incidents


@command('incident timeline keep "numbers"')
def keep(incident: Incident, numbers: str, *, curation: Curation) -> Reply:
    """Let lines be in every telling, the postmortem's too: `timeline keep 7 8`."""
    curation.keep(incident, _numbers(numbers))
    return Reply("timeline/curated", {"incident": incident, "numbers": _numbers(numbers), "what": "kept"})


@command('incident timeline hide "numbers"')
def hide(incident: Incident, numbers: str, *, curation: Curation) -> Reply:
    """Leave lines out of every telling; the full log has them still."""
    curation.hide(incident, _numbers(numbers))
    return Reply("timeline/curated", {"incident": incident, "numbers": _numbers(numbers), "what": "hidden"})


@command("incident timeline move <number> to|at <moment>")
def move(incident: Incident, number: str, moment: datetime, *, curation: Curation) -> Reply:
    """Say that a note happened at another time: `timeline move 7 to 10:05`, in your own time zone."""
    moved = curation.move(incident, _numbers(number)[0], moment)
    return Reply("timeline/curated", {"incident": incident, "numbers": [moved.seq], "what": "moved"})


@command('incident timeline merge "numbers"')
def merge(incident: Incident, numbers: str, *, curation: Curation) -> Reply:
    """Put the words of several lines into the first of them."""
    merged = curation.merge(incident, _numbers(numbers))
    return Reply("timeline/curated", {"incident": incident, "numbers": [merged.seq], "what": "merged"})


@command('incident timeline edit <number> "words"')
def edit(ask: Ask, incident: Incident, number: str, words: str, *, curation: Curation) -> Reply:
    """Say a line's words otherwise; what was said before stays in the full log."""
    del ask
    edited = curation.edit(incident, _numbers(number)[0], words)
    return Reply("timeline/curated", {"incident": incident, "numbers": [edited.seq], "what": "reworded"})


@when(Shared)
def shared(notice: Shared, *, incidents: Incidents, curation: Curation) -> None:
    """A picture shared in the room is kept with the timeline: where it is, not the picture itself."""
    incident = incidents.in_room(notice.channel)
    if incident:
        said_at = datetime.fromtimestamp(float(notice.ts), UTC)
        for name, url in notice.images:
            curation.add_image(
                incident,
                name=name,
                url=url,
                message=notice.ts,
                words=notice.text,
                by=notice.person,
                said_at=said_at,
            )


def _numbers(words: str) -> list[int]:
    said = words.replace(",", " ").replace("#", " ").split()
    if not said or not all(it.isdigit() and len(it) < 10 for it in said):  # noqa: PLR2004  a database's number
        raise Refusal(f"{words[:40]} is no number of a line. `incident timeline` shows them.", slot="numbers")
    return [int(it) for it in said]
