"""The ledger of being on call: hours of a month, each cut so that it counts once, and the sums of them.

Every line is of one local day of one person, and names its source: a shift, a page, or a work period. Hours are
lengths of real time, so a night in which clocks change has eight or ten of them.
"""

from calendar import month_name
from collections.abc import Callable, Iterable, Iterator
from csv import writer
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from html import escape
from io import StringIO
from zoneinfo import ZoneInfo

from bot.domain.daylight import at_hour
from bot.domain.oncall.rest import Span, merged
from bot.domain.policy import Timers

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SATURDAY = 5
Holiday = Callable[[date, str], str | None]
"""Returns the name of a holiday on a day, for a team (its key; empty if it is none's)."""


class LedgerSource(StrEnum):
    SHIFT = "shift"
    PAGE = "page"
    WORK = "work"


@dataclass(frozen=True, kw_only=True)
class Month:
    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def name(self) -> str:
        """Its name in words: November 2026."""
        return f"{month_name[self.month]} {self.year}"

    def span(self, zone: str) -> Span:
        """Return its time by the clock of a zone."""
        first = date(self.year, self.month, 1)
        after = date(self.year + self.month // 12, self.month % 12 + 1, 1)
        return Span(start=_midnight(first, zone), end=_midnight(after, zone))

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        return cls(year=moment.year, month=moment.month)

    def before(self, months: int) -> "Month":
        at = self.year * 12 + self.month - 1 - months
        return Month(year=at // 12, month=at % 12 + 1)


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """Something to count: its time, and what it is. `ref` names it in Spy or at the pager. A page has no length."""

    source: LedgerSource
    ref: str
    span: Span
    team: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A part of an entry within one local day. Time that another entry of this kind has counted is left out."""

    person: str
    source: LedgerSource
    ref: str
    team: str
    day: date
    zone: str
    span: Span
    hours: timedelta
    night: timedelta
    weekend: bool
    holiday: str = ""
    at_night: bool = False
    """Whether a page came at night."""


@dataclass(frozen=True, kw_only=True)
class Sums:
    """The sums of lines. Hours of nights, weekends and holidays are among those on call."""

    on_call: timedelta = timedelta()
    night: timedelta = timedelta()
    weekend: timedelta = timedelta()
    holiday: timedelta = timedelta()
    rings: int = 0
    night_rings: int = 0
    worked: timedelta = timedelta()


def lines(
    person: str, entries: Iterable[LedgerEntry], month: Month, *, zone: str, timers: Timers, holiday: Holiday
) -> list[Line]:
    """Return the lines of a person in a month of their own clock, in order."""
    span, every = month.span(zone), list(entries)
    found = [
        _line(person, entry, part, zone=zone, timers=timers, holiday=holiday)
        for source in (LedgerSource.SHIFT, LedgerSource.WORK)
        for entry, part in _once([it for it in every if it.source is source], span, zone)
    ]
    found += [
        _line(person, it, it.span, zone=zone, timers=timers, holiday=holiday)
        for it in every
        if it.source is LedgerSource.PAGE and span.start <= it.span.start < span.end
    ]
    return sorted(found, key=lambda it: (it.span.start, it.source, it.ref))


def sums(every: Iterable[Line]) -> Sums:
    """Return the sums of lines."""
    shifts, rings, worked = list[Line](), list[Line](), timedelta()
    for it in every:
        if it.source is LedgerSource.SHIFT:
            shifts.append(it)
        elif it.source is LedgerSource.PAGE:
            rings.append(it)
        else:
            worked += it.hours
    return Sums(
        on_call=sum((it.hours for it in shifts), timedelta()),
        night=sum((it.night for it in shifts), timedelta()),
        weekend=sum((it.hours for it in shifts if it.weekend), timedelta()),
        holiday=sum((it.hours for it in shifts if it.holiday), timedelta()),
        rings=len(rings),
        night_rings=sum(it.at_night for it in rings),
        worked=worked,
    )


def _once(entries: Iterable[LedgerEntry], month: Span, zone: str) -> Iterator[tuple[LedgerEntry, Span]]:
    """Yield the parts of entries by local day, without the time that an earlier one covers."""
    covered: list[Span] = []
    for entry in sorted(entries, key=lambda it: (it.span.start, it.span.end, it.ref)):
        mine = entry.span.within(month)
        for part in _without(mine, covered):
            yield from ((entry, day) for day in _days(part, zone))
        covered = merged([*covered, mine])


def _without(span: Span, covered: Iterable[Span]) -> Iterator[Span]:
    start = span.start
    for it in covered:
        if it.end <= start or it.start >= span.end:
            continue
        if it.start > start:
            yield Span(start=start, end=it.start)
        start = max(start, it.end)
    if start < span.end:
        yield Span(start=start, end=span.end)


def _days(span: Span, zone: str) -> Iterator[Span]:
    start = span.start
    while start < span.end:
        end = min(_midnight(_local(start, zone).date() + DAY, zone), span.end)
        yield Span(start=start, end=end)
        start = end


def _line(
    person: str, entry: LedgerEntry, span: Span, *, zone: str, timers: Timers, holiday: Holiday
) -> Line:
    local = _local(span.start, zone)
    day = local.date()
    return Line(
        person=person,
        source=entry.source,
        ref=entry.ref,
        team=entry.team,
        day=day,
        zone=zone,
        span=span,
        hours=span.length,
        night=sum((span.within(it).length for it in _nights(day, zone, timers)), timedelta()),
        weekend=day.weekday() >= SATURDAY,
        holiday=holiday(day, entry.team) or "",
        at_night=entry.source is LedgerSource.PAGE and timers.is_night(local.hour),
    )


def _nights(day: date, zone: str, timers: Timers) -> Iterator[Span]:
    """Yield the hours of the night in a local day: before the morning, and after the evening."""
    begins, ends = (at_hour(day, hour, ZoneInfo(zone)) for hour in (timers.night_from, timers.night_until))
    if timers.night_from < timers.night_until:
        yield Span(start=begins, end=ends)
    elif timers.night_from > timers.night_until:
        yield Span(start=_midnight(day, zone), end=ends)
        yield Span(start=begins, end=_midnight(day + DAY, zone))


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def _midnight(day: date, zone: str) -> datetime:
    return at_hour(day, 0, ZoneInfo(zone))


# --- as a table -------------------------------------------------------------------------------------------

COLUMNS = (
    "person",
    "source",
    "ref",
    "team",
    "day",
    "from",
    "to",
    "zone",
    "hours",
    "night_hours",
    "page_at_night",
    "weekend",
    "holiday",
)
FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would run."""


def row(line: Line) -> tuple[str, ...]:
    """Return a line as the columns of a table. Times are UTC, hours have four decimals."""
    holiday = f"'{line.holiday}" if line.holiday[:1] in FORMULA else line.holiday
    return (
        line.person,
        line.source,
        line.ref,
        line.team,
        line.day.isoformat(),
        f"{line.span.start:%Y-%m-%dT%H:%M:%SZ}",
        f"{line.span.end:%Y-%m-%dT%H:%M:%SZ}",
        line.zone,
        f"{line.hours / HOUR:.4f}",
        f"{line.night / HOUR:.4f}",
        "yes" if line.at_night else "no",
        "yes" if line.weekend else "no",
        holiday,
    )


def table(every: Iterable[Line]) -> str:
    """Return lines as CSV, without the header."""
    out = StringIO()
    writer(out, lineterminator="\n").writerows(map(row, every))
    return out.getvalue().rstrip("\n")


def tables(every: Iterable[Line], *, most: int) -> list[str]:
    """Return lines as CSV, in tables of at most `most` characters when `&`, `<` and `>` are escaped."""
    found, length = list[str](), 0
    for written in map(table, ([it] for it in every)):
        more = len(escape(written, quote=False)) + 1
        if found and length + more <= most:
            found[-1] += f"\n{written}"
            length += more
        else:
            found.append(written)
            length = more
    return found
