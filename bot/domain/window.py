"""A stretch of time as a person says it: tomorrow 18:00-20:00."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.refusal import Refusal

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY = timedelta(days=1)

_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_DAY = rf"today|tomorrow|{_WEEKDAY}|\d{{4}}-\d\d-\d\d|\d{{1,2}}\s+[a-z]{{3,9}}"
_TIME = r"(?:[01]?\d|2[0-4])(?::[0-5]\d)?"
_TO = r"\s*(?:-|–|—|\bto\b|\buntil\b)\s*"  # noqa: RUF001  people type all three dashes
_TIMES = re.compile(
    rf"(?:(?P<day>{_DAY})\s+)?(?P<start>{_TIME}){_TO}(?:(?P<last>{_DAY})\s+)?(?P<end>{_TIME})"
)
_AHEAD = re.compile(r"(?P<count>\d{1,3})(?P<unit>[dw])")
_DAYS = re.compile(rf"(?P<day>{_DAY})(?:{_TO}(?P<last>{_DAY}))?")


@dataclass(frozen=True, kw_only=True)
class Window:
    """From one moment to another, in UTC."""

    start: datetime
    end: datetime


def read_window(words: str, *, now: datetime, zone: str) -> Window:
    """Read what was said in a person's own zone (IANA); refuses with examples, and what is over."""
    local = now.astimezone(ZoneInfo(zone))
    said = " ".join(words.casefold().split())
    try:
        window = _read(said, local)
    except ValueError as wrong:
        raise Refusal(
            f"I can't read the time {words[:60]}. Say it like `tomorrow 18:00-20:00`, `fri 9-17` or "
            "`2026-12-24 18:00 - 2026-12-26 09:00`, in your own time zone.",
            slot="when",
        ) from wrong
    if window.end <= window.start:
        raise Refusal("It must end after it begins.", slot="when")
    if window.end <= now:
        raise Refusal("That time is over. Say a time to come, like `tomorrow 18:00-20:00`.", slot="when")
    return window


def read_day(words: str, *, now: datetime, zone: str) -> date:
    """Read a day in a person's own zone (IANA): friday, tomorrow, 2026-12-01, 3d or 2w; refuses with examples."""
    today = now.astimezone(ZoneInfo(zone)).date()
    said = words.casefold()
    if found := _AHEAD.fullmatch(said):
        return today + timedelta(days=int(found["count"]) * (7 if found["unit"] == "w" else 1))
    try:
        return _day(said, today, passed=False)
    except ValueError as wrong:
        raise Refusal(
            f"I can't read the day {words[:60]}. Say it like friday, tomorrow, 2026-12-01, 3d or 2w.",
            slot="due",
        ) from wrong


def spoken(window: Window, zone: str) -> str:
    """Say it so that `read_window` understands it."""
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (window.start, window.end))
    return f"{start:%Y-%m-%d %H:%M} - {end:%Y-%m-%d %H:%M}"


def _read(said: str, local: datetime) -> Window:
    if found := _TIMES.fullmatch(said):
        return _between_times(found, local)
    if found := _DAYS.fullmatch(said):
        return _whole_days(found, local)
    raise ValueError(f"{said!r} is no time")


def _between_times(found: re.Match[str], local: datetime) -> Window:
    begins, ends = _offset(found["start"]), _offset(found["end"])
    overnight = DAY if ends <= begins else timedelta()
    today = local.date()
    if found["day"]:
        day = _day(found["day"], today, passed=local > _at(today, ends + overnight, local))
    else:
        day = today if _at(today, begins, local) > local else today + DAY
    last = _day(found["last"], day, passed=False) if found["last"] else day + overnight
    return Window(start=_utc(_at(day, begins, local)), end=_utc(_at(last, ends, local)))


def _whole_days(found: re.Match[str], local: datetime) -> Window:
    day = _day(found["day"], local.date(), passed=False)
    last = _day(found["last"], day, passed=False) if found["last"] else day
    return Window(start=_utc(_at(day, timedelta(), local)), end=_utc(_at(last, DAY, local)))


def _day(said: str, today: date, *, passed: bool) -> date:
    """A weekday is the next one; today's counts unless its time has passed. ValueError where there is no such day."""
    if not re.fullmatch(_DAY, said):
        raise ValueError(f"{said!r} is no day")
    if said in {"today", "tomorrow"}:
        return today + (DAY if said == "tomorrow" else timedelta())
    if said[0].isalpha():
        wanted = next(number for number, name in enumerate(WEEKDAYS) if name.startswith(said[:3]))
        ahead = (wanted - today.weekday()) % 7
        return today + timedelta(days=ahead or (7 if passed else 0))
    return _date(said, today)


def _date(said: str, today: date) -> date:
    if "-" in said:
        return date.fromisoformat(said)
    number, _, month = said.partition(" ")
    found = date(today.year, MONTHS.index(month[:3]) + 1, int(number))
    return found if found >= today else found.replace(year=found.year + 1)


def _offset(said: str) -> timedelta:
    hour, _, minute = said.partition(":")
    return timedelta(hours=int(hour), minutes=int(minute or 0))


def _at(day: date, offset: timedelta, local: datetime) -> datetime:
    """Count on the wall clock: 18:00 is 18:00, also on a day of 23 or 25 hours."""
    return datetime.combine(day, time(), local.tzinfo) + offset


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
