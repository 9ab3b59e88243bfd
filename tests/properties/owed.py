"""What Spy owes at a moment, reckoned anew from the incidents, shifts and what was said: written from spy.md alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Milestone, Policy, Severity, Team, Timers

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATE = MINUTE
CHECK = timedelta(minutes=10)
SHOWN = NO_SEVERITY = timedelta(minutes=5)
MOST = 5
USUAL = 30 * MINUTE
"""How often an update is asked for that somebody has promised without a severity."""
ESCALATION = (
    ("warn", 45 * MINUTE),
    ("ask", 60 * MINUTE),
    ("page", 75 * MINUTE),
    ("manager", 90 * MINUTE),
)
NEVER_NIGHT = Timers(night_from=0, night_until=0)
LEADS = (7 * DAY, DAY, HOUR, timedelta())
CLOSE = timedelta(minutes=15)

POLICY = Policy(
    teams={"imoc": Team(key="imoc", channel="C0IMOC", schedule="PSCH1", manager="U0MGR")},
    severities={
        "sev1": Severity(key="sev1", update_every=15 * MINUTE),
        "sev2": Severity(key="sev2", update_every=30 * MINUTE),
        "sev3": Severity(key="sev3", update_every=60 * MINUTE),
    },
    command_team="imoc",
    timers=NEVER_NIGHT,
    milestones=(
        Milestone(name="check", when=(CHECK,), message="Look at it.", unless="impact"),
        Milestone(name="report", at_stop=True, message="Write it down."),
    ),
)
"""Three severities; one milestone after ten minutes and one at the end; no night, so that the escalation is plain."""


@dataclass(frozen=True, kw_only=True)
class Debt:
    """A duty that must be spoken of by now; `spell` is what it belongs to, so that it is new when that is new."""

    reminder: str
    period: object
    due_at: datetime

    def is_late(self, now: datetime) -> bool:
        return now - self.due_at > LATE


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Something that was said of an incident, as the test has seen it."""

    reminder: str
    period: object
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """When a duty is due: at the start, and at the end of each period, if it has one, at `most` so often."""

    reminder: str
    period: object
    start: datetime
    every: timedelta | None = None
    most: int | None = None

    def debt(self, said: Sequence[Speech], now: datetime) -> Debt | None:
        """Whatever was missed is one debt."""
        mine = [it.at for it in said if (it.reminder, it.period) == (self.reminder, self.period)]
        due = self._due([at for at in mine if at >= self.start])
        if due is None or due > now or (self.most is not None and len(mine) >= self.most):
            return None
        return Debt(reminder=self.reminder, period=self.period, due_at=due)

    def _due(self, said: Sequence[datetime]) -> datetime | None:
        if not said:
            return self.start
        return self.start + self.every * ((max(said) - self.start) // self.every + 1) if self.every else None


def debts(incident: Incident, said: Sequence[Speech], now: datetime) -> list[Debt]:
    """Return what must be said of an incident now, besides *still open* and what is owed to people."""
    rhythms = _while_open(incident) if incident.is_open else _at_the_end(incident)
    return [debt for rhythm in rhythms if (debt := rhythm.debt(said, now))]


def _while_open(incident: Incident) -> Iterator[Rhythm]:
    opened = incident.reopened_at or incident.declared_at
    if incident.update_due is not None:
        severity = POLICY.severities.get(incident.severity or "")
        yield from _promise(incident, incident.update_due, severity.update_every if severity else USUAL)
    if incident.severity is None:
        start = opened + NO_SEVERITY
        yield Rhythm(reminder="no_severity", period=opened, start=start, every=NO_SEVERITY, most=MOST)
    if not incident.impact:
        yield Rhythm(reminder="milestone:check", period=opened, start=opened + CHECK)


def _promise(incident: Incident, due: datetime, every: timedelta | None) -> Iterator[Rhythm]:
    snooze = incident.snoozed.get("update_due")
    is_snoozed = snooze and snooze.mark == str(round(due.timestamp() * 1000))
    start = max(due, snooze.until) if snooze and is_snoozed else due
    for reminder, after in (("update_due", timedelta()), ("update_late", SHOWN)):
        yield Rhythm(reminder=reminder, period=due, start=start + after, every=every)


def _at_the_end(incident: Incident) -> Iterator[Rhythm]:
    if incident.phase is Phase.RESOLVED and incident.resolved_at:
        yield Rhythm(
            reminder="milestone:report@stop", period=incident.resolved_at, start=incident.resolved_at
        )


# --- people -----------------------------------------------------------------------------------------------


def highest_step(began: datetime, now: datetime) -> str | None:
    """Return the last step of the escalation that somebody has reached, by day."""
    lasted = now - began
    hours = (lasted - ESCALATION[-1][1]) // HOUR
    if hours >= 1:
        return f"again{hours}"
    return next((name for name, after in reversed(ESCALATION) if lasted >= after), None)


def warned_since(shift: Shift, now: datetime) -> datetime | None:
    """Return since when its person must have been warned; None where no warning was owed so far."""
    leads = [lead for lead in LEADS if lead < DAY or not shift.goes_on]  # one week of days is warned of once
    passed = [shift.start - lead for lead in leads if shift.start - lead <= now]
    if not passed or shift.known_since - shift.start > HOUR:
        return None
    due = max(passed)
    return due if due <= shift.known_since else due - CLOSE
