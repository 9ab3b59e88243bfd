"""Times and lengths as people write them in prose, and whether what is known agrees with them.

People round, leave out the zone, and write *about*. A reading that could be meant counts in their favour.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from itertools import product
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HALF_MINUTE = timedelta(seconds=30)
NEAR = timedelta(minutes=15)
"""How far *about 10:10* and *shortly after 10:10* reach."""
NOON = 12
_PLACES: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "America/Los_Angeles": ("PT", {"PST": -8, "PDT": -7}),
    "America/Denver": ("MT", {"MST": -7, "MDT": -6}),
    "America/Chicago": ("CT", {"CDT": -5}),
    "America/New_York": ("ET", {"EST": -5, "EDT": -4}),
    "Europe/Berlin": ("CET", {"CET": 1, "CEST": 2}),
    "Asia/Tokyo": ("JST", {"JST": 9}),
}
"""Short names of zones, with their hours from UTC. People write EST in summer too, so each can also mean the place.

Names of several places, such as IST and BST, are not here: they can't be read.
"""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)"
)
_ABOUT = r"(?:about |around |approximately |roughly |approx\.? |circa |ca\.? |nearly |almost |some |~ ?)"
TIME = re.compile(
    rf"""
    (?: (?P<near> shortly\  | just\  | right\  | soon\  )?
        (?P<relation> at | by | before | after | until | till | since | from | on | as\ of )\  )?
    (?P<about> {_ABOUT.replace(" ", chr(92) + " ")} )?
    (?: (?:on\ )? (?P<day> {_DATE.replace(" ", chr(92) + " ")} ) (?: ,?\ at\  | ,\  | \  | t ) )?
    (?<! [\w.:/\#+] (?<!\dt) )
    (?: (?P<hour> [01]?\d | 2[0-3] ) : (?P<minute> [0-5]\d ) (?: :(?P<second>[0-5]\d) (?:\.\d{{1,6}})? )?
        (?: \ ? (?P<half> [ap]m ) \b )?
      | (?P<hour12> 1[0-2] | 0?[1-9] ) (?: [.](?P<minute12> [0-5]\d ) )? \ ? (?P<half12> [ap]m ) \b
      | (?P<named> noon | midday | midnight ) \b )
    (?: \ ? (?P<zone> (?-i:[A-Z]{{2,5}}(?![\w-])) | utc\b | z\b
        | (?: \+ | (?<=:\d\d:\d\d)- ) (?:0\d|1[0-4]) :? (?:00|15|30|45) \b ) )?
    (?P<ish> -?ish\b | \ or\ so\b )?
    (?: ,?\ (?:on\ )? (?P<after> {_DATE.replace(" ", chr(92) + " ")} ) \b )?
    (?! [\w/%] | [:.]\d )
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class ClockTime:
    """A time of day as written. `times` are its readings: 2:10 can mean 14:10.

    `zones` are those it can mean; None if it names none. No zone at all means that it can't be read.
    """

    times: tuple[time, ...]
    relation: str = "at"
    day: tuple[int | None, int, int] | None = None
    """Year (None: not written), month and day."""
    zones: tuple[tzinfo, ...] | None = None

    def agrees(self, at: datetime, zones: Sequence[tzinfo]) -> bool:
        """Whether it can mean this time (UTC). Without a zone of its own it is read in `zones`."""
        read = [*self._readings(at, self.zones if self.zones is not None else zones)]
        return not read or self._relates(min(read, key=lambda it: abs(it - at)), at)

    def _readings(self, at: datetime, zones: Iterable[tzinfo]) -> Iterator[datetime]:
        for zone, clock in product(zones, self.times):
            local = at.astimezone(zone)
            days = [self._date(local)] if self.day else [local.date() + n * DAY for n in (-1, 0, 1)]
            yield from (datetime.combine(it, clock, zone).astimezone(UTC) for it in days if it)

    def _date(self, local: datetime) -> date | None:
        year, month, day = self.day or (None, 1, 1)
        try:
            return date(year or local.year, month, day)
        except ValueError:
            return None

    def _relates(self, stated: datetime, at: datetime) -> bool:
        passed = at - stated
        match self.relation:
            case "about":
                return abs(passed) <= NEAR
            case "by" | "before":
                return passed < MINUTE
            case "after":
                return passed >= -HALF_MINUTE
            case "near before":
                return -NEAR <= passed < MINUTE
            case "near after":
                return -HALF_MINUTE <= passed <= NEAR
        return -HALF_MINUTE <= passed < MINUTE

    def falls_within(self, start: datetime, end: datetime, zones: Sequence[tzinfo]) -> bool:
        """Whether it can mean a time between two (UTC)."""
        read = [*self._readings(start, self.zones if self.zones is not None else zones)]
        return not read or any(start - MINUTE <= it <= end + MINUTE for it in read)

    def as_limit(self, relation: str) -> "ClockTime":
        """Return it as an end of a range within which something happened."""
        return replace(self, relation=relation)

    def as_point(self) -> "ClockTime":
        """Return it as the end of a range, whatever word stands before it."""
        return self if self.relation == "about" else replace(self, relation="at")


def clock_of(found: re.Match[str]) -> ClockTime:
    """Return the time that `TIME` found."""
    named = (found["named"] or "").casefold()
    about = found["about"] or found["ish"] or named or not (found["minute"] or found["minute12"])
    return ClockTime(
        times=_times(found, named),
        relation=_relation(found, is_about=bool(about)),
        day=_day(found["day"] or found["after"]),
        zones=_zones(found["zone"]),
    )


def _times(found: re.Match[str], named: str) -> tuple[time, ...]:
    if named:
        return (time(0) if named == "midnight" else time(NOON),)
    hour, minute = int(found["hour"] or found["hour12"]), int(found["minute"] or found["minute12"] or 0)
    if half := (found["half"] or found["half12"] or "").casefold():
        return (time(hour % NOON + NOON * (half == "pm"), minute),) if hour <= NOON else (time(hour, minute),)
    is_of_24 = (
        found["hour"].startswith("0") or hour > NOON or (found["zone"] or "").upper() in {"UTC", "Z", "GMT"}
    )
    return (time(hour, minute),) if is_of_24 else (time(hour % 24, minute), time((hour + NOON) % 24, minute))


def _relation(found: re.Match[str], *, is_about: bool) -> str:
    word = (found["relation"] or "at").casefold()
    if word in {"before", "after"}:
        return f"near {word}" if found["near"] or is_about else word
    return "about" if is_about else "by" if word == "by" else "at"


def _day(typed: str | None) -> tuple[int | None, int, int] | None:
    if not typed:
        return None
    numbers = [int(it) for it in re.findall(r"\d+", typed)]
    if re.match(r"\d{4}-", typed):
        return numbers[0], numbers[1], numbers[2]
    month = next(n for n, it in enumerate(_MONTHS, start=1) if re.search(rf"\b{it}", typed, re.IGNORECASE))
    return (numbers[1] if len(numbers) > 1 else None), month, numbers[0]


def _zones(typed: str | None) -> tuple[tzinfo, ...] | None:
    """Return the zones that a short name can mean: none if it is unknown."""
    if typed is None:
        return None
    if typed.upper() in {"UTC", "GMT", "Z"}:
        return (UTC,)
    if typed[0] in "+-":
        minutes = int(typed[1:3]) * 60 + int(typed[-2:])
        return (timezone(timedelta(minutes=-minutes if typed[0] == "-" else minutes)),)
    return tuple(
        zone
        for place, (general, hours) in _PLACES.items()
        if typed.upper() in {general, *hours}
        for zone in (ZoneInfo(place), timezone(timedelta(hours=hours.get(typed.upper(), 0))))
        if isinstance(zone, ZoneInfo) or typed.upper() in hours
    )


# --- lengths ----------------------------------------------------------------------------------------------

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {
    **{it: n for n, it in enumerate((*_ONES, *_TEENS), start=1)},
    **{it: n for n, it in zip(range(20, 100, 10), _TENS, strict=True)},
    **{
        f"{ten} {one}": n * 10 + m
        for n, ten in enumerate(_TENS, start=2)
        for m, one in enumerate(_ONES, start=1)
    },
    "a": 1,
    "an": 1,
}
_COUNT = (
    rf"(?:\d{{1,4}}(?:\.\d{{1,2}})?|(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES)}))?"
    rf"|{'|'.join((*_TEENS, *_ONES))}|an?)"
)
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|(?<=\d)[smhd]|(?<=\d )[smhd])"
_PIECE = rf"{_COUNT}[- ]?{_UNIT}\b"
_HEDGES = (
    (r"more than|over|at least|longer than|upwards of", "over"),
    (r"less than|under|at most|up to|no more than|fewer than|no longer than", "under"),
    (
        r"just (?:over|under)|(?:a little|slightly|well) (?:over|under|more than|less than)|close to|some",
        "about",
    ),
    (r"about|around|approximately|roughly|approx\.?|circa|ca\.?|nearly|almost|~", "about"),
)
LENGTH = re.compile(
    rf"(?<![\w.:-])(?:(?P<hedge>{'|'.join(it for it, _ in reversed(_HEDGES))}) ?)?"
    rf"(?P<body>half an hour|(?:an? )?quarter of an hour|three quarters of an hour|an hour and a half"
    rf"|{_COUNT} and a half (?:hours|minutes)|\d{{1,2}}h[0-5]\d\b"
    rf"|{_PIECE}(?:(?:,? and |, | )?{_PIECE}){{0,2}})(?P<so> or so\b)?(?![\w:])",
    re.IGNORECASE,
)
_EACH = re.compile(rf"({_COUNT})[- ]?({_UNIT})\b", re.IGNORECASE)
_SPOKEN = {
    "half an hour": timedelta(minutes=30),
    "quarter of an hour": timedelta(minutes=15),
    "three quarters of an hour": timedelta(minutes=45),
    "an hour and a half": timedelta(minutes=90),
}
_UNITS = {"s": timedelta(seconds=1), "m": MINUTE, "h": HOUR, "d": DAY}


@dataclass(frozen=True, kw_only=True)
class Length:
    """A length as written, and how far a rounded one may be off."""

    amount: timedelta
    slack: timedelta
    relation: str = "is"

    def agrees(self, actual: timedelta) -> bool:
        match self.relation:
            case "over":
                return actual > self.amount - self.slack
            case "under":
                return actual < self.amount + self.slack
            case "about":
                return abs(actual - self.amount) <= max(self.amount / 4, 5 * MINUTE)
        return abs(actual - self.amount) < self.slack


def length_of(found: re.Match[str]) -> Length:
    """Return the length that `LENGTH` found."""
    body, hedge = found["body"].casefold(), (found["hedge"] or "").casefold()
    relation = next((it for words, it in _HEDGES if re.fullmatch(words, hedge)), "is")
    spoken = next((it for words, it in _SPOKEN.items() if body.endswith(words)), None)
    amount = spoken or _amount(body)
    return Length(amount=amount, slack=_slack(body, amount), relation="about" if found["so"] else relation)


def _amount(body: str) -> timedelta:
    if short := re.fullmatch(r"(\d+)h(\d\d)", body):
        return int(short[1]) * HOUR + int(short[2]) * MINUTE
    if half := re.fullmatch(r"(.+) and a half (hour|minute)s", body):
        return (_count(half[1]) + 0.5) * _UNITS[half[2][0]]
    return sum((_count(count) * _UNITS[unit[0].lower()] for count, unit in _EACH.findall(body)), timedelta())


def _count(typed: str) -> float:
    return _NUMBERS[word] if (word := typed.replace("-", " ")) in _NUMBERS else float(typed)


def _slack(body: str, amount: timedelta) -> timedelta:
    """Return how far off a rounded length may be: hours by a sixth, fives of minutes by two and a half minutes."""
    units = {unit[0].lower() for _, unit in _EACH.findall(body)}
    if "m" in units or re.fullmatch(r"\d+h\d\d", body):
        is_round = amount >= 10 * MINUTE and amount % (5 * MINUTE) == timedelta()
        return timedelta(seconds=151) if is_round else MINUTE
    return MINUTE if "s" in units else amount / 6
