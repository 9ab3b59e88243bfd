"""Profiles of people: load them from Slack, and act on changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import command
from bot.domain.incident.incident import Incident
from bot.domain.relief.relief import DAY, people_working
from bot.ports import Person, Profile
from bot.services.directory import Directory
from bot.services.home.changes import HomeChanges
from bot.services.incident.channels import IncidentChannels
from bot.services.oncall.covers import Covers
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.postmortems import RECENT, Postmortems
from bot.services.relief.work_periods import WorkPeriods
from bot.services.tokens import Tokens
from bot.services.web_keys import WebKeys

SOON = timedelta(minutes=10)
"""How often Spy asks Slack about people who work on incidents, because an account may be deactivated meanwhile.

It is also the wait after a failed request.
"""
OPEN = 100
"""How many open incidents are searched for such people."""


class People(Directory):
    def met(self, person: str, profile: Profile | Person) -> None:
        """Store a person's profile from Slack, and set their timers again if the time zone changed.

        A bot or a deactivated account loses its roles and tasks, and Spy asks in each incident's channel who takes
        over.
        """
        before, zone = self._session.people.get(person), self.zone(person)
        known = Person(
            id=person,
            name=profile.name,
            email=profile.email,
            zone=profile.zone,
            is_guest=profile.is_guest,
            is_bot=profile.is_bot,
            is_deactivated=profile.is_deactivated,
            profiled_at=self._tx.now,
            asked_at=self._tx.now,
        )
        self._session.people.put(known)
        if _status(before) != _status(known):
            HomeChanges(self._tx).of([person])
        if not known.is_assignable:
            self._give_back(known, is_news=before is None or before.is_assignable)
        elif self.zone(person) != zone:
            WorkPeriods(self._tx).replan(person)

    def listed(self, people: Sequence[Person]) -> None:
        """Store whom Slack lists. A deactivated account that Spy never met is left out."""
        for person in people:
            known = self._session.people.get(person.id)
            if known is None and not person.is_deactivated:
                now = self._tx.now
                self._session.people.put(replace(person, profiled_at=now, asked_at=now))
            elif known is not None:
                self.met(person.id, person)

    def _give_back(self, gone: Person, *, is_news: bool) -> None:
        """Remove a person from all roles and tasks, and ask once in each incident's channel who takes over.

        Their sessions of the dashboard end, and their tokens are revoked.
        """
        if is_news:
            WebKeys(self._tx).end_all(gone.id)
            Tokens(self._tx).revoke_all(gone.id)
        follow_ups, postmortems = FollowUps(self._tx).let_go(gone.id), Postmortems(self._tx)
        recent = self._session.incidents.alive_since(self._tx.now - RECENT)
        theirs = {it.number for it in recent if gone.id in _watched(it)}
        unwritten = {it.number for it in recent if is_news and postmortems.is_owed_by(it, gone.id)}
        for number in sorted({*follow_ups, *theirs, *unwritten}):
            incident = self._tx.incident(number)
            writes = number in unwritten and postmortems.let_go(incident, gone.id)
            lost = command.lose(
                incident,
                gone.id,
                at=self._tx.now,
                is_bot=not gone.is_deactivated,
                follow_ups=follow_ups.get(number, ()),
                postmortem=writes,
            )
            if lost:
                self._tx.record(incident, lost)
            elif gone.is_deactivated and gone.id in incident.members:
                IncidentChannels(self._tx).left(incident, gone.id)
        Covers(self._tx).count_out(gone.id)

    def stale(self, *, limit: int = 20) -> list[str]:
        """Return whom to ask Slack about again: first people working on incidents, then others once a day."""
        now = self._tx.now
        at_it = (person for it in self._session.incidents.open(limit=OPEN) for person in _watched(it))
        asked = {person: self._session.people.get(person) for person in dict.fromkeys(at_it)}
        others = self._session.people.unprofiled(before=now - DAY, limit=limit)
        unasked = [it for it in (*asked.values(), *others) if it and _is_before(_last_asked(it), now - SOON)]
        return list(dict.fromkeys(it.id for it in unasked))[:limit]

    def ask(self, person: str) -> bool:
        """Record that Slack is asked about a person, so that others come first.

        Return whether the last request was answered.
        """
        known = self._session.people.get(person) or Person(id=person, name=f"<@{person}>")
        self._session.people.put(replace(known, asked_at=self._tx.now))
        return known.asked_at in {None, known.profiled_at}


def _status(person: Person | None) -> tuple[object, ...]:
    """Return what decides which incidents a person sees, and how their times are shown."""
    if person is None:
        return ()
    return person.is_confirmed, person.is_guest, person.is_deactivated, person.is_bot, person.zone


def _busy(incident: Incident) -> set[str]:
    """Return the people who work on an incident, or are offered command while it is open."""
    offered = incident.command_offered_to if incident.is_open else None
    return {*people_working(incident), *filter(None, (offered,))}


def _watched(incident: Incident) -> list[str]:
    """Return whose accounts matter to an incident: who works on it, then the members of a private one."""
    return [*_busy(incident), *(incident.members if incident.private else ())]


def _last_asked(known: Person) -> datetime | None:
    return known.asked_at or known.profiled_at


def _is_before(at: datetime | None, moment: datetime) -> bool:
    return at is None or at < moment
