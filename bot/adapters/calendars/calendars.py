"""Holidays of a country or region, by the package `holidays`, or of an iCalendar file, by the package `icalendar`."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from bot.domain.text import one_line

FILE = ".ics"
LONGEST = timedelta(days=60)
"""The longest holiday of a file. A longer one is a mistake."""
log = structlog.get_logger()


class HolidayCalendars:
    """Calendars by their names in config.yaml. Files are looked for in its folder, and read again when they change.

    The packages load slowly, so they are loaded when a ledger is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holiday(self, calendar: str, day: date) -> str | None:
        try:
            return self._days(calendar, day.year).get(day)
        except (ValueError, NotImplementedError, OSError) as trouble:
            _note(calendar, str(trouble))
            return None

    def trouble(self, calendar: str) -> str:
        try:
            self._days(calendar, 2026)
        except (ValueError, NotImplementedError, OSError) as trouble:
            return str(trouble)
        return ""

    def _days(self, calendar: str, year: int) -> Mapping[date, str]:
        if not calendar.endswith(FILE):
            return _of_country(calendar, year)
        path = self._folder / calendar
        return _of_file(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _of_country(name: str, year: int) -> Mapping[date, str]:
    from holidays import country_holidays  # noqa: PLC0415  see the class

    country, region = name[:2], name[3:]  # PT, US-CA
    try:
        return {
            day: str(it) for day, it in country_holidays(country, subdiv=region or None, years=year).items()
        }
    except NotImplementedError as unknown:
        raise ValueError(f"no holidays are known for {name}") from unknown


@lru_cache(maxsize=16)
def _of_file(path: Path, _changed: int) -> Mapping[date, str]:
    """Return the days of a file's events. An event that repeats counts on its first day alone."""
    from icalendar import Calendar  # noqa: PLC0415  see the class

    events = Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    return {day: name for event in events for day, name in _of_event(event)}


def _of_event(event: Any) -> Iterator[tuple[date, str]]:
    if "DTSTART" not in event:
        return
    first = _day(event["DTSTART"].dt)
    after = _day(event["DTEND"].dt) if "DTEND" in event else first + timedelta(days=1)
    name = one_line(str(event.get("SUMMARY", ""))) or "holiday"
    for n in range(max(1, min(after - first, LONGEST).days)):
        yield first + timedelta(days=n), name


def _day(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


@lru_cache(maxsize=64)
def _note(calendar: str, why: str) -> None:
    log.warning("a calendar of holidays can't be read; its days count as others", calendar=calendar, why=why)
