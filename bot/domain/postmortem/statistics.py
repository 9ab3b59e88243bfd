"""Statistics of an incident from its timeline: phases, updates, key times, and bars for the picture."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.event import EVENT_KINDS
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.load import KINDS, command_periods
from bot.domain.paging.page import Page

MOST_BARS = 12
"""The most bars of one kind that stay readable in a picture."""
MARGIN = timedelta(seconds=59)
"""An update this much after its due time still counts as on time, because people promise minutes."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """A posted update, and when it was due (UTC; None: nobody had promised it)."""

    at: datetime
    promised: datetime | None
    by: str | None = None

    @property
    def late(self) -> timedelta | None:
        is_late = self.promised is not None and self.at - self.promised > MARGIN
        return self.at - self.promised if is_late and self.promised else None


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A span of time in the picture; without an `end` it is a point. `state` is done, active or late."""

    row: str
    label: str
    start: datetime
    end: datetime | None = None
    state: str = "done"


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """The key times (UTC) and durations of an incident. None: unknown or not reached."""

    began: datetime | None
    declared: datetime
    acknowledged: datetime | None
    updated: datetime | None
    mitigated: datetime | None
    resolved: datetime | None
    undetected: timedelta | None
    to_mitigate: timedelta | None
    hurt: timedelta | None
    longest_command: timedelta | None


def counted_kinds() -> frozenset[str]:
    """Return the kinds of entries that `clocks` and `updates` look at."""
    promising = (kind for kind, event in EVENT_KINDS.items() if "next_due" in event.__dataclass_fields__)
    return frozenset({*KINDS, "update_posted", *promising})


def clocks(incident: Incident, entries: Sequence[Entry], *, now: datetime) -> Clocks:
    """Return the key times. Without a stated impact, its start is unknown."""
    began, mitigated = incident.impact_since, incident.mitigated_at
    since = began or incident.declared_at
    led = [
        period.end - period.start
        for period in command_periods(_leading(entries), now=incident.resolved_at or now)
    ]
    return Clocks(
        began=began,
        declared=incident.declared_at,
        acknowledged=incident.first_acknowledged_at,
        updated=incident.first_updated_at,
        mitigated=mitigated,
        resolved=incident.resolved_at,
        undetected=max(incident.declared_at - began, timedelta()) if began else None,
        to_mitigate=mitigated - since if mitigated else None,
        hurt=mitigated - began if began and mitigated else None,
        longest_command=max(led, default=None),
    )


def _leading(entries: Iterable[Entry]) -> list[Entry]:
    return [it for it in entries if it.kind in KINDS]


def updates(entries: Iterable[Entry]) -> list[Update]:
    """Return each posted update with the due time that was valid when it came."""
    promised: datetime | None = None
    found = []
    for entry in entries:
        if entry.kind == "update_posted" and entry.supersedes is None:
            found.append(Update(at=entry.occurred_at, promised=promised, by=entry.actor))
        if "next_due" in entry.data and entry.supersedes is None:
            due = entry.data["next_due"]
            promised = datetime.fromisoformat(due) if isinstance(due, str) else due
    return found


def phases(entries: Iterable[Entry], *, now: datetime) -> list[Bar]:
    """Return each phase as a bar."""
    bars: list[Bar] = []
    phase, since = "", None
    for entry in entries:
        new = _phase(entry)
        if new is None:
            continue
        if since and phase:
            bars.append(Bar(row="Phases", label=phase, start=since, end=entry.occurred_at))
        phase, since = new, entry.occurred_at
    if since and phase:
        bars.append(Bar(row="Phases", label=phase, start=since, end=now, state="active"))
    return bars


def _phase(entry: Entry) -> str | None:
    """Return the phase that begins with this entry: "" if the incident ends, None if the phase stays."""
    match entry.kind:
        case "declared":
            return "triage"
        case "phase_changed":
            return str(entry.data["phase"])
        case "reopened":
            return "investigating"
        case "resolved" | "cancelled":
            return ""
    return None


def bars(
    incident: Incident,
    entries: Sequence[Entry],
    pages: Sequence[Page],
    *,
    names: dict[str, str],
    now: datetime,
) -> list[Bar]:
    """Return the bars of an incident: its phases, its commanders, its pages, and its updates."""
    until = incident.resolved_at or now
    rows = (
        phases(entries, now=until),
        list(_led(entries, names, until)),
        list(_rang(pages, names, until)),
        list(_told(entries)),
    )
    return [bar for row in rows for bar in _few(row)]


def _few(row: list[Bar]) -> list[Bar]:
    """Keep the most important bars of a row: late ones first, then the latest. Return them in order of time."""
    kept = sorted(row, key=lambda bar: (bar.state == "late", bar.start))[-MOST_BARS:]
    return sorted(kept, key=lambda bar: bar.start)


def _led(entries: Sequence[Entry], names: dict[str, str], until: datetime) -> Iterator[Bar]:
    for period in command_periods(_leading(entries), now=until):
        if period.end > period.start:
            name = names.get(period.person, period.person)
            yield Bar(row="Command", label=name, start=period.start, end=period.end, state="active")


def _rang(pages: Sequence[Page], names: dict[str, str], until: datetime) -> Iterator[Bar]:
    for page in pages:
        whom = names.get(page.whom.strip("<@>"), page.whom)
        end = page.acknowledged_at or page.resolved_at or until
        state = "done" if page.acknowledged_at else "late"
        words = "acknowledged" if page.acknowledged_at else "not acknowledged"
        yield Bar(row="Pages", label=f"{whom}, {words}", start=page.requested_at, end=end, state=state)


def _told(entries: Sequence[Entry]) -> Iterator[Bar]:
    for update in updates(entries):
        late = update.late
        words = f"{int(late.total_seconds() // 60)} min late" if late else "on time"
        label = words if update.promised else "not promised"
        yield Bar(row="Updates", label=label, start=update.at, state="late" if late else "done")
