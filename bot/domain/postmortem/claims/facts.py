"""What Spy knows for sure of an incident: when, by whom, and where the timeline has it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import HIDDEN, Entry
from bot.domain.oncall.load import KINDS, command_periods
from bot.domain.paging.page import Page

People = frozenset[str] | None
"""Slack ids; None if it is not known who it was."""
NOBODY: frozenset[str] = frozenset()


class FactKind(StrEnum):
    """What a sentence can be about. The values are those of the templates."""

    IMPACT = "impact"
    ALERT = "alert"
    DECLARED = "declared"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    UPDATED = "updated"
    PUBLISHED = "published"
    COMMAND = "command"
    LED = "led"
    SEVERITY = "severity"
    IDENTIFIED = "identified"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    FAILOVER_BEGAN = "failover_began"
    FAILOVER_APPROVED = "failover_approved"
    FAILOVER_ENDED = "failover_ended"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened at `at` (UTC), and lasted until `until` if that is set."""

    kind: FactKind
    at: datetime
    who: People = None
    whom: People = NOBODY
    """Who was paged, or who had command before."""
    team: str = ""
    severity: str = ""
    until: datetime | None = None
    permalink: str | None = None
    is_hidden: bool = False
    """Whether people hid its line. Then nothing is said of it, but a sentence that agrees with it is true."""


@dataclass(frozen=True, kw_only=True)
class Between:
    """The time between two facts."""

    start: Fact
    end: Fact

    @property
    def length(self) -> timedelta:
        return self.end.at - self.start.at


def facts(
    incident: Incident,
    entries: Sequence[Entry],
    pages: Sequence[Page],
    *,
    ids: Mapping[str, People],
    now: datetime,
) -> list[Fact]:
    """Return what is known, in order of time. `ids` are the people whom a name at the pager means, by name.

    A line that was corrected or removed counts as its correction. Lines that a merge brought are of another incident.
    """
    gone = {it.supersedes for it in entries if it.supersedes}
    kept = [it for it in entries if it.seq not in gone]
    is_own = not any(it.is_adopted for it in pages)  # the others rang before Spy heard of them
    found = [
        *(fact for it in kept for fact in _of_entry(it, ids)),
        *_of_impact(incident, kept),
        *(fact for it in pages if is_own for fact in _of_page(it, kept, ids)),
        *_of_command(entries, incident.resolved_at or now),
    ]
    return sorted(found, key=lambda it: it.at)


def _of_entry(entry: Entry, ids: Mapping[str, People]) -> Iterator[Fact]:
    actor: People = frozenset({entry.actor}) if entry.actor else None
    data = entry.data
    match entry.kind:
        case "declared":
            leads = data.get("commander") or entry.actor
            who: People = frozenset(filter(None, (leads, entry.actor)))
            severity = data.get("severity") or ""
            yield _fact(FactKind.DECLARED, entry, who=who, severity=severity)
            yield _fact(FactKind.COMMAND, entry, who=frozenset({str(leads)}))
        case "severity_set":
            yield _fact(FactKind.SEVERITY, entry, who=actor, severity=str(data["severity"]))
        case "phase_changed" if data["phase"] in {FactKind.MITIGATED, FactKind.IDENTIFIED}:
            yield _fact(FactKind(data["phase"]), entry, who=actor)
        case "command_taken":
            before = frozenset(filter(None, (data.get("before"),)))
            yield _fact(FactKind.COMMAND, entry, who=frozenset({str(data["commander"])}), whom=before)
        case "page_acknowledged":
            known = frozenset({data["person"]}) if data.get("person") else ids.get(str(data["who"]))
            yield _fact(FactKind.ACKNOWLEDGED, entry, who=known)
        case "failover_ended":
            yield _fact(FactKind.FAILOVER_ENDED, entry, who=None)
        case kind if kind in _PLAIN:
            yield _fact(_PLAIN[kind], entry, who=actor)


_PLAIN: Mapping[str, FactKind] = {
    "alert_added": FactKind.ALERT,
    "update_posted": FactKind.UPDATED,
    "status_published": FactKind.PUBLISHED,
    "resolved": FactKind.RESOLVED,
    "cancelled": FactKind.RESOLVED,
    "reopened": FactKind.REOPENED,
    "failover_began": FactKind.FAILOVER_BEGAN,
    "failover_approved": FactKind.FAILOVER_APPROVED,
}


def _fact(
    kind: FactKind, entry: Entry, *, who: People, whom: People = NOBODY, team: str = "", severity: str = ""
) -> Fact:
    began = entry.data.get("began_at") if kind is FactKind.ALERT else None
    return Fact(
        kind=kind,
        at=_moment(began) or entry.occurred_at,
        who=who,
        whom=whom,
        team=team,
        severity=severity,
        permalink=entry.permalink,
        is_hidden=entry.visibility == HIDDEN,
    )


def _moment(value: object) -> datetime | None:
    return (
        datetime.fromisoformat(value)
        if isinstance(value, str)
        else value
        if isinstance(value, datetime)
        else None
    )


def _of_impact(incident: Incident, kept: Iterable[Entry]) -> Iterator[Fact]:
    if incident.impact_since:
        line = next((it for it in reversed([*kept]) if it.kind == "impact_stated"), None)
        yield Fact(
            kind=FactKind.IMPACT,
            at=incident.impact_since,
            permalink=line.permalink if line else None,
            is_hidden=line is not None and line.visibility == HIDDEN,
        )


def _of_page(page: Page, kept: Iterable[Entry], ids: Mapping[str, People]) -> Iterator[Fact]:
    """Yield when it was requested, and each escalation."""
    lines = [it for it in kept if it.data.get("page") == page.number]
    asked = next((it for it in lines if it.kind == "page_requested"), None)
    reached = [it.data.get("assigned") for it in lines if it.kind == "page_sent"]
    requested_by: People = frozenset({page.requested_by}) if page.requested_by else None
    yield Fact(
        kind=FactKind.PAGED,
        at=page.requested_at,
        who=requested_by,
        whom=frozenset({page.person}) if page.person else _all_named(reached, ids),
        team=page.team or "",
        permalink=asked.permalink if asked else None,
        is_hidden=asked is not None and asked.visibility == HIDDEN,
    )
    for line in lines:
        if line.kind == "page_escalated":
            yield _fact(
                FactKind.PAGED, line, who=None, whom=_all_named([line.data["to"]], ids), team=page.team or ""
            )


def _all_named(lists: Sequence[object], ids: Mapping[str, People]) -> People:
    """Return whom lists of names mean. None if one of them is unknown, or there is none."""
    names = [it.strip() for them in lists for it in str(them or "").replace(" and ", ",").split(",")]
    known = [ids.get(it) for it in names]
    return frozenset(person for them in known if them for person in them) if known and all(known) else None


def _of_command(entries: Sequence[Entry], until: datetime) -> Iterator[Fact]:
    lines = {it.occurred_at: it for it in entries if it.kind in {"declared", "command_taken", "reopened"}}
    for period in command_periods([it for it in entries if it.kind in KINDS], now=until):
        line = lines.get(period.start)
        yield Fact(
            kind=FactKind.LED,
            at=period.start,
            until=period.end,
            who=frozenset({period.person}),
            permalink=line.permalink if line else None,
            is_hidden=line is not None and line.visibility == HIDDEN,
        )
