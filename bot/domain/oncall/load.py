"""The load of being on call, per person: pages, night pages, hours in command, incidents."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.incident.timeline import Entry
from bot.domain.policy import Timers

SHIFT = timedelta(hours=12)
"""The length of a shift. Two incidents in it are the most that one person handles well (Google's SRE book)."""
KINDS = (
    "declared",
    "command_taken",
    "resolved",
    "cancelled",
    "merged_into",
    "reopened",
    "person_unavailable",
)


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A page or a command that reached a person (Slack id). All with one `about` count as one incident.

    `person` is empty if Spy does not know whom a page reached.
    """

    person: str
    at: datetime
    about: str
    team: str = ""
    """The team that was paged, or whose service was."""
    incident: int | None = None


@dataclass(frozen=True, kw_only=True)
class CommandPeriod:
    """A time in command of one incident."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Load:
    """The load of one person in a span of time."""

    person: str
    pages: int = 0
    night_pages: int = 0
    commanded: timedelta = timedelta()
    incidents: int = 0
    busiest: int = 0
    """The most incidents within any 12 h."""
    is_heavy: bool = False


@dataclass(kw_only=True)
class _Tally:
    rings: list[Ring] = field(default_factory=list)
    led: list[Ring] = field(default_factory=list)
    """When each incident became theirs to lead."""
    commanded: timedelta = timedelta()
    about: set[str] = field(default_factory=set)


def loads(
    rings: Iterable[Ring],
    command_periods: Mapping[str, Sequence[CommandPeriod]],
    *,
    since: datetime,
    zones: Mapping[str, str],
    timers: Timers,
) -> list[Load]:
    """Return the load per person since a time (UTC), the highest first. The keys of `spells` name the incidents."""
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    for ring in rings:
        if ring.at >= since:
            tallies[ring.person].rings.append(ring)
            tallies[ring.person].about.add(ring.about)
    for about, led in command_periods.items():
        for period in led:
            if period.end > since:
                tallies[period.person].commanded += period.end - max(period.start, since)
                tallies[period.person].about.add(about)
            if period.start >= since:
                tallies[period.person].led.append(Ring(person=period.person, at=period.start, about=about))
    summed = (_load(person, it, zones.get(person, "UTC"), timers) for person, it in tallies.items())
    return sorted(summed, key=lambda load: (-load.pages, -load.commanded, load.person))


def _load(person: str, tally: _Tally, zone: str, timers: Timers) -> Load:
    busiest = most_at_once([*tally.rings, *tally.led])
    return Load(
        person=person,
        pages=len(tally.rings),
        night_pages=sum(is_night(ring.at, zone, timers) for ring in tally.rings),
        commanded=tally.commanded,
        incidents=len(tally.about),
        busiest=busiest,
        is_heavy=busiest >= timers.shift_load_flag,
    )


def is_night(at: datetime, zone: str, timers: Timers) -> bool:
    """Whether it is night in a zone (IANA)."""
    return timers.is_night(at.astimezone(ZoneInfo(zone)).hour)


def most_at_once(rings: Sequence[Ring]) -> int:
    """Return the number of incidents in the busiest 12 h."""
    return max(
        (len({ring.about for ring in rings if first.at <= ring.at < first.at + SHIFT}) for first in rings),
        default=0,
    )


def command_periods(entries: Iterable[Entry], *, now: datetime) -> list[CommandPeriod]:
    """Return who led an incident and when. `entries` are those of `KINDS` from its timeline, in order."""
    found: list[CommandPeriod] = []
    leads: str | None = None
    since: datetime | None = None
    for entry in entries:
        at = entry.occurred_at
        if leads and since and entry.kind != "reopened":
            found.append(CommandPeriod(person=leads, start=since, end=at))
        match entry.kind:
            case "declared":
                leads, since = entry.actor, at
            case "command_taken":
                leads, since = str(entry.data["commander"]), at
            case "person_unavailable":
                leads, since = (None, None) if entry.data["led"] else (leads, since and at)
            case "reopened":
                since = at
            case _:
                since = None
    if leads and since:
        found.append(CommandPeriod(person=leads, start=since, end=now))
    return found
