"""Shifts: read them from the pager's schedules, warn people, and take their answers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.oncall.load import SHIFT
from bot.domain.oncall.rest import BrokenNight
from bot.domain.oncall.ring import PagerRing
from bot.domain.oncall.shift import (
    BRIEF,
    HANDOVER,
    NIGHT,
    OVERLOAD,
    UNANSWERED,
    WARNING,
    Shift,
    Turn,
    in_a_row,
    is_part,
    knowing,
    shift_agenda,
    subject,
    unbroken,
)
from bot.domain.paging.reminders import tested_agenda
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.ports import Contact, Person
from bot.services.directory import Directory
from bot.services.home.changes import HomeChanges
from bot.services.paging.paging import Paging
from bot.services.read_access import ReadAccess
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

ADDRESSES_KEPT = timedelta(days=1)
TRIED_AGAIN_AFTER = timedelta(minutes=10)
"""How long Spy waits before it asks Slack again about an address after a failure."""
SENT_BEFORE = timedelta(hours=1)
"""How long before it reaches a person a page may have been sent."""
HORIZON = timedelta(days=35)
"""How far ahead shifts are known. It covers the first warning and the first reminder for cover."""

MESSAGE_TYPES = {
    WARNING: "warning",
    UNANSWERED: "unready",
    HANDOVER: "handover",
    OVERLOAD: "overload",
    NIGHT: "night",
    BRIEF: "shift_brief",
}


class Shifts:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- commands ---

    def of(self, person: str) -> Sequence[Shift]:
        """Return a person's current and future shifts, soonest first."""
        return self._session.shifts.of_person(person, since=self._tx.now)

    def ready(self, number: int | None, *, by: str) -> Shift:
        """Confirm a shift (*I'm ready*); without a number, the person's next unconfirmed one."""
        shift = self._mine(number, by=by)
        self._session.lock(str(shift.subject))
        ready = (self._session.shifts.get(shift.number) or shift).ready(by=by, at=self._tx.now)
        self._keep(ready, because="ready")
        return ready

    def find(self, number: int, *, by: str) -> Shift:
        """Return one of the person's own shifts by number."""
        shift = self._session.shifts.get(number)
        if shift is None:
            raise Refusal(f"There is no shift {number}. `oncall me` lists yours.")
        shift.must_be_theirs(by)
        return shift

    def _mine(self, number: int | None, *, by: str) -> Shift:
        if number is not None:
            return self.find(number, by=by)
        mine = self.of(by)
        for shift in mine:
            if shift.ready_at is None and not shift.goes_on:
                return shift
        raise Refusal(
            "You have confirmed all your shifts." if mine else "I found no shifts of yours in the next weeks."
        )

    # --- from the schedules ---

    def strangers(self, turns: Iterable[Turn]) -> list[str]:
        """Return the e-mail addresses to look up in Slack: those not looked up within a day."""
        policy = self._tx.policy
        unknown = (it for it in turns if it.email and not policy.person_of(user=it.user, email=it.email))
        addresses = dict.fromkeys(turn.email.casefold() for turn in unknown if turn.email)
        known = {address: self._session.contacts.get(address) for address in addresses}
        return [it for it, contact in known.items() if contact is None or self._is_due(contact)]

    def _is_due(self, contact: Contact) -> bool:
        tried, asked = contact.tried_at, contact.asked_at
        was_tried = tried and tried > self._tx.now - TRIED_AGAIN_AFTER
        return not was_tried and (asked is None or asked <= self._tx.now - ADDRESSES_KEPT)

    def not_found_out(self, email: str) -> bool:
        """Record a failed look-up of an address in Slack, so that others come first.

        Return True the first time.
        """
        known = self._session.contacts.get(email) or Contact(email=email)
        self._session.contacts.put(replace(known, tried_at=self._tx.now))
        return known.tried_at is None

    def found(self, email: str, person: Person | None) -> None:
        """Store whose e-mail address it is in Slack; None if nobody's."""
        known = self._session.contacts.get(email) or Contact(email=email)
        found = replace(known, person=person.id if person else None, asked_at=self._tx.now, tried_at=None)
        self._session.contacts.put(replace(found, reported_at=None) if person else found)
        if person:
            self._session.people.put(replace(person, profiled_at=self._tx.now, asked_at=self._tx.now))

    def synced(self, team: Team, turns: Iterable[Turn]) -> None:
        """Apply a team's synced schedule: new, moved and removed shifts."""
        now, schedule = self._tx.now, team.schedule or ""
        self._lock_schedule(schedule)
        known = {it.subject: it for it in self._session.shifts.on(schedule, since=now, until=now + HORIZON)}
        mine = [turn for turn in turns if turn.schedule == schedule and turn.end > now]
        seen = [self._begun_earlier(turn, known.values()) for turn in unbroken(mine)]
        subjects, goes_on = {subject(turn) for turn in seen}, in_a_row(seen)
        going_on = [shift for shift in known.values() if shift.subject in subjects and not shift.gone_at]
        for turn in seen:
            whole = next((it for it in going_on if is_part(turn, it.turn)), None)
            is_on = subject(turn) in goes_on
            self._report(team, self._see(team, turn, known.get(subject(turn)), whole, goes_on=is_on))
        for shift in known.values():
            if shift.subject not in subjects and not shift.gone_at:
                self._lose(shift)

    def _begun_earlier(self, turn: Turn, known: Iterable[Shift]) -> Turn:
        """Keep the known start of a shift that already runs, because past entries are not read again."""
        for shift in known:
            going_on = shift.start < turn.start <= min(shift.end, self._tx.now)
            if going_on and shift.turn.user == turn.user and not shift.gone_at:
                return replace(turn, start=shift.start)
        return turn

    def _see(
        self, team: Team, turn: Turn, known: Shift | None, whole: Shift | None, *, goes_on: bool
    ) -> Shift:
        """Store a turn. If it is the rest of a shift that was cut in two (`whole`), its person knows of it already."""
        now = self._tx.now
        person = Directory(self._tx).paged_as(turn.user, turn.email)
        zone = Directory(self._tx).zone(person) if person else "UTC"
        if known and known.seen(turn, person=person, zone=zone, at=now, goes_on=goes_on) == known:
            return known
        self._session.lock(str(subject(turn)))
        fresh = self._session.shifts.of(subject(turn))
        if fresh:
            seen = fresh.seen(turn, person=person, zone=zone, at=now, goes_on=goes_on)
            return self._keep(seen, because="moved")
        number = self._session.shifts.reserve()
        new = Shift.new(number, turn, team=team.key, person=person, zone=zone, known_since=now)
        new = replace(new, goes_on=goes_on)
        return self._keep(new.rest_of(whole, self._tx.policy) if whole else new, because="new")

    def _report(self, team: Team, shift: Shift) -> None:
        """Notify the schedule's owner once about a person who is unknown in Slack and can't be warned."""
        email = shift.turn.email
        key = (email or shift.turn.user).casefold()
        contact = self._session.contacts.get(key) or Contact(email=key)
        not_asked_yet = email and contact.asked_at is None
        if shift.person or contact.reported_at or not_asked_yet:
            return
        self._session.contacts.put(replace(contact, reported_at=self._tx.now))
        to = self._owner(team)
        self._tx.send(
            UpsertMessage(key=f"stranger:{key}:{to}", message_type="stranger", ref=shift.number, to=to)
        )

    def _owner(self, team: Team) -> str:
        """Return who is responsible for a team's schedule: its manager, else the team's channel."""
        return Directory(self._tx).manager(team) or team.channel

    def _lose(self, shift: Shift) -> None:
        self._session.lock(str(shift.subject))
        fresh = self._session.shifts.get(shift.number) or shift
        self._keep(fresh.gone(self._tx.now), because="gone")

    def taken_over(self, turn: Turn, *, team: str, person: str) -> None:
        """Store the shift of a person who covers. They know of it, so it counts as confirmed."""
        self._lock_schedule(turn.schedule)
        self._session.lock(str(subject(turn)))
        if self._session.shifts.of(subject(turn)):
            return
        now = self._tx.now
        zone = Directory(self._tx).zone(person)
        number = self._session.shifts.reserve()
        shift = Shift.new(number, turn, team=team, person=person, zone=zone, known_since=now)
        shift = knowing(shift.ready(by=person, at=now), self._tx.policy)
        if turn.email:
            self._session.contacts.put(Contact(email=turn.email.casefold(), person=person, asked_at=now))
        self._keep(shift, because="covered")

    # --- load ---

    def weigh(self, team: Team) -> None:
        """Find people on call with too many incidents in this shift, and store the overload."""
        now, schedule = self._tx.now, team.schedule or ""
        on = [it for it in self._session.shifts.on(schedule, since=now, until=now) if not it.gone_at]
        unweighed = [it for it in on if it.person and not it.overload]
        overloaded = [shift for shift in unweighed if self._after_incidents(shift).overload]
        if overloaded:
            self._lock_schedule(schedule)
        for shift in overloaded:
            self._session.lock(str(shift.subject))
            fresh = self._session.shifts.get(shift.number) or shift
            if not fresh.gone_at and not fresh.overload:
                self._keep(self._after_incidents(fresh), because="overload")

    def had_broken_night(self, shift: Shift, night: BrokenNight) -> None:
        """Store that the person was paged in the night, so that cover is offered."""
        self._lock_schedule(shift.turn.schedule)
        self._session.lock(str(shift.subject))
        fresh = self._session.shifts.get(shift.number) or shift
        if not fresh.gone_at and fresh.nights == shift.nights:
            self._keep(replace(fresh, nights=(*fresh.nights, night)), because="night")

    def _after_incidents(self, shift: Shift) -> Shift:
        found, others = self._incidents_of(shift), self._others_of(shift)
        return shift.after_incidents(found, self._tx.policy.timers, at=self._tx.now, others=others)

    def _incidents_of(self, shift: Shift) -> Sequence[Incident]:
        """Return recent incidents that paged the shift's team or person, or that the person leads."""
        since = max(shift.start, self._tx.now - SHIFT)
        pages = self._session.pages.since(since)
        paged = {page.incident for page in pages if page.team == shift.team or page.person == shift.person}
        return [
            it
            for it in self._session.incidents.alive_since(since)
            if (it.number in paged or it.commander == shift.person)
            and shift.person
            and ReadAccess(self._tx).sees(shift.person, it)
        ]

    def _others_of(self, shift: Shift) -> Sequence[PagerRing]:
        """Return recent pages to the shift's person that are about no incident of Spy."""
        since = max(shift.start, self._tx.now - SHIFT)
        rings = self._session.rings.of_person(shift.person or "", since=since, until=self._tx.now)
        sent = {it.pager_id for it in self._session.pages.since(since - SENT_BEFORE)} if rings else ()
        return [it for it in rings if it.incident not in sent]

    def _lock_schedule(self, schedule: str) -> None:
        """Lock the schedule before its shifts. Two transactions that lock several shifts would otherwise deadlock."""
        self._session.lock(f"shifts:{schedule}")

    # --- storing ---

    def replan(self) -> None:
        """Set the timers of known shifts again, after a change of settings."""
        shifts = self._session.shifts.between(self._tx.now, self._tx.now + HORIZON)
        for schedule in sorted({it.turn.schedule for it in shifts}):
            self._lock_schedule(schedule)
        for known in shifts:
            self._session.lock(str(known.subject))
            shift = self._session.shifts.get(known.number) or known
            self._session.timers.replace(shift.subject, shift_agenda(shift, self._tx.policy))

    def _keep(self, shift: Shift, *, because: str) -> Shift:
        """Store the shift and its timers, and refresh its messages."""
        self._session.shifts.put(shift)
        self._session.timers.replace(shift.subject, shift_agenda(shift, self._tx.policy))
        HomeChanges(self._tx).of([shift.person])
        at = int(self._tx.now.timestamp() * 1000)
        for occurrence in (it for it, told in shift.told.items() if not told.silent):
            self._show(shift, occurrence, origin=f"{because}:{at}")
        return shift

    def say(self, shift: Shift, timer: Timer) -> None:
        """Send a reminder that is due."""
        sent = shift.after_sending(timer, at=self._tx.now)
        self._session.shifts.put(sent)
        self._show(sent, timer.occurrence, origin="said")

    def _show(self, shift: Shift, occurrence: Occurrence, *, origin: str) -> None:
        team = self._tx.policy.teams.get(shift.team)
        to = self._owner(team) if occurrence.reminder == UNANSWERED and team else shift.person
        if to:
            message_type = MESSAGE_TYPES[str(occurrence.reminder)]
            self._tx.send(UpsertMessage.about(message_type, shift.number, occurrence, to=to, origin=origin))


@reminds("shift")
class ShiftReminders:
    """The reminders to people on call."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        """Return the next reminders; none for a shift that is over."""
        shift = self._shift(subject)
        if shift is None or shift.end <= self._tx.now:
            return []
        return shift_agenda(shift, self._tx.policy)

    def send(self, timer: Timer) -> None:
        if shift := self._shift(timer.subject):
            Shifts(self._tx).say(shift, timer)

    def _shift(self, subject: Subject) -> Shift | None:
        self._session.lock(str(subject))
        return self._session.shifts.of(subject)


@reminds("test")
class TestPageReminders:
    """Reports the result of a test page."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        self._session.lock(f"page:{subject.ref}")
        page = self._session.pages.get(subject.number)
        return tested_agenda(page, self._tx.policy) if page else []

    def send(self, timer: Timer) -> None:
        Paging(self._tx).judge(timer.subject.number, timer)
