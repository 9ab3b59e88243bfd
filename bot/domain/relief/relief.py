"""When to ask for relief: a person's unbroken work periods, and the escalation for them.

A work period is the time in which a person leads or has a role in at least one open incident. Handing over one
incident while leading another does not end it. Night time counts double, so the escalation is twice as fast.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, tzinfo
from itertools import count

from bot.domain.daylight import next_hour
from bot.domain.incident.incident import Incident
from bot.domain.incident.reminder_events import Reminded
from bot.domain.policy import LONG_HOURS, RELIEF, Safety, Timers
from bot.domain.refusal import Refusal
from bot.domain.subject import Address, Occurrence, ReminderName, Subject
from bot.domain.timer import LATE_AFTER, LastSent, Timer, remembering

COMMAND = "command"
DAY, TICK = timedelta(hours=24), timedelta(microseconds=1)
REST, LONG_REST = timedelta(hours=8), timedelta(hours=16)
"""A rest this long ends a person's day: `REST` if it includes 04:00 local time, `LONG_REST` at any time."""
SMALL_HOURS = time(4)
BREAK_AFTER = timedelta(minutes=30)
"""After less time on an incident, Spy does not advise a break."""
ESCALATION, ON_DUTY, LONG_DAY = "relief", "duty", "day"
"""A person's reminders: the escalation, hours worked within 24 h, and hours since the day's first work."""
SWITCHES: Mapping[ReminderName, Safety] = {ESCALATION: RELIEF, ON_DUTY: LONG_HOURS, LONG_DAY: LONG_HOURS}
"""The names by which `timers.switched_off` switches them off."""
WARN, ASK, PAGE, MANAGER, AGAIN = "warn", "ask", "page", "manager", "again"


# --- a work period --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A message that was sent about a work period. `words` names its reminder and step; `to` is its address."""

    words: str
    to: Address
    at: datetime
    due_at: datetime

    @property
    def mark(self) -> str:
        return f":{self.words}@{self.to}"

    @property
    def is_late(self) -> bool:
        return self.at - self.due_at > LATE_AFTER


@dataclass(frozen=True, kw_only=True)
class WorkPeriod:
    """A person's unbroken time on incidents. `on` maps incident numbers to *command* or a role."""

    number: int
    person: str
    started_at: datetime
    ended_at: datetime | None = None
    on: Mapping[int, str] = field(default_factory=dict)
    was_on: tuple[int, ...] = ()
    """Every incident it included, in order."""
    fine_at: datetime | None = None
    """When the person pressed *I'm fine* (UTC). Possible once per work period."""
    reminded: Mapping[ReminderName, LastSent] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()
    """The messages about it. Each shows the current state."""
    pages: tuple[int, ...] = ()
    """The numbers of the pages that Spy sent for it."""

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def subject(self) -> Subject:
        return subject(self.person)

    @property
    def led(self) -> tuple[int, ...]:
        """The incidents that the person leads now."""
        return tuple(number for number, what in self.on.items() if what == COMMAND)

    def lasted(self, now: datetime) -> timedelta:
        return (self.ended_at or now) - self.started_at

    def within(self, since: datetime, until: datetime) -> timedelta:
        """Return how much of it lies between `since` and `until`."""
        overlap = min(self.ended_at or until, until) - max(self.started_at, since)
        return max(overlap, timedelta())

    def joined(self, incident: int, what: str) -> "WorkPeriod":
        """Return it with one more incident, or with a new role in one."""
        was_on = tuple(dict.fromkeys((*self.was_on, incident)))
        return replace(self, on={**self.on, incident: what}, was_on=was_on)

    def left(self, incident: int, *, at: datetime) -> "WorkPeriod":
        """Return it without an incident. The last one ends it."""
        on = {number: what for number, what in self.on.items() if number != incident}
        return replace(self, on=on, ended_at=self.ended_at if on else at)

    def after(self, event: Reminded) -> "WorkPeriod":
        return replace(self, reminded=remembering(self.reminded, event))

    def asking(self, asked: Asked) -> "WorkPeriod":
        """Return it with one more sent message. The same words to the same address count as one message."""
        kept = (it for it in self.asked if it.mark != asked.mark)
        return replace(self, asked=(*kept, asked))

    def has_sent(self, reminder: str, *names: str) -> bool:
        """Whether the last step sent for a reminder is one of these."""
        sent = self.reminded.get(reminder)
        return sent is not None and sent.occurrence in {f"{sent.mark}.{name}" for name in names}


def subject(person: str) -> Subject:
    return Subject("person", person)


def began(number: int, person: str, incident: int, what: str, *, at: datetime) -> WorkPeriod:
    """Return a new work period."""
    return WorkPeriod(number=number, person=person, started_at=at).joined(incident, what)


def people_working(incident: Incident) -> Mapping[str, str]:
    """Return who works on an incident, and as what: *command* or a role. Empty once it is over."""
    if not incident.is_open:
        return {}
    roles = {person: role for role, person in incident.roles.items()}
    return {**roles, incident.commander: COMMAND} if incident.commander else roles


def is_worth_a_break(period: WorkPeriod, before: Incident, *, now: datetime) -> bool:
    """Whether to advise a break to a person whose role was just taken over. `before` is the incident before that."""
    at_it = period.lasted(now)
    if period.is_running and before.commander == period.person and before.command_since:
        at_it = now - before.command_since
    return at_it >= BREAK_AFTER


def fine(period: WorkPeriod, *, at: datetime, zone: tzinfo, timers: Timers) -> WorkPeriod:
    """Return the period after *I'm fine*: the next step waits for `relief_fine` from now.

    Refuses a second time in one work period, or if the next step is later anyway.
    """
    if period.fine_at:
        raise Refusal(
            "You have already used this once in this work period. "
            "Hand over, if only for a meal: `incident hand @person`."
        )
    due_at = next_step(period, zone, timers).due_at
    if due_at >= at + timers.relief_fine:
        raise Refusal(
            f"Spy asks nobody before {due_at.astimezone(zone):%H:%M} (your time). "
            "*I'm fine* works once in a work period: keep it until then."
        )
    return replace(period, fine_at=at)


# --- the escalation -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class EscalationStep:
    """A step of the escalation. It is due after `after` of work by day."""

    name: str
    after: timedelta
    repeats: bool = False

    @property
    def posts_again(self) -> bool:
        """Whether it posts a new message to the team. Other steps update the last one."""
        return self.name == ASK or self.repeats

    @property
    def pages(self) -> bool:
        return self.name in {PAGE, MANAGER} or self.repeats


def escalation_steps(timers: Timers) -> Iterator[EscalationStep]:
    """Yield the escalation steps in order. The last step repeats without end."""
    yield EscalationStep(name=WARN, after=timers.relief_warn)
    yield EscalationStep(name=ASK, after=timers.relief_ask)
    yield EscalationStep(name=PAGE, after=timers.relief_page)
    yield EscalationStep(name=MANAGER, after=timers.relief_manager)
    for nth in count(1):
        after = timers.relief_manager + nth * timers.relief_every
        yield EscalationStep(name=f"{AGAIN}{nth}", after=after, repeats=True)


def due(started_at: datetime, load: timedelta, zone: tzinfo, timers: Timers) -> datetime:
    """Return when (UTC) a work period reaches a load. Night time in the person's zone counts double."""
    moment, left = started_at, load
    while True:
        weight = 2 if timers.is_night(moment.astimezone(zone).hour) else 1
        edge = _turn_of_day(moment, zone, timers)
        if (edge - moment) * weight >= left:
            return moment + left / weight
        moment, left = edge, left - (edge - moment) * weight


def climb(period: WorkPeriod, zone: tzinfo, timers: Timers) -> Iterator[tuple[EscalationStep, datetime]]:
    """Yield each step with its due time (UTC), without end. *I'm fine* delays the next step and all later ones."""
    foot, below = period.started_at, timedelta()
    waits = period.fine_at is not None
    for step in escalation_steps(timers):
        at = due(foot, step.after - below, zone, timers)
        if waits and period.fine_at and at > period.fine_at:
            waits = False
            held = period.fine_at + timers.relief_fine
            if held > at:
                foot, below, at = held, step.after, held
        if step.repeats:  # the next one is reckoned from here: in a long period there are thousands
            foot, below = at, step.after
        yield step, at


def next_step(period: WorkPeriod, zone: tzinfo, timers: Timers) -> Timer:
    """Return the timer of the first step that was not sent."""
    return next(timer for _, timer in _above(period, zone, timers))


def reached(
    period: WorkPeriod, zone: tzinfo, timers: Timers, *, now: datetime
) -> tuple[EscalationStep, Timer] | None:
    """Return the highest step that is due and not sent. If several were missed, only this one is sent."""
    found = None
    for step, timer in _above(period, zone, timers):
        if timer.due_at > now:
            return found
        found = (step, timer)
    return found


def _above(period: WorkPeriod, zone: tzinfo, timers: Timers) -> Iterator[tuple[EscalationStep, Timer]]:
    sent = period.reminded.get(ESCALATION)
    below = sent is not None
    for step, at in climb(period, zone, timers):
        if below and sent:
            below = f"{sent.mark}.{step.name}" != sent.occurrence
            continue
        yield step, _timer(period, ESCALATION, step.name, at)


def _turn_of_day(moment: datetime, zone: tzinfo, timers: Timers) -> datetime:
    """Return the time (UTC) after this one at which the night begins or ends."""
    return min(next_hour(it, moment + TICK, zone) for it in (timers.night_from, timers.night_until))


# --- total hours ------------------------------------------------------------------------------------------


def on_duty(periods: Iterable[WorkPeriod], *, until: datetime, window: timedelta = DAY) -> timedelta:
    """Return the time worked in the window that ends at `until`. Time that lies in several periods counts once."""
    since, worked = until - window, timedelta()
    reached = since
    for it in sorted(periods, key=lambda it: it.started_at):
        worked += it.within(reached, until)
        reached = max(reached, min(it.ended_at or until, until))
    return worked


def adds_up(period: WorkPeriod, earlier: Sequence[WorkPeriod], amount: timedelta) -> datetime:
    """Return when a running work period reaches this much work within 24 h, if it continues (UTC)."""
    every = (*earlier, period)
    moment = period.started_at
    edges = sorted({at + DAY for it in earlier for at in (it.started_at, it.ended_at or moment)})
    for edge in [edge for edge in edges if edge > moment]:
        at = _at_this_rate(every, moment, amount)
        if at and at <= edge:
            return at
        moment = edge
    return _at_this_rate(every, moment, amount) or moment


def _at_this_rate(periods: Sequence[WorkPeriod], moment: datetime, amount: timedelta) -> datetime | None:
    """Return None while old work leaves the 24 h window as fast as new work is added."""
    missing = amount - on_duty(periods, until=moment)
    if missing <= timedelta():
        return moment
    falls_out = any(it.started_at + DAY <= moment < (it.ended_at or moment) + DAY for it in periods)
    return None if falls_out else moment + missing


def day_began(period: WorkPeriod, earlier: Sequence[WorkPeriod], zone: tzinfo) -> datetime:
    """Return when the person's day began: the first work since their last night's rest (UTC)."""
    began_at = period.started_at
    for it in sorted(earlier, key=lambda it: it.started_at, reverse=True):
        if it.ended_at is None or _is_rest(it.ended_at, began_at, zone):
            break
        began_at = it.started_at
    return began_at


def _is_rest(start: datetime, end: datetime, zone: tzinfo) -> bool:
    local = start.astimezone(zone)
    asleep = datetime.combine(local.date(), SMALL_HOURS, zone)
    if asleep < local:
        asleep = datetime.combine(local.date() + timedelta(days=1), SMALL_HOURS, zone)
    return end - start >= (REST if asleep.astimezone(end.tzinfo) <= end else LONG_REST)


def _summed(
    period: WorkPeriod, earlier: Sequence[WorkPeriod], zone: tzinfo, timers: Timers
) -> Iterator[tuple[str, str, datetime]]:
    """Yield reminder, step and due time of the four warnings, without those sent in an earlier work period."""
    first = day_began(period, earlier, zone)
    today = [it for it in earlier if it.started_at >= first]
    recent = [it for it in earlier if it.ended_at and it.ended_at > period.started_at - DAY]
    for name, amount, awake in (
        (WARN, timers.duty_warn, timers.day_warn),
        (ASK, timers.duty_urge, timers.day_urge),
    ):
        if not _was_sent(recent, ON_DUTY, name):
            yield ON_DUTY, name, adds_up(period, earlier, amount)
        if not _was_sent(today, LONG_DAY, name):
            yield LONG_DAY, name, max(first + awake, period.started_at)


def _was_sent(periods: Iterable[WorkPeriod], reminder: str, name: str) -> bool:
    return any(it.has_sent(reminder, *_AT_LEAST[name]) for it in periods)


_AT_LEAST: Mapping[str, tuple[str, ...]] = {WARN: (WARN, ASK), ASK: (ASK,)}


# --- the agenda -------------------------------------------------------------------------------------------


def work_period_agenda(
    period: WorkPeriod, zone: tzinfo, timers: Timers, *, earlier: Sequence[WorkPeriod] = ()
) -> list[Timer]:
    """Return the next reminders of a running work period. `earlier` holds the work periods of the last days."""
    if not period.is_running:
        return []
    summed = [
        _timer(period, reminder, name, at)
        for reminder, name, at in _summed(period, earlier, zone, timers)
        if not _was_sent([period], reminder, name)
    ]
    return _switched_on([next_step(period, zone, timers), *_first_of_each(summed)], timers)


def overdue(
    period: WorkPeriod, zone: tzinfo, timers: Timers, *, earlier: Sequence[WorkPeriod] = (), now: datetime
) -> list[Timer]:
    """Return the timers to send now: for each reminder the highest step that is due."""
    if not period.is_running:
        return []
    highest = reached(period, zone, timers, now=now)
    summed = {
        reminder: _timer(period, reminder, name, at)
        for reminder, name, at in _summed(period, earlier, zone, timers)
        if at <= now and not _was_sent([period], reminder, name)
    }
    return _switched_on([*([highest[1]] if highest else []), *summed.values()], timers)


def _switched_on(found: Iterable[Timer], timers: Timers) -> list[Timer]:
    return [it for it in found if SWITCHES[it.reminder] not in timers.switched_off]


def _first_of_each(timers: Iterable[Timer]) -> list[Timer]:
    first: dict[ReminderName, Timer] = {}
    for timer in timers:
        first.setdefault(timer.reminder, timer)
    return list(first.values())


def _timer(period: WorkPeriod, reminder: str, name: str, at: datetime) -> Timer:
    """Return a timer. Its cycle is the work period, so each step is sent once per work period."""
    return Timer(subject=period.subject, occurrence=Occurrence(reminder, str(period.number), name), due_at=at)
