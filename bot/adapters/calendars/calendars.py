"""Holidays of a country or region, by the package `holidays`, or of an iCalendar file, by the package `icalendar`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from bot.domain.text import one_line, shortened

FILE = ".ics"
LONGEST = timedelta(days=60)
"""The longest holiday of a file. A longer one is a mistake."""
LARGEST = 500_000
"""Bytes of a file. One of a country's holidays for ten years has a fifth of that."""
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Days:
    """The holidays of a calendar, and what of it can't be read."""

    names: Mapping[date, str] = field(default_factory=dict)
    trouble: str = ""


class HolidayCalendars:
    """Calendars by their names in config.yaml. Files are looked for in its folder, and read again when they change.

    The packages load slowly, so they are loaded when a ledger is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holiday(self, calendar: str, day: date) -> str | None:
        found = self._days(calendar, day.year)
        if found.trouble:
            _note(calendar, found.trouble)
        return found.names.get(day)

    def trouble(self, calendar: str) -> str:
        return self._days(calendar, 2026).trouble

    def _days(self, calendar: str, year: int) -> Days:
        if not calendar.endswith(FILE):
            return _of_country(calendar, year)
        path = self._folder / calendar
        try:
            file = path.stat()
        except (OSError, ValueError) as trouble:
            return Days(trouble=_words(trouble))
        if file.st_size > LARGEST:
            return Days(trouble=f"the file has more than {LARGEST // 1000} kB")
        return _of_file(path, file.st_mtime_ns, file.st_size)


@lru_cache(maxsize=64)
def _of_country(name: str, year: int) -> Days:
    from holidays import country_holidays  # noqa: PLC0415  see the class

    country, region = name[:2], name[3:]  # PT, US-CA
    try:
        found = country_holidays(country, subdiv=region or None, years=year)
    except Exception:  # noqa: BLE001  the package raises several kinds
        return Days(trouble=f"no holidays are known for {name}")
    return Days(names={day: str(it) for day, it in found.items()})


@lru_cache(maxsize=16)
def _of_file(path: Path, _changed: int, _size: int) -> Days:
    """Return the days of a file's events. An event that repeats counts on its first day alone.

    An event that can't be read is left out, and the others count.
    """
    from icalendar import Calendar  # noqa: PLC0415  see the class

    try:
        events = Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    except Exception as trouble:  # noqa: BLE001  odd files make the package raise many kinds
        return Days(trouble=_words(trouble))
    names, unreadable = dict[date, str](), list[str]()
    for event in events:
        try:
            names.update(_of_event(event))
        except Exception as trouble:  # noqa: BLE001  as above
            unreadable.append(_words(trouble))
    left_out = f"{len(unreadable)} of {len(events)} events left out: {unreadable[0]}" if unreadable else ""
    return Days(names=names, trouble=left_out)


def _of_event(event: Any) -> Iterator[tuple[date, str]]:
    first, after = _day(event.start), _day(event.end)
    name = one_line(_summary(event)) or "holiday"
    for n in range(max(1, min(after - first, LONGEST).days)):
        yield first + timedelta(days=n), name


def _summary(event: Any) -> str:
    """Return the event's words; the first ones if there are several."""
    given = event.get("SUMMARY", "")
    return shortened(str(given[0] if isinstance(given, list) else given))


def _day(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def _words(trouble: Exception) -> str:
    return shortened(one_line(str(trouble)) or type(trouble).__name__)


@lru_cache(maxsize=64)
def _note(calendar: str, why: str) -> None:
    log.warning(
        "days of a calendar of holidays can't be read; they count as others", calendar=calendar, why=why
    )
