"""One incident's page: its state, its live timeline, its past, and what people may write here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bot.commands.plugins import CommandRegistry
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import WantedLines
from bot.services.incident.page import TOPICS, IncidentPage, kinds_of
from bot.services.permissions import Permissions
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction
from bot.web.answer import NotHere
from bot.web.dashboard.page import PageReply, PageRequest, page

NOT_HERE = "There is no such incident, or you can't see it."
MAJOR = (
    "lead",
    "offer",
    "due",
    "end",
    "broken",
    "waits",
    "impact",
    "services",
    "update",
    "cause",
    "suspects",
)
MINOR = ("guide", "coming", "pages", "locks", "failovers", "roles", "links")
PANELS = ("people", "changes", "follow_ups", "postmortem")
"""The facts by where they stand."""
NAMES = ("badges", *MAJOR, *MINOR, *PANELS)
LONGEST = 100
"""Characters of a filter that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A form on the page: it fills a slot of a command."""

    label: str
    say: str
    question: str
    slot: str
    button: str
    most: int = 3000
    is_needed: bool = True
    asks_next: bool = False
    kind: str = "primary"


UPDATE = Writing(
    label="Post an update",
    say="incident report",
    question="What is known, what is being done, what is next",
    slot="message",
    button="Post the update",
    asks_next=True,
)
NOTE = Writing(
    label="Add a note", say="incident note", question="What happened", slot="text", button="Add the note"
)
RESOLVE = Writing(
    label="Resolve",
    say="incident stop",
    question="How was it fixed? One sentence is enough",
    slot="how",
    button="Resolve the incident",
    most=1000,
    is_needed=False,
    kind="danger",
)


# --- the pages --------------------------------------------------------------------------------------------


@page("/incidents/{number}")
def incident(
    ask: PageRequest,
    *,
    pages: IncidentPage,
    permissions: Permissions,
    registry: CommandRegistry,
    tx: Transaction,
) -> PageReply:
    """Show an incident; with `part`, only a window of its timeline, or its past from one change to the next."""
    it = _found(ask, pages)
    if ask.query.get("part") == "lines":
        return PageReply("web/incident_window", _window(ask, pages, it))
    if ask.query.get("part") == "replay":
        return PageReply("web/incident_replay", {"replay": pages.replay(it)})
    return PageReply(
        "web/incident",
        {
            "incident": it,
            "f": pages.now(it),
            "major": MAJOR,
            "minor": MINOR,
            "panels": PANELS,
            "writes": [
                one
                for one in _possible(it)
                if permissions.may(ask.viewer.id, _role(one.say, registry, tx), it)
            ],
            "filters": pages.filters(it),
            **_window(ask, pages, it),
        },
    )


@page("/incidents/{number}/postmortem")
def postmortem(ask: PageRequest, *, pages: IncidentPage, documents: Documents) -> PageReply:
    """Show its postmortem as it is now."""
    it = _found(ask, pages)
    return PageReply("web/incident_postmortem", {"incident": it, "facts": documents.document(it)})


# --- what is asked for ------------------------------------------------------------------------------------


def number_of(word: str) -> int | None:
    """Return the number in a path; None if there is none."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None  # noqa: PLR2004


def lines_of(query: Mapping[str, str]) -> WantedLines:
    """Return which lines a query asks for. What can't be read counts as not given."""
    return WantedLines(
        kinds=kinds_of(_topics(query)),
        person=query.get("by", "")[:LONGEST] or None,
        words=query.get("words", "")[:LONGEST].strip(),
        before=_before(query.get("before", "")),
        until=_moment(query.get("until", "")),
    )


def _found(ask: PageRequest, pages: IncidentPage) -> Incident:
    number = number_of(ask.path["number"])
    found = pages.seen_by(ask.viewer.id, number) if number else None
    if found is None:
        raise NotHere(NOT_HERE)
    return found


def _window(ask: PageRequest, pages: IncidentPage, it: Incident) -> Mapping[str, Any]:
    wanted = lines_of(ask.query)
    window = pages.window(it, wanted)
    filters = dict.fromkeys(_topics(ask.query), "1") | {"by": wanted.person, "words": wanted.words}
    return {
        "incident": it,
        "window": {**window, "earlier": _cursor(*window["earlier"]) if window["earlier"] else ""},
        "wanted": wanted,
        "wanted_topics": _topics(ask.query),
        "filtered": urlencode({name: value for name, value in filters.items() if value}),
    }


def _topics(query: Mapping[str, str]) -> Sequence[str]:
    return [topic for topic in TOPICS if query.get(topic)]


def _cursor(at: datetime, line: int) -> str:
    """Return where a window ends, so that it can stand in an address."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{line}"


def _before(cursor: str) -> tuple[datetime, int] | None:
    at, _, line = cursor.partition("~")
    moment, number = _moment(at), number_of(line)
    return (moment, number) if moment and number is not None else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


# --- writing ----------------------------------------------------------------------------------------------


def _possible(it: Incident) -> Iterator[Writing]:
    if it.is_open:
        yield UPDATE
    yield NOTE
    if it.is_open:
        yield RESOLVE


def _role(words: str, registry: CommandRegistry, tx: Transaction) -> str:
    """Return the role without which Spy does not run a command."""
    return next(it.needs(tx.policy) for it in registry.commands if it.words == words)
