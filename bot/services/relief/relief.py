"""Ask for relief for people who have worked too long, and handle their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.effects import UpsertMessage
from bot.domain.incident import command
from bot.domain.incident import events as incident_events
from bot.domain.incident.event_effects import brief
from bot.domain.incident.incident import Incident
from bot.domain.oncall.load import KINDS, command_periods
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.relief import events
from bot.domain.relief.relief import (
    ASK,
    COMMAND,
    ESCALATION,
    PAGE,
    WARN,
    Asked,
    EscalationStep,
    WorkPeriod,
    climb,
    day_began,
    fine,
    next_step,
    on_duty,
    overdue,
    people_working,
    reached,
    work_period_agenda,
)
from bot.domain.reminder import may_post
from bot.domain.subject import Address, IncidentChannel, Subject, is_person
from bot.domain.timer import Timer
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import Incidents
from bot.services.messages import Facts, message
from bot.services.paging.paging import Paging
from bot.services.people import People
from bot.services.relief.work_periods import WorkPeriods, section
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

BACKUP_LEVEL = 2
"""The backup's level in the command team's escalation policy."""


@dataclass(frozen=True, kw_only=True)
class Relieving:
    """The result of *I can take over*. `is_done` is False if only the brief was sent; then `what` is not theirs yet."""

    incident: Incident
    person: str | None
    what: str
    is_done: bool


@reminds("person")
class Relief:
    """The reminders about people's work periods, and what their messages show."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._periods = WorkPeriods(tx)
        self._timers = tx.policy.timers

    # --- due reminders ---

    def try_lock(self, person: str) -> bool:
        """Lock the person's incidents, then the person, in the same order as commands, without waiting for any.

        Return False if another transaction has one of them: who sends to several people at once must not wait.
        """
        before = self._periods.of(person).running
        numbers = sorted(before.on) if before else []
        if len(self._session.incidents.try_lock(numbers)) < len(numbers):
            return False
        if not self._session.try_lock(section(person)):
            return False
        now = self._periods.of(person).running
        return now is None or set(now.on) <= set(numbers)

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        past = self._periods.locked(subject.ref)
        if past.running is None:
            return []
        zone = self._periods.zone(subject.ref)
        return work_period_agenda(past.running, zone, self._timers, earlier=past.earlier)

    def send(self, timer: Timer) -> None:
        """Send the highest step that is due. Lower steps that were missed are skipped."""
        person = timer.subject.ref
        past = self._periods.locked(person)
        period = past.running
        if period is None:
            return
        zone, now = self._periods.zone(person), self._tx.now
        missed = overdue(period, zone, self._timers, earlier=past.earlier, now=now)
        highest = next((it for it in missed if it.reminder == timer.reminder), timer)
        self._session.timers.sent(highest.key, now)
        if highest.reminder == ESCALATION:
            climbed = reached(period, zone, self._timers, now=now)
            period = self._climb(period, climbed[0], highest) if climbed else period
        else:
            period = self._warn(period, highest)
        self._periods.keep(period, past)
        self._tx.send(*self._periods.shows(period))

    def _climb(self, period: WorkPeriod, step: EscalationStep, timer: Timer) -> WorkPeriod:
        if step.name == WARN:
            return self._ask(period, timer, f"{ESCALATION}-{WARN}", [period.person])
        words = f"{ESCALATION}-{step.name if step.posts_again else ASK}"
        period = self._ask(period, timer, words, [*self._channels(period), *self._team_channel(period)])
        return self._page(period, step) if step.pages else period

    def _warn(self, period: WorkPeriod, timer: Timer) -> WorkPeriod:
        """Warn the person about their working hours. The second warning also goes to the channels."""
        words, places = f"{timer.reminder}-{timer.occurrence.n}", list[Address]([period.person])
        if timer.occurrence.n == ASK:
            places += [
                *(it for it in self._channels(period) if self._may_post(it)),
                *self._team_channel(period),
            ]
        return self._ask(period, timer, words, places)

    def _ask(self, period: WorkPeriod, timer: Timer, words: str, places: Sequence[Address]) -> WorkPeriod:
        """Send a message to these places, and record it in each incident."""
        now = self._tx.now
        for place in places:
            period = period.asking(Asked(words=words, to=place, at=now, due_at=timer.due_at))
        for number in sorted(period.on):
            here = IncidentChannel(number)
            to = here if here in places else places[0]
            self._tx.record(self._tx.incident(number), timer.sent_event(now, to=to))
        return period.after(timer.sent_event(now, to=places[0]))

    def _channels(self, period: WorkPeriod) -> list[IncidentChannel]:
        return [IncidentChannel(number) for number in sorted(period.on)]

    def _may_post(self, channel: IncidentChannel) -> bool:
        incident = self._tx.incident(channel.incident)
        return may_post(incident, self._tx.now, self._tx.policy)

    def _team_channel(self, period: WorkPeriod) -> list[str]:
        """Return the command team's channel; none if all incidents are private."""
        team = self._command_team
        public = any(not self._tx.incident(number).private for number in period.on)
        return [team.channel] if team and public else []

    # --- pages ---

    @property
    def _command_team(self) -> Team | None:
        policy = self._tx.policy
        return policy.teams.get(policy.command_team or "")

    def _page(self, period: WorkPeriod, step: EscalationStep) -> WorkPeriod:
        """Page the backup, then the manager. A drill pages nobody."""
        team, incident = self._command_team, self._real(period)
        if team is None or not team.service or incident is None:
            return period
        whom = self._backup(team, period) if step.name == PAGE else People(self._tx).manager(team)
        words = self._plea(period, incident)
        paging = Paging(self._tx)
        if whom and whom != period.person:
            page = paging.page_person(whom, words, by=None, incident=incident)
        else:
            page = paging.page_team(team, words, by=None, incident=incident)
        return replace(period, pages=(*period.pages, page.number))

    def _real(self, period: WorkPeriod) -> Incident | None:
        """Return the incident to page about: preferably one the person leads, never a drill."""
        every = [self._tx.incident(number) for number in sorted(period.on)]
        real = [incident for incident in every if not incident.drill]
        led = [incident for incident in real if incident.number in period.led]
        return next(iter(led or real), None)

    def _backup(self, team: Team, period: WorkPeriod) -> str | None:
        """Return the Slack id of the command team's backup, if known and available."""
        on_calls = self._session.on_calls.copy().on_calls
        for reminder in sorted(on_calls, key=lambda reminder: reminder.level):
            if reminder.policy == team.escalation_policy and reminder.level >= BACKUP_LEVEL:
                person = People(self._tx).paged_as(reminder.user, reminder.email)
                if person and person != period.person and People(self._tx).is_assignable(person):
                    return person
        return None

    def _plea(self, period: WorkPeriod, incident: Incident) -> str:
        """Return the text of the page. It is built here because the pager stores it."""
        name = People(self._tx).name(period.person) or "Someone"
        hours, minutes = divmod(int(period.lasted(self._tx.now).total_seconds() // 60), 60)
        length = f"{hours} h {minutes:02}" if hours else f"{minutes} min"
        leads, since = incident.number in period.led, self._has_since(period, incident.number)
        if since and since > period.started_at:
            now = "in command of" if leads else f"{period.on[incident.number]} of"
            return f"{name} has worked on incidents for {length}, now {now} {incident.id}. Can you step in?"
        did = "has led" if leads else "has worked on"
        return f"{name} {did} {incident.id} for {length}. Can you step in?"

    # --- answers ---

    def relieve(self, incident: Incident, person: str | None, *, by: str) -> Relieving:
        """Offer to take over. Command needs a brief first; a role changes hands at once."""
        person = person or incident.commander
        what = people_working(incident).get(person or "", COMMAND)
        if person and incident.is_open and person not in people_working(incident):
            leads = f"<@{incident.commander}> has command" if incident.commander else "nobody has command"
            raise Refusal(f"<@{person}> is off {incident.id} already: {leads}.")
        if person == by:
            raise Refusal(
                f"That is you. Someone else can take over, or use `incident {incident.number} hand`."
            )
        if what != COMMAND:
            given = command.give_role(incident, what, by, by=by, at=self._tx.now)
            incident = self._tx.record(incident, given)
            return Relieving(incident=incident, person=person, what=what, is_done=True)
        if incident.command_offered_to != by:
            incident = Incidents(self._tx).take_command(incident, by=by)
            if incident.commander != by:
                self._tx.send(brief(incident.number, incident.entries, by))
        is_done = incident.commander == by
        return Relieving(incident=incident, person=person, what=COMMAND, is_done=is_done)

    def say_fine(self, *, by: str) -> datetime:
        """Record *I'm fine* and show it in the channel of each incident. Return when Spy asks next (UTC)."""
        before = self._periods.of(by).running
        channels = self._session.incidents.try_lock(sorted(before.on)) if before else ()
        past = self._periods.locked(by)
        if past.running is None:
            raise Refusal(
                "You lead no open incident and have no part in one: Spy asks nobody to take over from you."
            )
        zone = self._periods.zone(by)
        period = fine(past.running, at=self._tx.now, zone=zone, timers=self._timers)
        until = next_step(period, zone, self._timers).due_at
        for number in sorted(channels):
            put_off = events.ReliefPutOff(at=self._tx.now, by=by, until=until)
            self._tx.record(self._tx.incident(number), put_off)
        self._periods.keep(period, past)
        self._tx.send(*self._periods.shows(period))
        return until

    def report_undelivered(self, number: int, to: Address, why: str) -> None:
        """Report in the channels that a relief message could not be delivered."""
        place = f"<@{to}>" if is_person(str(to)) else f"<#{to}>"
        for incident in sorted(self._period(number).on):
            IncidentChannels(self._tx).undelivered(incident, f"The word about relief to {place}", why)

    # --- facts for messages ---

    def relief(self, number: int, words: str, to: Address) -> Mapping[str, Any]:
        """Return what a message about a work period shows at this address."""
        period = self._period(number)
        asked = next((it for it in period.asked if (it.words, it.to) == (words, to)), None)
        past, zone = self._periods.of(period.person), self._periods.zone(period.person)
        until = period.ended_at or self._tx.now
        first = day_began(period, past.earlier, zone)
        return {
            **self._for(period, to),
            "period": period,
            "words": words,
            "asked": asked,
            "is_latest": asked is not None and asked == self._latest(period, asked),
            "lasted": period.lasted(self._tx.now),
            "parts": self._parts(period),
            "now": self._tx.now,
            "on_duty": on_duty([*past.earlier, *([past.running] if past.running else [])], until=until),
            "first": first,
            "awake": until - first,
            "asks_at": next(at for step, at in climb(period, zone, self._timers) if step.name == ASK),
            "has_asked": any(it.words != f"{ESCALATION}-{WARN}" for it in period.asked),
            "fine_for": self._timers.relief_fine,
            "fine_until": self._fine_until(period),
            "is_spared": self._is_spared(period),
            "pages": [page for page in map(self._session.pages.get, period.pages) if page],
        }

    def rest(self, number: int, incident_number: int) -> Mapping[str, Any]:
        """Return what a person sees after somebody took over their role."""
        period, incident = self._period(number), self._tx.incident(incident_number)
        others = map(self._tx.incident, sorted(period.on))
        return {
            "period": period,
            "incident": incident,
            "others": [it for it in others if it.number != incident.number and it.is_seen_by(period.person)],
            "still": people_working(incident).get(period.person),
            "lasted": period.lasted(self._tx.now),
            "led": self._led(incident, period.person),
        }

    def _parts(self, period: WorkPeriod) -> Mapping[int, datetime]:
        """Return since when (UTC) the person has had command or their role, by incident."""
        return {number: since for number in period.on if (since := self._has_since(period, number))}

    def _has_since(self, period: WorkPeriod, number: int) -> datetime | None:
        incident, part = self._tx.incident(number), period.on[number]
        if part == COMMAND:
            return incident.command_since
        since: datetime | None = None
        for given in self._session.timeline.among([number], [incident_events.RoleGiven.kind()]):
            if given.data["role"] == part:
                is_theirs = given.data["person"] == period.person
                since = (since or given.occurred_at) if is_theirs else None
        return max(since, incident.opened_at) if since else None

    def _led(self, incident: Incident, person: str) -> timedelta | None:
        """Return how long the person last led this incident."""
        entries = self._session.timeline.among([incident.number], KINDS)
        led = [it.end - it.start for it in command_periods(entries, now=self._tx.now) if it.person == person]
        return led[-1] if led else None

    def _period(self, number: int) -> WorkPeriod:
        found = self._session.periods.get(number)
        if found is None:
            raise LookupError(f"work period {number} is not in the database")
        return found

    def _for(self, period: WorkPeriod, to: Address) -> Mapping[str, Any]:
        """Return the incidents that may be shown there.

        A private one appears only in its own channel, and to the person while they may see it.
        """
        here = to.incident if isinstance(to, IncidentChannel) else None
        every = [self._tx.incident(number) for number in period.was_on]
        is_theirs = to == period.person
        seen = [
            it
            for it in every
            if not it.private or it.number == here or (is_theirs and it.is_seen_by(period.person))
        ]
        audience = "person" if is_theirs else "channel" if here else "team"
        at_it = [it for it in seen if it.number in period.on and (here is None or it.number == here)]
        return {"audience": audience, "incidents": at_it, "left": [it for it in seen if it not in at_it]}

    def _latest(self, period: WorkPeriod, asked: Asked) -> Asked:
        """Return the newest message to the same place. Only that one has buttons."""
        return [it for it in period.asked if it.to == asked.to][-1]

    def _is_spared(self, period: WorkPeriod) -> bool:
        """Whether somebody would have been paged by now if this were not a drill."""
        paged = ESCALATION in period.reminded and not period.has_sent(ESCALATION, WARN, ASK)
        return paged and bool(period.on) and self._real(period) is None

    def _fine_until(self, period: WorkPeriod) -> datetime | None:
        if period.fine_at is None or not period.is_running:
            return None
        until = period.fine_at + self._timers.relief_fine
        return until if until > self._tx.now else None


def _undelivered(tx: Transaction, it: UpsertMessage, why: str) -> None:
    Relief(tx).report_undelivered(it.ref, it.to, why)


@message(
    "relief",
    "relief/relief",
    on_refused=_undelivered,
    is_worth_posting=lambda facts: bool(facts["incidents"]),
)
def relief(tx: Transaction, it: UpsertMessage) -> Facts:
    return Relief(tx).relief(it.ref, it.facts["words"], it.to)


@message("rest", "relief/rest")
def rest(tx: Transaction, it: UpsertMessage) -> Facts:
    return Relief(tx).rest(it.ref, it.facts["incident"])
