"""A report of a month: counts, times, pages, work and follow-ups, and what people learnt.

It is made of records that its reader may see, and of nothing else, so no count tells of what they may not see.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.ledger import Month
from bot.domain.oncall.load import KINDS, Ring, command_periods, is_night
from bot.domain.policy import Timers
from bot.domain.postmortem.follow_up import Category, FollowUp
from bot.domain.postmortem.postmortem import Postmortem
from bot.domain.postmortem.statistics import clocks, updates
from bot.domain.report.counting import (
    Distribution,
    Exclusion,
    Punctuality,
    ReliefCount,
    TimeTo,
    exclusion,
    relief,
    times,
)

HOURS = 24
LESSONS = ("surprised", "helped", "hindered", "lucky")
"""The parts of a postmortem from which others learn."""
AGES = (timedelta(weeks=1), timedelta(weeks=4))
"""Where the ages of open follow-ups are divided."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """An incident that counts, with its times (None: unknown) and its updates."""

    incident: Incident
    times: Mapping[TimeTo, timedelta | None]
    updates: Punctuality
    longest_command: timedelta | None


@dataclass(frozen=True, kw_only=True)
class PagesByHour:
    """Pages that reached a person, by the hour of that person's clock, and how many of them came at night.

    `unknown`: how many reached somebody whom Spy does not know. They are in the hours by the report's clock.
    """

    hours: tuple[int, ...] = (0,) * HOURS
    at_night: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return sum(self.hours)

    @property
    def by_two_hours(self) -> tuple[int, ...]:
        """Return the pages of each two hours: a chart in Slack has 20 bars at most."""
        return tuple(map(sum, zip(self.hours[::2], self.hours[1::2], strict=True)))

    @classmethod
    def of(
        cls, rings: Iterable[Ring], *, zones: Mapping[str, str], zone: str, timers: Timers
    ) -> "PagesByHour":
        every = [(it.at, zones.get(it.person, zone), it.person) for it in rings]
        by_hour = Counter(at.astimezone(ZoneInfo(there)).hour for at, there, _ in every)
        return cls(
            hours=tuple(by_hour[it] for it in range(HOURS)),
            at_night=sum(is_night(at, there, timers) for at, there, _ in every),
            unknown=sum(not person for _, _, person in every),
        )


@dataclass(frozen=True, kw_only=True)
class CommandTime:
    """The time in command of all incidents together, and the longest that one person led without a break."""

    total: timedelta = timedelta()
    longest: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUpCount:
    """The follow-ups of a category: done, and open ones by age. `category` is empty if they have none yet."""

    category: str
    done: int = 0
    new: int = 0
    """Open, and added less than a week ago."""
    weeks: int = 0
    """Open for one to four weeks."""
    old: int = 0
    """Open for longer."""
    overdue: int = 0

    @property
    def open(self) -> int:
        return self.new + self.weeks + self.old


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What people wrote in a postmortem, in their own words. `url` is where they wrote it, if it was exported."""

    incident: int
    name: str
    part: str
    words: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReportRecords:
    """What a report is made of. All of it is what its reader may see."""

    incidents: Sequence[Incident] = ()
    entries: Mapping[int, Sequence[Entry]] = field(default_factory=dict)
    """Of each incident those of `KINDS`, `RELIEF_KINDS`, about updates, and that relief was asked for."""
    rings: Sequence[Ring] = ()
    """A page that reached nobody whom Spy knows has an empty person."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """The time zones of people."""
    follow_ups: Sequence[FollowUp] = ()
    overdue: Collection[int] = ()
    """The numbers of overdue follow-ups."""
    postmortems: Sequence[Postmortem] = ()
    relieved: Mapping[str, str] = field(default_factory=dict)
    """The person of each work period for which relief was asked, by its number."""


@dataclass(frozen=True, kw_only=True)
class MonthlyReport:
    """A month of a team, or of all teams (`team` is empty). `zone` says whose clock divides the months."""

    team: str
    month: Month
    zone: str
    is_current: bool
    """Whether the month is not over, so that more may come."""
    incidents: Sequence[Measured]
    left_out: Mapping[Exclusion, int]
    severities: Sequence[tuple[str, int]]
    """From the worst on. An empty name: not set."""
    services: Sequence[tuple[str, int]]
    """The most affected first. An incident counts for each of its services; an empty name: for none."""
    times: Sequence[Distribution]
    updates: Punctuality
    pages: PagesByHour
    command: CommandTime
    relief: ReliefCount
    follow_ups: Sequence[FollowUpCount]
    lessons: Sequence[Lesson]
    unwritten: int
    """How many of the incidents have no postmortem with words of a person."""

    @property
    def count(self) -> int:
        return len(self.incidents)

    @property
    def has_follow_ups(self) -> bool:
        return any(it.done or it.open for it in self.follow_ups)

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened: no incident of any kind, and no page."""
        return not (self.count or self.left_out or self.pages.total)


def made(
    records: ReportRecords,
    *,
    team: str,
    month: Month,
    zone: str,
    now: datetime,
    severities: Sequence[str],
    timers: Timers,
) -> MonthlyReport:
    """Return the report of these records. `severities` are those of the settings, from the worst on."""
    real = [it for it in records.incidents if not it.drill]
    counted = [_measured(it, records.entries.get(it.number, ()), now) for it in real if not exclusion(it)]
    left_out = Counter(filter(None, map(exclusion, records.incidents)))
    found = [it.incident for it in counted]
    lessons = _lessons(found, records.postmortems)
    written = {it.incident for it in records.postmortems if it.parts}
    worked = [it for it in real if not it.recorded]
    return MonthlyReport(
        team=team,
        month=month,
        zone=zone,
        is_current=month.span(zone).end > now,
        incidents=counted,
        left_out={it: left_out[it] for it in Exclusion if left_out[it]},
        severities=_by_severity(found, severities),
        services=_by_service(found),
        times=[Distribution.of(it, (one.times[it] for one in counted)) for it in TimeTo],
        updates=sum((it.updates for it in counted), Punctuality()),
        pages=PagesByHour.of(records.rings, zones=records.zones, zone=zone, timers=timers),
        command=_command(worked, records.entries, now),
        relief=relief((records.entries.get(it.number, ()) for it in worked), records.relieved),
        follow_ups=_by_category(records.follow_ups, records.overdue, now),
        lessons=lessons,
        unwritten=sum(it.number not in written for it in found),
    )


def _measured(incident: Incident, entries: Sequence[Entry], now: datetime) -> Measured:
    known = clocks(incident, entries, now=now)
    return Measured(
        incident=incident,
        times=times(known),
        updates=Punctuality.of(updates(entries)),
        longest_command=None if incident.recorded else known.longest_command,
    )


def _by_severity(incidents: Iterable[Incident], severities: Sequence[str]) -> list[tuple[str, int]]:
    """Return the severities of the settings in their order, then others, then those without one."""
    counted = Counter(it.severity or "" for it in incidents)
    known = dict.fromkeys([*severities, *sorted(counted.keys() - {*severities, ""})])
    return [*((it, counted[it]) for it in known), *([("", counted[""])] if counted[""] else [])]


def _by_service(incidents: Iterable[Incident]) -> list[tuple[str, int]]:
    counted = Counter(it for incident in incidents for it in dict.fromkeys(incident.services or ("",)))
    return sorted(counted.items(), key=lambda it: (not it[0], -it[1], it[0]))


def _command(
    incidents: Iterable[Incident], entries: Mapping[int, Sequence[Entry]], now: datetime
) -> CommandTime:
    lengths = [
        period.end - period.start
        for it in incidents
        for period in command_periods(
            [entry for entry in entries.get(it.number, ()) if entry.kind in KINDS], now=it.resolved_at or now
        )
    ]
    return CommandTime(total=sum(lengths, timedelta()), longest=max(lengths, default=None))


def _by_category(
    follow_ups: Iterable[FollowUp], overdue: Collection[int], now: datetime
) -> list[FollowUpCount]:
    by_category: dict[str, list[FollowUp]] = {it.value: [] for it in Category}
    for it in follow_ups:
        by_category.setdefault(it.category.value if it.category else "", []).append(it)
    return [_counted(category, them, overdue, now) for category, them in by_category.items()]


def _counted(
    category: str, follow_ups: Sequence[FollowUp], overdue: Collection[int], now: datetime
) -> FollowUpCount:
    ages = [now - it.added_at for it in follow_ups if it.is_open]
    week, month = AGES
    return FollowUpCount(
        category=category,
        done=len(follow_ups) - len(ages),
        new=sum(age < week for age in ages),
        weeks=sum(week <= age < month for age in ages),
        old=sum(age >= month for age in ages),
        overdue=sum(it.number in overdue for it in follow_ups),
    )


def _lessons(incidents: Iterable[Incident], postmortems: Iterable[Postmortem]) -> list[Lesson]:
    """Return what was learnt from these incidents, in their order: only what people wrote."""
    written = {it.incident: it for it in postmortems}
    return [
        Lesson(
            incident=it.number,
            name=it.name,
            part=part,
            words=postmortem.parts[part],
            url=postmortem.filed.url if postmortem.filed else None,
        )
        for it in incidents
        if (postmortem := written.get(it.number))
        for part in LESSONS
        if postmortem.parts.get(part, "").strip()
    ]
