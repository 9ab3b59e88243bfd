"""Rest: which night was the last one, when its morning is, and how long somebody is free between what they do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.daylight import at_hour
from bot.domain.policy import Timers

DAY = timedelta(days=1)
NOT_AFTER = 10
"""The local hour from which rest after a night is no longer offered: the day has begun."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time from `start` to `end` (UTC)."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return max(self.end - self.start, timedelta())

    def within(self, other: "Span") -> "Span":
        """Return the part of it that lies within another. It has no length if there is none."""
        start = max(self.start, other.start)
        return Span(start=start, end=max(start, min(self.end, other.end)))


@dataclass(frozen=True, kw_only=True)
class BrokenNight:
    """A night in which a person was paged, when that was noticed, and when the pages came (UTC)."""

    at: datetime
    rings: tuple[datetime, ...]


def last_night(now: datetime, zone: str, timers: Timers) -> Span | None:
    """Return the last night that is over, by the clock of a zone; None if there is no night."""
    if timers.night_from == timers.night_until:
        return None
    there = ZoneInfo(zone)
    day = now.astimezone(there).date()
    if at_hour(day, timers.night_until, there) > now:
        day -= DAY
    began = day if timers.night_from < timers.night_until else day - DAY
    return Span(start=at_hour(began, timers.night_from, there), end=at_hour(day, timers.night_until, there))


def is_time_to_offer(now: datetime, zone: str, timers: Timers) -> bool:
    """Whether rest may be offered now, by the clock of a zone."""
    return timers.rest_offer_hour <= now.astimezone(ZoneInfo(zone)).hour < NOT_AFTER


def end_of_day(now: datetime, zone: str) -> datetime:
    """Return the next midnight of a zone (UTC)."""
    there = ZoneInfo(zone)
    return at_hour(now.astimezone(there).date() + DAY, 0, there)


# --- between what somebody does ---------------------------------------------------------------------------


def shortest_rest(busy: Iterable[Span], around: Span) -> tuple[timedelta, Span]:
    """Return the shortest rest in 24 h that begin or end with something a person does, and these 24 h.

    Rest is the longest free time in them. Only those that touch `around` count; if there are none, all is rest.
    """
    spans = merged(busy)
    days = [Span(start=at, end=at + DAY) for it in spans for at in (it.start, it.end - DAY)]
    touching = [it for it in days if it.start < around.end and it.end > around.start]
    found = ((_longest_free(spans, day), day) for day in touching)
    return min(found, key=lambda it: (it[0], it[1].start), default=(DAY, around))


def _longest_free(spans: Iterable[Span], day: Span) -> timedelta:
    longest, since = timedelta(), day.start
    for it in spans:
        longest = max(longest, min(it.start, day.end) - since)
        since = max(since, min(it.end, day.end))
    return max(longest, day.end - since)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, with those that overlap or touch joined."""
    return list(_merged(sorted(spans, key=lambda it: it.start)))


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    whole: Span | None = None
    for it in spans:
        if whole and it.start <= whole.end:
            whole = Span(start=whole.start, end=max(whole.end, it.end))
            continue
        if whole:
            yield whole
        whole = it
    if whole:
        yield whole
