"""Read a time, a day or a duration as people type it: 2pm, yesterday 23:10, next friday, 20 minutes ago.

Times are in the person's own time zone. An ambiguous or impossible time is refused, with what to type instead.
"""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.daylight import on_the_clock
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import shortened

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FRIDAY, NOON = 4, 12
SOON = timedelta(hours=2)
"""A time of day this close in the future is not read as yesterday's."""
LONGEST = 40
"""The most characters a time can have."""

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:last|this|next|coming)\s+)?(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
DATED = (
    rf"today|tonight|yesterday|(?:the\s+)?day\s+after\s+tomorrow|tomorrow|{_WEEKDAY}|\d{{4}}-\d\d-\d\d"
    rf"|{_ORDINAL}\.?\s+(?:of\s+)?{_MONTH}|{_MONTH}\s+{_ORDINAL}"
)
"""Words for a day."""
_DAYS_AGO = r"(?:\d{1,3}|an?)\s?(?:days?|weeks?)\s+ago"
_WEEK = re.compile(r"(?P<which>last|this)\s+week")
CLOCK = r"(?:\d{1,2}(?:[:.h][0-5]\d(?::[0-5]\d)?)?(?:\s?[ap]m)?|[0-2]\d[0-5]\d|noon|midday|midnight)"
"""A time of day. `24:00` matches here and is refused later."""
_OFFSET = r"(?:\+|(?<=:\d\d:\d\d)-)(?:0\d|1[0-4]):?(?:00|15|30|45)"
"""An offset from UTC. In 10:05-10:30 the second part is not an offset."""
_COUNT = r"(?:\d{1,4}(?:\.\d)?\s?|(?:half\s+)?an?\s+)"
_UNIT = r"(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)"
_LENGTH = rf"{_COUNT}{_UNIT}(?:\s?(?:and\s)?\d{{1,4}}\s?{_UNIT})?|\d{{1,2}}h\d\d"

_NEAR = re.compile(r"(?:(?:about|around|approximately|approx|roughly|circa|ca|at|on)\.?\s+|~\s*)+")
_NUMBERS = {
    name: str(number)
    for number, name in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        start=1,
    )
} | {"fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "ninety": "90"}
_NUMBER = re.compile(rf"\b(?:{'|'.join(_NUMBERS)})\b(?!-)")
_SPOKEN = re.compile(r"(?:half|(?:a )?quarter|\d{1,2}(?: minutes)?) (?:past|to) \d{1,2}(?: ?[ap]m)?")
"""Half past two, a quarter to 9."""
_AGO = re.compile(rf"(?P<length>{_LENGTH})(?:\s+ago)?|in\s+(?P<ahead>{_LENGTH})|(?:just\s+)?now")
_MOMENT = re.compile(
    rf"(?:(?P<day>{DATED}|{_DAYS_AGO})(?:\s+at\b|,|t(?=\d))?\s*)?(?P<clock>{CLOCK})(?:\s?(?P<utc>z|utc|gmt|{_OFFSET}))?"
    rf"(?:,?\s+(?:on\s+)?(?P<after>{DATED}|{_DAYS_AGO}))?"
)
_FOREIGN = re.compile(
    r".*\d\s?(?:[ap]m\s)?(?P<zone>cet|cest|[ew]es?t|msk|bst|ist|jst|[ecmp][sd]t|a[ec][sd]t|[ecmp]t)"
)
_PARTS = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))?(?::\d\d)?\s?(?P<half>[ap]m)?")
_PIECE = re.compile(r"(?P<count>\d{1,4}(?:\.\d)?|half\s+an?|an?)?\s?(?P<unit>[smhdw])[a-z]*")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}

_AHEAD = re.compile(r"(?:in\s+)?(?P<count>\d{1,3}\s?|an?\s)(?P<unit>days?|d|weeks?|w|months?)")
_PERIOD = re.compile(
    r"(?:the\s+)?end\s+of\s+(?:the\s+|this\s+)?(?P<next>next\s+)?(?P<unit>day|week|month)|close of business"
)
_SHORT = {"eod": "end of day", "cob": "end of day", "eow": "end of week", "eom": "end of month"}

_TIMELY = re.compile(
    rf"\d{{1,2}}[:.h]\d\d(?:[:.]\d\d)?(?:[ap]m|z|h)?|\d{{1,2}}[ap]m|\d{{3,4}}z|\d{{1,4}}{_UNIT}|\d{{4}}-\d\d-\d\d\S{{0,16}}"
    r"|\d{1,2}:\d\d(?::\d\d)?[+-]\d\d:?\d\d|\d{1,2}[:.]\d\d[-–]\d{1,2}[:.]\d\d|\d{1,2}(?:st|nd|rd|th)"  # noqa: RUF001
    r"|\d{1,2}\.\d{1,2}\.(?:\d{2}|\d{4})?|\d{4}/\d{1,2}/\d{1,2}|lunch|lunchtime|tmrw|tmr"
    r"|\d{1,2}/\d{1,2}(?:/\d{2,4})?|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|today|tonight"
    r"|yesterday|tomorrow|noon|midday|midnight|ago|o'?clock|eo[dwm]|cob|morning|afternoon|evening|weekend|week|month"
)
"""Words that each mean a time on their own."""
_TIMELY_PAIR = re.compile(rf"(?:last|this) night|{_LENGTH}|{DATED}|{CLOCK}")
_JOINING = re.compile(
    rf"\d{{1,4}}|[ap]m|{_ORDINAL}|{_MONTH}|{_UNIT}|about|around|approx|circa|ca|roughly|just|early|late|at|on|in|the|of|an?|half"
    r"|quarter|past|to|and|last|this|next|coming|end|day|night|after|before|utc|gmt|z|[ecmp][sd]?t|ces?t|[ew]es?t|msk|bst|ist|jst|approximately|ish|few|several|couple|so|-"
)
"""Words that may appear next to those."""


def looks_timely(words: str) -> bool:
    """Whether all of these words are about a time, even one that can't be read: `this morning`, `25:90`."""
    typed = _plain(words)
    if len(typed) > LONGEST:
        return False
    if typed.isdecimal():
        return int(typed) <= 24 or (len(typed) == 4 and _clock(typed) is not None)  # noqa: PLR2004  hours; 0930
    if _SPOKEN.fullmatch(typed):
        return True
    each = [it.strip(",;") for it in typed.split()]
    pairs = (f"{one} {other}" for one, other in pairwise(each))
    is_one = any(_TIMELY.fullmatch(it) for it in each) or any(_TIMELY_PAIR.fullmatch(it) for it in pairs)
    return is_one and all(_TIMELY.fullmatch(it) or _JOINING.fullmatch(it) for it in each)


def is_moment(words: str) -> bool:
    """Whether these words can only be a time. A bare `5` could also be a count."""
    typed = _plain(words)
    if _AGO.fullmatch(typed):
        return not re.fullmatch(r"\d+\s?s(?:ecs?|econds?)?", typed)  # a latency of 2s
    found = _MOMENT.fullmatch(typed)
    if not found or _clock(found["clock"]) is None:
        return False
    is_bare = re.fullmatch(r"[1-9]\d*|0", found["clock"])
    return not is_bare or bool(found["day"] or found["after"] or found["utc"])


def names_its_day(words: str) -> bool:
    """Whether these words are a time and name their day, such as `on friday at 10:00` or `2 hours ago`."""
    typed = _plain(words)
    if not is_moment(words):
        return False
    found = _MOMENT.fullmatch(typed)
    return typed.endswith(" ago") if found is None else bool(found["day"] or found["after"])


def read_moment(words: str, *, now: datetime, zone: str, slot: str | None = None) -> datetime:
    """Read a time in a person's own zone (IANA) and return it in UTC.

    Without a day, it is the latest such time in the past. Refuses an unreadable, ambiguous or future time.
    """
    typed = _plain(words)
    if either := re.fullmatch(r"(\d{1,2})h([0-5]\d)", typed):
        typed = _clock_or_length(typed, f"{either[1]:0>2}:{either[2]}", slot)
    if found := _AGO.fullmatch(typed):
        ahead = read_length(found["ahead"]) if found["ahead"] else None
        return now + ahead if ahead else now - (read_length(found["length"] or "") or timedelta())
    if foreign := _FOREIGN.fullmatch(typed):
        name = foreign["zone"].upper()
        raise Refusal(
            f"I can't read {name} times. Use your own time zone ({zone}), or UTC: 10:05z.", slot=slot
        )
    found = _MOMENT.fullmatch(typed)
    clock = _clock(found["clock"]) if found else None
    if not found or clock is None:
        raise _no_moment(words, slot)
    if re.fullmatch(r"[1-9]|1[0-2]", found["clock"]) and not found["utc"]:
        raise _which_half(typed, found, slot)
    try:
        place = _place(found["utc"], zone)
        day = found["day"] or found["after"]
        moment = _latest(day, clock, place, now, slot)
    except (ValueError, OverflowError) as wrong:
        raise _no_moment(words, slot) from wrong
    if day is None and moment + DAY < now + SOON:
        raise _still_to_come(typed, slot)
    return moment


def is_start(words: str) -> bool:
    """Whether these words can only be a time, a day or a week. A day or week starts at midnight."""
    typed = _plain(words)
    return is_moment(words) or bool(re.fullmatch(DATED, typed) or _WEEK.fullmatch(typed))


def read_start(words: str, *, now: datetime, zone: str, slot: str | None = None) -> datetime:
    """Read a time like `read_moment`, or a day, which means its midnight. A weekday is the latest one. Returns UTC."""
    typed = _plain(words)
    if week := _WEEK.fullmatch(typed):
        weekday = now.astimezone(ZoneInfo(zone)).weekday()
        typed = f"{weekday + (7 if week['which'] == 'last' else 0)} days ago"
    if re.fullmatch(rf"{DATED}|{_DAYS_AGO}", typed):
        place = ZoneInfo(zone)
        try:
            day = _passed_day(typed, time(), now.astimezone(place))
            return datetime.combine(day, time(), place).astimezone(
                UTC
            )  # midnight, or the first time of a day without one
        except (ValueError, OverflowError) as wrong:
            raise _no_moment(words, slot) from wrong
    return read_moment(words, now=now, zone=zone, slot=slot)


def read_length(words: str) -> timedelta | None:
    """Read a duration: 15m, 20 minutes, half an hour, 1h30. A bare number is minutes. Return None if it is none."""
    typed = " ".join(words.casefold().split()).removeprefix("for ").removeprefix("the ").removeprefix("last ")
    if re.fullmatch(r"\d{1,4}", typed):
        return int(typed) * MINUTE
    if found := re.fullmatch(r"(\d{1,2})h(\d\d)", typed):
        return timedelta(hours=int(found[1]), minutes=int(found[2]))
    if not re.fullmatch(_LENGTH, typed):
        return None
    pieces = _PIECE.finditer(typed.replace(" and ", " "))
    return sum((_piece(it) for it in pieces), timedelta())


def looks_daily(words: str) -> bool:
    """Whether all of these words are about a day, even one that can't be read. `by 20 minutes` is not a day."""
    typed = _plain(words)
    if re.fullmatch(_MONTH, typed):
        return typed not in {"may", "march", "mar"}
    return is_day(words) or (looks_timely(typed) and not typed.isdecimal() and read_length(typed) is None)


def is_day(words: str) -> bool:
    """Whether these words can only be a day: `friday`, not `2 weeks`."""
    typed = _plain(words)
    is_ahead = _AHEAD.fullmatch(typed) and (typed.startswith("in ") or " " not in typed)
    return bool(is_ahead or re.fullmatch(DATED, typed) or typed in _SHORT or _PERIOD.fullmatch(typed))


def is_length_ahead(words: str) -> bool:
    """Whether these words may be a day counted from today, or an amount: `by 2 weeks`."""
    return bool(_AHEAD.fullmatch(_plain(words)))


def read_day(words: str, *, now: datetime, zone: str) -> date:
    """Read a day in a person's own zone (IANA): friday, eod, in 2 days, 2026-12-01, 2w. Refuses with examples."""
    today = now.astimezone(ZoneInfo(zone)).date()
    typed = _SHORT.get(_plain(words), _plain(words))
    try:
        if found := _AHEAD.fullmatch(typed):
            return _ahead(today, found)
        if found := _PERIOD.fullmatch(typed):
            return _end(today, found["unit"] or "day", ahead=bool(found["next"]))
        return day_named(typed, today, passed=False)
    except (ValueError, OverflowError) as wrong:
        raise Refusal(
            f"I can't read the day {shortened(words)}. Try friday, tomorrow, eod, in 2 days, 2026-12-01 or 2w.",
            slot="due",
        ) from wrong


def day_named(typed: str, today: date, *, passed: bool) -> date:
    """Return the next day of that name. Today's own weekday counts unless its time has `passed`.

    `next friday` is in the next week. Raises ValueError if there is no such day.
    """
    if not re.fullmatch(DATED, typed):
        raise ValueError(f"{typed!r} is no day")
    if typed in _RELATIVE:
        return today + _RELATIVE[typed] * DAY
    if re.fullmatch(_WEEKDAY, typed):
        return _weekday(typed, today, passed=passed)
    if typed[:4].isdigit():
        return date.fromisoformat(typed)
    found = _of_month(typed, today.year)
    return found if found >= today else found.replace(year=found.year + 1)


# --- helpers ----------------------------------------------------------------------------------------------

_RELATIVE = {
    "today": 0,
    "tonight": 0,
    "yesterday": -1,
    "tomorrow": 1,
    "day after tomorrow": 2,
    "the day after tomorrow": 2,
}


def _plain(words: str) -> str:
    """Normalise: lower case, no word that only means *about*. `~2 p.m.` becomes `2pm`."""
    typed = " ".join(words.casefold().split()).strip(".,;!?()[]*_`")
    typed = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", typed).replace(" o'clock", "").replace("-ish", "")
    typed = re.sub(r",? (?:approx|approximately|uhr|or so)$", "", typed)
    typed = _NUMBER.sub(lambda found: _NUMBERS[found[0]], typed) if len(typed) <= LONGEST else typed
    near = _NEAR.match(typed)
    return typed[near.end() :] if near else typed


def _place(typed: str | None, zone: str) -> tzinfo:
    if typed is None:
        return ZoneInfo(zone)
    return datetime.strptime(typed, "%z").tzinfo or UTC if typed[0] in "+-" else UTC


def _clock(typed: str) -> time | None:
    if typed in _NAMED:
        return _NAMED[typed]
    if re.fullmatch(r"\d{4}", typed):
        typed = f"{typed[:2]}:{typed[2:]}"
    found = _PARTS.fullmatch(typed)
    hour = int(found["hour"]) if found else 24
    if found and found["half"]:
        hour = hour % NOON + (NOON if found["half"] == "pm" else 0) if 1 <= hour <= NOON else 24
    return time(hour, int(found["minute"] or 0)) if found and hour < 24 else None  # noqa: PLR2004  hours


def _latest(day: str | None, clock: time, place: tzinfo, now: datetime, slot: str | None) -> datetime:
    """Return the latest past time, if the words leave the day open."""
    local = now.astimezone(place)
    if day:
        return on_the_clock(_passed_day(day, clock, local), clock, place, slot=slot)
    today = local.date() if clock <= local.time() else local.date() - DAY
    return on_the_clock(today, clock, place, slot=slot)


def _passed_day(typed: str, clock: time, local: datetime) -> date:
    today = local.date()
    if re.fullmatch(_DAYS_AGO, typed):
        ago = read_length(typed.removesuffix("ago").strip())
        assert ago is not None, "days and weeks are lengths"  # noqa: S101  by construction
        return today - ago
    if re.fullmatch(_WEEKDAY, typed) and not typed.startswith(("next", "coming")):
        back = (today.weekday() - _number_of(typed)) % 7
        is_over = back or (clock <= local.time() and not typed.startswith("last"))
        return today - (back if is_over else 7) * DAY
    named = day_named(typed, today, passed=False)
    is_of_month = typed not in _RELATIVE and not typed[:4].isdigit() and not re.fullmatch(_WEEKDAY, typed)
    return named.replace(year=named.year - 1) if is_of_month and named > today else named


def _weekday(typed: str, today: date, *, passed: bool) -> date:
    ahead = (_number_of(typed) - today.weekday()) % 7
    if typed.startswith("next"):
        return today + (7 - today.weekday() + _number_of(typed)) * DAY
    if typed.startswith("last"):
        return today - ((today.weekday() - _number_of(typed)) % 7 or 7) * DAY
    return today + (ahead or (7 if passed else 0)) * DAY


def _number_of(typed: str) -> int:
    name = typed.rsplit(maxsplit=1)[-1][:3]
    return next(number for number, it in enumerate(WEEKDAYS) if it.startswith(name))


def _of_month(typed: str, year: int) -> date:
    month = next(number for number, it in enumerate(MONTHS, start=1) if re.search(rf"\b{it}", typed))
    number = re.search(r"\d+", typed)
    return date(year, month, int(number[0]) if number else 0)


def _piece(found: re.Match[str]) -> timedelta:
    count = found["count"] or "1"
    amount = 0.5 if count.startswith("half") else 1 if count in {"a", "an"} else float(count)
    return timedelta(**{_UNITS[found["unit"]]: amount})


def _ahead(today: date, found: re.Match[str]) -> date:
    count = int(found["count"]) if found["count"].strip().isdigit() else 1
    if found["unit"].startswith("month"):
        year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
        return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
    return today + count * (7 if found["unit"].startswith("w") else 1) * DAY


def _end(today: date, unit: str, *, ahead: bool) -> date:
    """Return the last working day of a period. The last day of a week is Friday."""
    if unit == "day":
        return today + ahead * DAY
    if unit == "week":
        friday = today + (FRIDAY - today.weekday()) * DAY
        return friday + (7 if ahead or friday < today else 0) * DAY
    year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _which_half(typed: str, found: re.Match[str], slot: str | None) -> Refusal:
    hour = int(found["clock"]) % NOON
    begin, end = found.span("clock")
    times = [f"{typed[:begin]}{it:02}:00{typed[end:]}" for it in (hour, hour + NOON)]
    return Refusal(
        f"Is {typed} {times[0]} or {times[1]}?",
        slot=slot,
        choices=tuple(Choice(label=it, say=it) for it in times),
    )


def _still_to_come(typed: str, slot: str | None) -> Refusal:
    yesterday = f"yesterday {typed}"
    return Refusal(
        f"{typed} is in the future. If you mean yesterday, write {yesterday}.",
        slot=slot,
        choices=(Choice(label=yesterday, say=yesterday),),
    )


def _clock_or_length(typed: str, clock: str, slot: str | None) -> str:
    """Read 14h30 as a time of day. 2h30 could also mean that long ago, so ask."""
    if clock >= "10":
        return clock
    choices = (Choice(label=clock, say=clock), Choice(label=f"{typed} ago", say=f"{typed} ago"))
    raise Refusal(f"Is {typed} {clock}, or so long ago?", slot=slot, choices=choices)


def _no_moment(words: str, slot: str | None) -> Refusal:
    return Refusal(
        f"I can't read the time {shortened(words)}. Try 10:05, 2pm, yesterday 23:10 or 20m for 20 min ago, "
        "in your own time zone; 10:05z is UTC.",
        slot=slot,
    )
