"""A span of time as a person types it: tomorrow 18:00-20:00."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.daylight import on_the_clock
from bot.domain.moment import DATED, DAY, NOON, day_named
from bot.domain.refusal import Refusal
from bot.domain.text import shortened

EVENING, MORNING = time(18), time(8)
"""A night lasts from one to the other."""
_TIME = r"(?:[01]?\d|2[0-4])(?:[:.][0-5]\d)?(?:\s?[ap]m)?z?"
_TO = r"\s*(?:-|–|—|\bto\b|\buntil\b|\btill\b)\s*"  # noqa: RUF001  people type all three dashes
_TIMES = re.compile(
    rf"(?:(?P<day>{DATED})\s+)?(?P<start>{_TIME}){_TO}(?:(?P<last>{DATED})\s+)?(?P<end>{_TIME})"
)
_DAYS = re.compile(rf"(?P<day>{DATED})(?:{_TO}(?P<last>{DATED}))?")
_ONE_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s?(?P<half>[ap]m)?(?P<utc>z)?")


@dataclass(frozen=True, kw_only=True)
class Window:
    """A span of time from `start` to `end`, in UTC."""

    start: datetime
    end: datetime


def read_window(words: str, *, now: datetime, zone: str) -> Window:
    """Read a span of time in a person's own zone (IANA). Refuses with examples if it is unreadable or past."""
    local = now.astimezone(ZoneInfo(zone))
    typed = " ".join(words.casefold().split())
    try:
        window = _read(typed, local)
    except ValueError as wrong:
        raise Refusal(
            f"I can't read the time {shortened(words)}. Try `tomorrow 18:00-20:00`, `fri 9-17` or "
            "`2026-12-24 18:00 - 2026-12-26 09:00`, in your own time zone.",
            slot="when",
        ) from wrong
    if window.end <= window.start:
        raise Refusal("It must end after it begins.", slot="when")
    if window.end <= now:
        raise Refusal("That time is over. Give a future time, such as `tomorrow 18:00-20:00`.", slot="when")
    return window


def spoken(window: Window, zone: str) -> str:
    """Return a span as text that `read_window` can read, in a zone (IANA). A day is named once: phones are narrow."""
    start, end = _spoken(window.start, zone), _spoken(window.end, zone)
    day, _, _ = start.partition(" ")
    return f"{start} - {end.removeprefix(f'{day} ')}"


def _spoken(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    is_plain = local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset()
    return f"{local:%Y-%m-%d %H:%M}" if is_plain else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}z"


def _read(typed: str, local: datetime) -> Window:
    if found := _TIMES.fullmatch(typed):
        return _between_times(found, local)
    if typed == "tonight":
        return _night(local)
    if found := _DAYS.fullmatch(typed):
        return _whole_days(found, local)
    raise ValueError(f"{typed!r} is no time")


@dataclass(frozen=True, kw_only=True)
class _Hour:
    """A time of day, counted from midnight, in the person's zone or in UTC."""

    since_midnight: timedelta
    place: tzinfo

    def on(self, day: date) -> datetime:
        """Return this time on a day (UTC).

        It follows the wall clock: 18:00 is 18:00, also on a day of 23 or 25 hours.
        """
        midnight = datetime.combine(day, time())
        wall = midnight + self.since_midnight
        return on_the_clock(wall.date(), wall.time(), self.place, slot="when")


def _between_times(found: re.Match[str], local: datetime) -> Window:
    begins, ends = _hours(found["start"], found["end"], local)
    overnight = DAY if ends.since_midnight <= begins.since_midnight else timedelta()
    today = local.date()
    if found["day"]:
        day = day_named(found["day"], today, passed=False)
        if day == today and local > ends.on(today + overnight):
            day = day_named(found["day"], today, passed=True)
    else:
        day = today if begins.on(today) > local else today + DAY
    last = day_named(found["last"], day, passed=False) if found["last"] else day + overnight
    return Window(start=begins.on(day), end=ends.on(last))


def _night(local: datetime) -> Window:
    """Return the next night, from evening to morning; before this morning's end, the current night."""
    assert local.tzinfo, "a person's own time has its zone"  # noqa: S101  a caller's bug, not input
    evening = local.date() - (DAY if local.time() < MORNING else timedelta())
    return Window(
        start=on_the_clock(evening, EVENING, local.tzinfo),
        end=on_the_clock(evening + DAY, MORNING, local.tzinfo),
    )


def _whole_days(found: re.Match[str], local: datetime) -> Window:
    day = day_named(found["day"], local.date(), passed=False)
    last = day_named(found["last"], day, passed=False) if found["last"] else day
    start, end = (datetime.combine(it, time(), local.tzinfo).astimezone(UTC) for it in (day, last + DAY))
    return Window(start=start, end=end)


def _hours(start: str, end: str, local: datetime) -> tuple[_Hour, _Hour]:
    """Read two times of day. In `6-8pm` both are in the afternoon."""
    first, last = _ONE_TIME.fullmatch(start), _ONE_TIME.fullmatch(end)
    if not first or not last:
        raise ValueError(f"{start} to {end} is no time")
    half = first["half"] or (last["half"] if int(first["hour"]) < int(last["hour"]) else None)
    return _hour(first, half, local), _hour(last, last["half"], local)


def _hour(found: re.Match[str], half: str | None, local: datetime) -> _Hour:
    hour = int(found["hour"])
    if half:
        if not 1 <= hour <= NOON:
            raise ValueError(f"{hour} {half} is no time")
        hour = hour % NOON + (NOON if half == "pm" else 0)
    place = UTC if found["utc"] else local.tzinfo
    assert place, "a person's own time has its zone"  # noqa: S101  a caller's bug, not input
    return _Hour(since_midnight=timedelta(hours=hour, minutes=int(found["minute"] or 0)), place=place)
