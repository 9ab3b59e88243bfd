"""Incidents: a list, one, its timeline, and its postmortem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from bot.domain.incident.incident import Incident
from bot.domain.incident.search import ALL, OPEN, OVER, Search
from bot.domain.incident.timeline import WantedLines
from bot.domain.policy import Policy
from bot.domain.text import one_line
from bot.ports import Templates
from bot.services.api.incidents import ApiIncident, ApiLine, ApiViews, Described
from bot.services.incident.incidents import Incidents
from bot.services.incident.page import IncidentPage, kinds_of
from bot.services.people import People
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction
from bot.web.api import ApiRequest, IncidentNumber, Moment, NotHere, Query, reads
from bot.web.api.cursors import cursor_of, read_cursor
from bot.web.api.shapes import Cursor, SlackId

NOT_HERE = "There is no such incident, or you can't see it."
PHASES = {"all": ALL, "open": OPEN, "past": OVER}
MOST_WORDS = 20
LINE_PLACE: TypeAdapter[tuple[AwareDatetime, IncidentNumber]] = TypeAdapter(
    tuple[AwareDatetime, IncidentNumber]
)
"""Where a timeline goes on: a time, and a line."""
Topic = Literal["updates", "notes", "pages", "changes", "alerts", "failovers", "follow-ups", "state"]


class IncidentQuery(Query):
    """Which incidents. All conditions must hold."""

    state: Literal["all", "open", "past"] = "all"
    severity: Annotated[str, Field(max_length=50)] | None = None
    service: Annotated[str, Field(max_length=100)] | None = None
    """A service that it affects."""
    team: Annotated[str, Field(max_length=50)] | None = None
    """A team that was paged or notified."""
    person: SlackId | None = None
    """Somebody who was in it."""
    words: Annotated[str, Field(max_length=200)] | None = None
    """Each is in its name, impact, cause or resolution."""
    since: Moment | None = None
    """Opened or ended at this time or later."""
    until: Moment | None = None
    """Opened before this time."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Cursor | None = None


@dataclass(frozen=True, kw_only=True)
class IncidentList(Described):
    """Incidents, newest first."""

    incidents: Sequence[ApiIncident]
    next: str | None
    """The `cursor` of the next page; null on the last one."""


class LineQuery(Query):
    """Which lines. All conditions must hold."""

    topic: Topic | None = None
    person: SlackId | None = None
    """Who did it."""
    words: Annotated[str, Field(max_length=200)] | None = None
    cursor: Cursor | None = None


@dataclass(frozen=True, kw_only=True)
class Timeline(Described):
    """Lines of a timeline, newest first, as the timeline reads now: corrected, without hidden lines."""

    lines: Sequence[ApiLine]
    next: str | None
    """The `cursor` of the next page; null on the last one."""


@dataclass(frozen=True, kw_only=True)
class ApiDocument(Described):
    """A postmortem as it is now."""

    title: str
    markdown: str


@reads("/incidents")
def list_incidents(
    ask: ApiRequest, query: IncidentQuery, *, incidents: Incidents, templates: Templates, tx: Transaction
) -> IncidentList:
    """List the incidents that you may see."""
    found = incidents.latest(_search(ask, query, tx.policy), limit=query.limit + 1)
    shown, views = found[: query.limit], ApiViews(tx, templates)
    is_last = len(found) <= query.limit
    return IncidentList(
        incidents=[views.incident(it) for it in shown],
        next=None if is_last else cursor_of(ask, shown[-1].number),
    )


@reads("/incidents/{number}")
def get_incident(
    ask: ApiRequest, number: IncidentNumber, *, pages: IncidentPage, templates: Templates, tx: Transaction
) -> ApiIncident:
    """Return an incident as it is now."""
    return ApiViews(tx, templates).incident(_found(ask, number, pages))


@reads("/incidents/{number}/timeline")
def get_timeline(
    ask: ApiRequest,
    number: IncidentNumber,
    query: LineQuery,
    *,
    pages: IncidentPage,
    templates: Templates,
    tx: Transaction,
) -> Timeline:
    """Return up to 100 lines of an incident's timeline."""
    window = pages.window(_found(ask, number, pages), _lines(ask, query))
    earlier: tuple[datetime, int] | None = window["earlier"]
    return Timeline(
        lines=ApiViews(tx, templates).lines(window["events"]),
        next=cursor_of(ask, [earlier[0].isoformat(), earlier[1]]) if earlier else None,
    )


@reads("/incidents/{number}/postmortem")
def get_postmortem(
    ask: ApiRequest,
    number: IncidentNumber,
    *,
    pages: IncidentPage,
    documents: Documents,
    templates: Templates,
    tx: Transaction,
) -> ApiDocument:
    """Return an incident's postmortem as it is now, in Markdown."""
    facts: Mapping[str, Any] = documents.document(_found(ask, number, pages))
    made = templates.document("postmortem/document", facts, names=People(tx).name)
    return ApiDocument(title=made.title, markdown=made.text)


def _found(ask: ApiRequest, number: int, pages: IncidentPage) -> Incident:
    found = pages.seen_by(ask.person, number)
    if found is None:
        raise NotHere(NOT_HERE)
    return found


def _search(ask: ApiRequest, query: IncidentQuery, policy: Policy) -> Search:
    below = read_cursor(ask, query.cursor, TypeAdapter(IncidentNumber)) if query.cursor else None
    return Search(
        seen_by=ask.person,
        phases=PHASES[query.state],
        severity=policy.severity(query.severity).key if query.severity else None,
        service=policy.service(query.service).key if query.service else None,
        team=policy.team(query.team).key if query.team else None,
        people=(query.person,) if query.person else (),
        words=tuple(one_line(query.words or "").split()),
        since=query.since,
        until=query.until,
        below=below,
    )


def _lines(ask: ApiRequest, query: LineQuery) -> WantedLines:
    before = read_cursor(ask, query.cursor, LINE_PLACE) if query.cursor else None
    return WantedLines(
        kinds=kinds_of([query.topic]) if query.topic else (),
        person=query.person,
        words=one_line(query.words or ""),
        before=before,
    )
