"""Due times that are days away, in the owner's time zone and never at night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.daylight import at_hour
from bot.domain.policy import Grace, Timers

SATURDAY = 5
DAY = timedelta(days=1)


def deadline(since: datetime, grace: Grace, zone: str) -> datetime:
    """Return the time (UTC) that many days later, at the same time of day in the owner's zone (IANA)."""
    due = since.astimezone(ZoneInfo(zone))
    left = grace.days
    while left > 0:
        due += DAY  # wall-clock arithmetic, so that summer time keeps the time of day
        left -= not (grace.business and is_weekend(due))
    return due.astimezone(UTC)


def awake(moment: datetime, zone: str, timers: Timers, *, weekdays: bool = False) -> datetime:
    """Return `moment`, or the next morning (UTC) if it falls into the night (or a weekend) in a zone (IANA)."""
    local = moment.astimezone(ZoneInfo(zone))
    if not timers.is_night(local.hour) and not (weekdays and is_weekend(local)):
        return moment
    day = local.date() + (DAY if local.hour >= timers.still_open_hour else timedelta())
    while weekdays and day.weekday() >= SATURDAY:
        day += DAY
    return at_hour(day, timers.still_open_hour, ZoneInfo(zone))


def morning(day: datetime, zone: str, timers: Timers) -> datetime:
    """Return the hour of that day in a zone (IANA) at which Spy asks about things that can wait (UTC)."""
    local = day.astimezone(ZoneInfo(zone))
    return local.replace(hour=timers.still_open_hour, minute=0, second=0, microsecond=0).astimezone(UTC)


def is_weekend(local: datetime) -> bool:
    return local.weekday() >= SATURDAY
