"""Look after who has been at it too long: speak the ladder, find somebody to step in, let the person decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain import command, events
from bot.domain.effects import brief, room
from bot.domain.incident import Incident
from bot.domain.load import KINDS, spells
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.relief import (
    ASK,
    COMMAND,
    LADDER,
    PAGE,
    WARN,
    Asked,
    Rung,
    Stretch,
    at_work,
    climb,
    day_began,
    fine,
    next_rung,
    on_duty,
    overdue,
    reached,
    rung_of,
    stretch_agenda,
)
from bot.domain.reminder import may_post
from bot.domain.timer import Timer
from bot.services.incidents import Incidents
from bot.services.paging import Paging
from bot.services.people import People
from bot.services.rooms import Rooms
from bot.services.stretches import Stretches
from bot.services.transaction import Transaction

BACKUP_LEVEL = 2
"""The level of the command team's escalation policy that steps in for the first."""


@dataclass(frozen=True, kw_only=True)
class Relieving:
    """What came of *I can take over*: a brief was sent, or the part (command or a role) is theirs at once."""

    incident: Incident
    person: str | None
    what: str
    is_done: bool


class Relief:
    """Keeps the duties of people, and what they say to them."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._stretches = Stretches(session=tx.session, now=tx.now, policy=tx.policy)
        self._timers = tx.policy.timers

    # --- what is due ---

    def try_lock(self, person: str) -> bool:
        """Take the person's incidents, then the person, as a command does; False where another work is at them."""
        before = self._stretches.of(person).running
        numbers = sorted(before.on) if before else []
        if len(self._session.incidents.try_lock(numbers)) < len(numbers):
            return False
        now = self._stretches.alone_with(person).running
        return now is None or set(now.on) <= set(numbers)

    def agenda(self, ref: str) -> Sequence[Timer]:
        past = self._stretches.alone_with(ref)
        if past.running is None:
            return []
        zone = self._stretches.zone(ref)
        return stretch_agenda(past.running, zone, self._timers, earlier=past.earlier)

    def speak(self, timer: Timer) -> None:
        """Say the highest rung that is due: what was missed below it is not said any more."""
        person = timer.subject.partition(":")[2]
        past = self._stretches.alone_with(person)
        stretch = past.running
        if stretch is None:
            return
        zone, now = self._stretches.zone(person), self._tx.now
        missed = overdue(stretch, zone, self._timers, earlier=past.earlier, now=now)
        highest = next((it for it in missed if it.duty == timer.duty), timer)
        self._session.timers.spoken(highest.key, now)
        if highest.duty == LADDER:
            climbed = reached(stretch, zone, self._timers, now=now)
            stretch = self._climb(stretch, climbed[0], highest) if climbed else stretch
        else:
            stretch = self._warn(stretch, highest)
        self._stretches.keep(stretch, past)
        self._tx.send(*self._stretches.shows(stretch))

    def _climb(self, stretch: Stretch, rung: Rung, timer: Timer) -> Stretch:
        if rung.name == WARN:
            return self._ask(stretch, timer, f"{LADDER}-{WARN}", [stretch.person])
        words = f"{LADDER}-{rung.name if rung.asks_anew else ASK}"
        stretch = self._ask(stretch, timer, words, [*self._rooms(stretch), *self._team_channel(stretch)])
        return self._page(stretch, rung) if rung.pages else stretch

    def _warn(self, stretch: Stretch, timer: Timer) -> Stretch:
        """Tell the person how the hours add up; from the second mark on the others too."""
        words, places = f"{timer.duty}-{rung_of(timer)}", [stretch.person]
        if rung_of(timer) == ASK:
            places += [
                *(it for it in self._rooms(stretch) if self._may_post(it, timer)),
                *self._team_channel(stretch),
            ]
        return self._ask(stretch, timer, words, places)

    def _ask(self, stretch: Stretch, timer: Timer, words: str, places: Sequence[str]) -> Stretch:
        """Say it in these places, and keep with each of the incidents that it was said."""
        now = self._tx.now
        for place in places:
            stretch = stretch.asking(Asked(words=words, to=place, at=now, due_at=timer.due_at))
        for number in sorted(stretch.on):
            here = room(number)
            to = here if here in places else places[0]
            self._tx.record(self._tx.incident(number), timer.said(now, to=to))
        return stretch.after(timer.said(now, to=places[0]))

    def _rooms(self, stretch: Stretch) -> list[str]:
        return [room(number) for number in sorted(stretch.on)]

    def _may_post(self, place: str, timer: Timer) -> bool:
        incident = self._tx.incident(int(place.removeprefix("room:")))
        return may_post(incident, timer.duty, self._tx.now, self._tx.policy)

    def _team_channel(self, stretch: Stretch) -> list[str]:
        """A private incident is asked about in its own room only."""
        team = self._command_team
        public = any(not self._tx.incident(number).private for number in stretch.on)
        return [team.channel] if team and public else []

    # --- pages ---

    @property
    def _command_team(self) -> Team | None:
        policy = self._tx.policy
        return policy.teams.get(policy.command_team or "")

    def _page(self, stretch: Stretch, rung: Rung) -> Stretch:
        """Page the backup, then the manager; a drill pages nobody unless told to."""
        team, incident = self._command_team, self._real(stretch)
        if team is None or not team.service or incident is None:
            return stretch
        whom = self._backup(team, stretch) if rung.name == PAGE else People(self._tx).manager(team)
        words = self._plea(stretch, incident)
        paging = Paging(self._tx)
        if whom and whom != stretch.person:
            page = paging.page_person(whom, words, by=None, incident=incident)
        else:
            page = paging.page_team(team, words, by=None, incident=incident)
        return replace(stretch, pages=(*stretch.pages, page.number))

    def _real(self, stretch: Stretch) -> Incident | None:
        """Give the incident to be paged about: one that the person leads, if any, and no drill."""
        every = [self._tx.incident(number) for number in sorted(stretch.on)]
        real = [incident for incident in every if not incident.drill]
        led = [incident for incident in real if incident.number in stretch.led]
        return next(iter(led or real), None)

    def _backup(self, team: Team, stretch: Stretch) -> str | None:
        """Find who comes next on the command team, where Slack knows them."""
        duties = self._session.duties.copy().duties
        for duty in sorted(duties, key=lambda duty: duty.level):
            if duty.policy == team.escalation_policy and duty.level >= BACKUP_LEVEL:
                person = People(self._tx).paged_as(duty.user, duty.email)
                if person and person != stretch.person and People(self._tx).is_assignable(person):
                    return person
        return None

    def _plea(self, stretch: Stretch, incident: Incident) -> str:
        """Give the words of the page: PagerDuty keeps them, so they are made here."""
        name = People(self._tx).name(stretch.person) or "Somebody"
        hours, minutes = divmod(int(stretch.lasted(self._tx.now).total_seconds() // 60), 60)
        length = f"{hours} h {minutes:02}" if hours else f"{minutes} min"
        leads, since = incident.number in stretch.led, self._has_since(stretch, incident.number)
        if since and since > stretch.started_at:
            now = "in command of" if leads else f"{stretch.on[incident.number]} of"
            return f"{name} has been at work for {length}, now {now} {incident.id}. Can you step in?"
        did = "has led" if leads else "has worked on"
        return f"{name} {did} {incident.id} for {length}. Can you step in?"

    # --- what people say to it ---

    def relieve(self, incident: Incident, person: str | None, *, by: str) -> Relieving:
        """Offer to take over: for command a brief comes first; a role is theirs at once."""
        person = person or incident.commander
        what = at_work(incident).get(person or "", COMMAND)
        if person and incident.is_open and person not in at_work(incident):
            leads = f"<@{incident.commander}> has command" if incident.commander else "nobody has command"
            raise Refusal(f"<@{person}> is off {incident.id} already: {leads}.")
        if person == by:
            raise Refusal(
                f"That is you. Somebody else can step in, or say `incident {incident.number} hand`."
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
        """Say *I'm fine*, to be seen in every room one is at work in; give until when nobody is asked."""
        before = self._stretches.of(by).running
        rooms = self._session.incidents.try_lock(sorted(before.on)) if before else ()
        past = self._stretches.alone_with(by)
        if past.running is None:
            raise Refusal(
                "You lead no open incident and have no part in one: nobody is asked to relieve you."
            )
        zone = self._stretches.zone(by)
        stretch = fine(past.running, at=self._tx.now, zone=zone, timers=self._timers)
        until = next_rung(stretch, zone, self._timers).due_at
        for number in sorted(rooms):
            put_off = events.ReliefPutOff(at=self._tx.now, by=by, until=until)
            self._tx.record(self._tx.incident(number), put_off)
        self._stretches.keep(stretch, past)
        self._tx.send(*self._stretches.shows(stretch))
        return until

    def unheard(self, number: int, to: str, why: str) -> None:
        """Say in the rooms that somebody could not be asked or told."""
        place = f"<@{to}>" if to.startswith(("U", "W")) else f"<#{to}>"
        for incident in sorted(self._stretch(number).on):
            Rooms(self._tx).undelivered(incident, f"The word about relief to {place}", why)

    # --- what its messages show ---

    def relief(self, number: int, mark: str) -> Mapping[str, Any]:
        """Give what a message about a stretch shows; `mark` is `:words@address`, which says for whose eyes."""
        stretch = self._stretch(number)
        words, _, to = mark.removeprefix(":").partition("@")
        asked = next((it for it in stretch.asked if it.mark == mark), None)
        past, zone = self._stretches.of(stretch.person), self._stretches.zone(stretch.person)
        until = stretch.ended_at or self._tx.now
        first = day_began(stretch, past.earlier, zone)
        return {
            **self._for(stretch, to),
            "stretch": stretch,
            "words": words,
            "asked": asked,
            "is_latest": asked is not None and asked == self._latest(stretch, asked),
            "lasted": stretch.lasted(self._tx.now),
            "parts": self._parts(stretch),
            "now": self._tx.now,
            "on_duty": on_duty([*past.earlier, *([past.running] if past.running else [])], until=until),
            "first": first,
            "awake": until - first,
            "asks_at": next(at for rung, at in climb(stretch, zone, self._timers) if rung.name == ASK),
            "has_asked": any(it.words != f"{LADDER}-{WARN}" for it in stretch.asked),
            "fine_for": self._timers.relief_fine,
            "fine_until": self._fine_until(stretch),
            "is_spared": self._is_spared(stretch),
            "pages": [page for page in map(self._session.pages.get, stretch.pages) if page],
        }

    def rest(self, number: int, mark: str) -> Mapping[str, Any]:
        """Give what somebody hears whose part another has taken over; `mark` is `:incident:entry`."""
        stretch = self._stretch(number)
        incident = self._tx.incident(int(mark.split(":")[1]))
        return {
            "stretch": stretch,
            "incident": incident,
            "others": [self._tx.incident(it) for it in sorted(stretch.on) if it != incident.number],
            "still": at_work(incident).get(stretch.person),
            "lasted": stretch.lasted(self._tx.now),
            "led": self._led(incident, stretch.person),
        }

    def _parts(self, stretch: Stretch) -> Mapping[int, datetime]:
        """Return since when somebody has what they do in each incident: command, or their role."""
        return {number: since for number in stretch.on if (since := self._has_since(stretch, number))}

    def _has_since(self, stretch: Stretch, number: int) -> datetime | None:
        incident, part = self._tx.incident(number), stretch.on[number]
        if part == COMMAND:
            return incident.command_since
        since: datetime | None = None
        for given in self._session.timeline.among([number], [events.RoleGiven.kind()]):
            if given.data["role"] == part:
                is_theirs = given.data["person"] == stretch.person
                since = (since or given.occurred_at) if is_theirs else None
        return max(since, incident.opened_at) if since else None

    def _led(self, incident: Incident, person: str) -> timedelta | None:
        """Give how long somebody last led an incident."""
        entries = self._session.timeline.among([incident.number], KINDS)
        led = [it.end - it.start for it in spells(entries, now=self._tx.now) if it.person == person]
        return led[-1] if led else None

    def _stretch(self, number: int) -> Stretch:
        found = self._session.stretches.get(number)
        if found is None:
            raise LookupError(f"stretch {number} is not in the database")
        return found

    def _for(self, stretch: Stretch, to: str) -> Mapping[str, Any]:
        """Give the incidents that may be told of there: a private one to its own room, and to the person."""
        here = int(to.removeprefix("room:")) if to.startswith("room:") else None
        every = [self._tx.incident(number) for number in stretch.was_on]
        seen = [it for it in every if not it.private or it.number == here or to == stretch.person]
        audience = "person" if to == stretch.person else "room" if here else "team"
        at_it = [it for it in seen if it.number in stretch.on and (here is None or it.number == here)]
        return {"audience": audience, "incidents": at_it, "left": [it for it in seen if it not in at_it]}

    def _latest(self, stretch: Stretch, asked: Asked) -> Asked:
        """Give the newest message to the same place: only that one has buttons."""
        return [it for it in stretch.asked if it.to == asked.to][-1]

    def _is_spared(self, stretch: Stretch) -> bool:
        """Whether somebody would have been paged by now, were it no drill."""
        paged = LADDER in stretch.reminded and not stretch.has_said(LADDER, WARN, ASK)
        return paged and bool(stretch.on) and self._real(stretch) is None

    def _fine_until(self, stretch: Stretch) -> datetime | None:
        if stretch.fine_at is None or not stretch.is_running:
            return None
        until = stretch.fine_at + self._timers.relief_fine
        return until if until > self._tx.now else None
