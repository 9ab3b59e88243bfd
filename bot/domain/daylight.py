"""A time of day on a date, where daylight saving may skip it or repeat it."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.refusal import Choice, Refusal

MINUTE = timedelta(minutes=1)


def on_the_clock(day: date, clock: time, place: tzinfo, *, slot: str | None = None) -> datetime:
    """Return the time (UTC) when a clock shows `clock` on a day.

    Refuses a time that daylight saving skips or repeats on that day.
    """
    first, second = (datetime.combine(day, clock, place).replace(fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if _is_there(first):
        early, late = (f"{it.astimezone(UTC):%Y-%m-%d %H:%M}z" for it in (first, second))
        raise Refusal(
            f"{clock:%H:%M} comes twice on {_day(day)}: the clocks go back in {place}. Write "
            f"{early} for the first time, {late} for the second (z is UTC).",
            slot=slot,
            choices=(Choice(label=early, say=early), Choice(label=late, say=late)),
        )
    before, after = first, first
    while not _is_there(before):
        before -= MINUTE
    while not _is_there(after):
        after += MINUTE
    raise Refusal(
        f"There is no {clock:%H:%M} on {_day(day)} in {place}: the clocks go from {before + MINUTE:%H:%M} to "
        f"{after:%H:%M}. Use {after:%H:%M} or {before:%H:%M}.",
        slot=slot,
    )


def at_hour(day: date, hour: int, place: tzinfo) -> datetime:
    """Return when (UTC) it is this hour on a day: the first time if it comes twice, an hour later if it is skipped."""
    return datetime.combine(day, time(hour), place).astimezone(UTC)


def next_hour(hour: int, earliest: datetime, place: tzinfo) -> datetime:
    """Return when (UTC) it is this hour next, at `earliest` or after it."""
    today = earliest.astimezone(place).date()
    days = (at_hour(today + timedelta(days=it), hour, place) for it in (0, 1, 2))
    return next(it for it in days if it >= earliest)


def _is_there(moment: datetime) -> bool:
    """Whether this local time exists; daylight saving skips some."""
    there = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return there.replace(tzinfo=None) == moment.replace(tzinfo=None)


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
