"""When something is due that may take days: on the owner's own clock, and never asked for in their night."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.policy import Grace, Timers

SATURDAY = 5
DAY = timedelta(days=1)


def deadline(since: datetime, grace: Grace, zone: str) -> datetime:
    """Return the moment (UTC) so many days later, at the same time of day where the owner lives (IANA)."""
    due = since.astimezone(ZoneInfo(zone))
    left = grace.days
    while left > 0:
        due += DAY  # wall clock: the same time of day, whatever summer time does
        left -= not (grace.business and is_weekend(due))
    return due.astimezone(UTC)


def awake(moment: datetime, zone: str, timers: Timers, *, weekdays: bool = False) -> datetime:
    """Return the moment itself or, where it falls into somebody's night (or weekend), the morning after (UTC)."""
    local = moment.astimezone(ZoneInfo(zone))
    if not timers.is_night(local.hour) and not (weekdays and is_weekend(local)):
        return moment
    day = local.date() + (DAY if local.hour >= timers.still_open_hour else timedelta())
    while weekdays and day.weekday() >= SATURDAY:
        day += DAY
    return datetime.combine(day, time(timers.still_open_hour), local.tzinfo).astimezone(UTC)


def morning(day: datetime, zone: str, timers: Timers) -> datetime:
    """Return the hour of that day, where somebody lives, at which Spy asks about what can wait (UTC)."""
    local = day.astimezone(ZoneInfo(zone))
    return local.replace(hour=timers.still_open_hour, minute=0, second=0, microsecond=0).astimezone(UTC)


def is_weekend(local: datetime) -> bool:
    return local.weekday() >= SATURDAY
