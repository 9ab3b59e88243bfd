"""Incidents and their timelines as programs read them. The fields are a contract: none is renamed or removed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.incident.incident import Incident
from bot.domain.markup import MENTION
from bot.ports import Templates
from bot.services.incident.page import topic_of
from bot.services.people import People
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]


class Described:
    """A record whose fields are described by the strings below them, also in the API's document."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"use_attribute_docstrings": True}


@dataclass(frozen=True, kw_only=True)
class ApiPerson(Described):
    """A person."""

    id: str
    """The Slack id."""
    name: str | None
    """Null if Spy does not know it."""


@dataclass(frozen=True, kw_only=True)
class ApiLink(Described):
    """A link that people added."""

    url: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ApiIncident(Described):
    """An incident. Times are in UTC."""

    number: int
    id: str
    """INC- and the number."""
    name: str
    url: str | None
    """Its page on the dashboard."""
    phase: str
    """triage, investigating, identified, mitigated, monitoring; or resolved, reviewed, merged, false alarm."""
    is_open: bool
    severity: str | None
    private: bool
    drill: bool
    services: Sequence[str]
    """The services that it affects."""
    commander: ApiPerson | None
    roles: Mapping[str, ApiPerson]
    """Who has which other role."""
    declared_at: datetime
    declared_by: ApiPerson | None
    """Null if Spy opened it for an alert."""
    impact: str | None
    impact_since: datetime | None
    cause: str | None
    """The suspected cause."""
    update: str | None
    """The last update."""
    updated_at: datetime | None
    update_due: datetime | None
    """When the next update is due."""
    mitigated_at: datetime | None
    resolved_at: datetime | None
    """When it ended."""
    resolution: str | None
    """How it was fixed, or why it was a false alarm."""
    merged_into: int | None
    """The number of the incident as which it goes on; null also if that one is private."""
    channel: str | None
    """The Slack id of its channel."""
    links: Sequence[ApiLink]


@dataclass(frozen=True, kw_only=True)
class ApiLine(Described):
    """A line of a timeline."""

    incident: int
    line: int
    """Its number in this timeline. A corrected line has a new one."""
    kind: str
    """What happened, such as update_posted."""
    topic: str
    """updates, notes, pages, changes, alerts, failovers, follow-ups or state."""
    at: datetime
    """When it happened, in UTC."""
    by: ApiPerson | None
    """Null if Spy did it."""
    text: str
    """What the channel reads, as plain text."""
    permalink: str | None
    """Its message in Slack."""
    is_edited: bool


class ApiViews:
    def __init__(self, tx: Transaction, templates: Templates) -> None:
        self._tx = tx
        self._templates = templates
        self._people = People(tx)

    def person(self, ident: str | None) -> ApiPerson | None:
        return ApiPerson(id=ident, name=self._people.name(ident)) if ident else None

    def incident(self, it: Incident) -> ApiIncident:
        """Return an incident for somebody who may see it."""
        address = self._tx.policy.dashboard.address
        return ApiIncident(
            number=it.number,
            id=it.id,
            name=it.name,
            url=f"{address.rstrip('/')}/incidents/{it.number}" if address else None,
            phase=it.phase.value,
            is_open=it.is_open,
            severity=it.severity,
            private=it.private,
            drill=it.drill,
            services=it.services,
            commander=self.person(it.commander),
            roles={role: one for role, person in it.roles.items() if (one := self.person(person))},
            declared_at=it.declared_at,
            declared_by=self.person(it.declared_by),
            impact=self._words(it.impact),
            impact_since=it.impact_since,
            cause=self._words(it.cause),
            update=self._words(it.update),
            updated_at=it.updated_at,
            update_due=it.update_due,
            mitigated_at=it.mitigated_at,
            resolved_at=it.resolved_at,
            resolution=self._words(it.resolution),
            merged_into=self._merged_into(it),
            channel=it.channel,
            links=[ApiLink(url=link.url, title=link.title) for link in it.links],
        )

    def _merged_into(self, it: Incident) -> int | None:
        into = self._tx.session.incidents.look(it.merged.into) if it.merged else None
        return into.number if into and not into.private else None

    def _words(self, typed: str | None) -> str | None:
        """Return what people typed, with names instead of ids."""
        return typed and MENTION.sub(lambda it: f"@{self._people.name(it['id']) or it['id']}", typed)

    def lines(self, events: Iterable[Facts]) -> list[ApiLine]:
        """Return lines of a timeline in the words of the channel."""
        return [self._line(it) for it in events]

    def _line(self, event: Facts) -> ApiLine:
        return ApiLine(
            incident=event["incident"],
            line=event["line"],
            kind=event["kind"],
            topic=topic_of(event["kind"]),
            at=event["at"],
            by=self.person(event["by"]),
            text=self._templates.words("incident/line", {"e": event}, names=self._people.name).strip(),
            permalink=event["permalink"],
            is_edited=bool(event["edits"]),
        )
