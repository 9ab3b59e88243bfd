"""When a team's channel gets the report of the last month."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.daylight import at_hour
from bot.domain.oncall.ledger import Month
from bot.domain.policy import Team, Timers
from bot.domain.postmortem.deadline import DAY, SATURDAY
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer

MONTHLY = "monthly"
LAPSES = timedelta(days=7)
"""After this time a report that was not sent is no longer sent."""


def report_subject(team: str) -> Subject:
    return Subject("report", team)


def due(month: Month, timers: Timers, *, zone: str) -> datetime:
    """Return when the report of a month is due (UTC): on the first working day after it, by the clock of a zone."""
    after = month.before(-1)
    day = date(after.year, after.month, 1)
    while day.weekday() >= SATURDAY:
        day += DAY
    return at_hour(day, timers.report_hour, ZoneInfo(zone))


def report_agenda(team: Team, timers: Timers, *, zone: str, now: datetime) -> list[Timer]:
    """Return the reports of the last month and of this one; none if the team wants none."""
    this = Month.of(now.astimezone(ZoneInfo(zone)))
    months = ((it, due(it, timers, zone=zone)) for it in (this.before(1), this))
    return [
        Timer(subject=report_subject(team.key), occurrence=Occurrence(MONTHLY, str(month)), due_at=at)
        for month, at in months
        if team.digest and now <= at + LAPSES
    ]
