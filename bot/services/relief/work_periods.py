"""Track each person's unbroken time on incidents, and its timers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.effects import Effect, UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.paging.effects import AnswerPage
from bot.domain.paging.page import RESOLVE
from bot.domain.relief.relief import (
    COMMAND,
    WorkPeriod,
    began,
    is_worth_a_break,
    people_working,
    subject,
    work_period_agenda,
)
from bot.services.transaction import Transaction, follower

LOOK_BACK = timedelta(days=4)
"""How far back work periods are loaded. Anyone who stopped earlier has rested since."""


@dataclass(frozen=True, kw_only=True)
class History:
    """A person's work periods of the last days. `running` is the current one."""

    running: WorkPeriod | None
    earlier: Sequence[WorkPeriod]


@follower
class WorkPeriods:
    """Begins and ends work periods. Each change locks the incidents first, then the person: see `Relief.try_lock`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def follow(self, before: Incident | None, incident: Incident) -> list[Effect]:
        """Begin, extend and end the work periods that a change of an incident affects.

        Return the messages to refresh.
        """
        was, now = _working(before), _working(incident)
        moved = [person for person in sorted({*was, *now}) if was.get(person) != now.get(person)]
        effects: list[Effect] = []
        self._lock(*moved)
        for person in moved:
            effects += self._move(person, before, incident)
        if before and before.command_offered_to != incident.command_offered_to and not moved:
            effects += self.refreshed(incident.commander)
        return effects

    def _move(self, person: str, before: Incident | None, incident: Incident) -> list[Effect]:
        was, what = _working(before).get(person), _working(incident).get(person)
        past = self.of(person)
        period = past.running
        if what and period is None:
            number = self._session.periods.reserve()
            period = began(number, person, incident.number, what, at=self._tx.now)
        elif period and what:
            period = period.joined(incident.number, what)
        elif period:
            period = period.left(incident.number, at=self._tx.now)
        else:
            return []
        self.keep(period, past)
        if not _was_relieved(incident, was, what):
            return [*self.shows(period)]
        known = self._session.people.get(person)
        reads_it = known is None or known.is_assignable
        is_long = reads_it and before and is_worth_a_break(period, before, now=self._tx.now)
        return [
            *self.shows(period),
            *([self._rest(period, incident)] if is_long else []),
            *self._hang_up(period, incident, was or COMMAND),
        ]

    # --- loading and storing ---

    def locked(self, person: str) -> History:
        """Lock a person until the transaction ends, and return their work periods of the last days."""
        self._lock(person)
        return self.of(person)

    def _lock(self, *people: str) -> None:
        self._session.lock(*map(section, people))

    def of(self, person: str) -> History:
        every = self._session.periods.of(person, since=self._tx.now - LOOK_BACK)
        running = next((it for it in every if it.is_running), None)
        return History(running=running, earlier=[it for it in every if not it.is_running])

    def keep(self, period: WorkPeriod, past: History) -> None:
        """Store a work period and set its timers."""
        self._session.periods.put(period)
        agenda = work_period_agenda(
            period, self.zone(period.person), self._tx.policy.timers, earlier=past.earlier
        )
        self._session.timers.replace(subject(period.person), agenda, is_new=past.running is None)

    def also_paged(self, incident: Incident, page: int, more: int) -> None:
        """Store a second page for relief, sent because the first (`page`) was not answered."""
        for person in sorted(people_working(incident)):
            past = self.locked(person)
            if past.running and page in past.running.pages:
                self.keep(replace(past.running, pages=(*past.running.pages, more)), past)

    def replan(self, person: str) -> None:
        """Set the timers again after a person's time zone changed."""
        past = self.locked(person)
        if past.running:
            self.keep(past.running, past)

    def zone(self, person: str) -> tzinfo:
        """Return a person's time zone; UTC if unknown."""
        known = self._session.people.get(person)
        return ZoneInfo(known.zone) if known and known.zone else UTC

    # --- showing ---

    def shows(self, period: WorkPeriod) -> list[UpsertMessage]:
        """Return an update for every message about a work period."""
        at = int(self._tx.now.timestamp() * 1000)
        return [
            UpsertMessage(
                key=f"relief:{period.number}{asked.mark}:{at}",
                message_type="relief",
                ref=period.number,
                to=asked.to,
                mark=asked.mark,
                facts={"words": asked.words},
            )
            for asked in period.asked
        ]

    def refreshed(self, person: str | None) -> list[UpsertMessage]:
        running = self.of(person).running if person else None
        return self.shows(running) if running else []

    def about_page(self, incident: Incident, page: int) -> list[UpsertMessage]:
        """Return an update for the messages that show a page for relief."""
        running = [self.of(person).running for person in sorted(people_working(incident))]
        return [show for it in running if it and page in it.pages for show in self.shows(it)]

    def _hang_up(self, period: WorkPeriod, incident: Incident, was: str) -> list[Effect]:
        """Resolve the pages for relief that was found."""
        by = incident.roles.get(was, incident.commander) or period.person
        pages = [page for page in map(self._session.pages.get, period.pages) if page and page.may_ring]
        mine = [page for page in pages if page.incident == incident.number]
        for page in mine:
            self._session.pages.put(
                page.ended_here(self._tx.now) if page.is_only_here else page.asked_to(RESOLVE, by=by)
            )
            self._session.timers.replace(page.subject, ())
        mine = [page for page in mine if not page.is_only_here]
        return [AnswerPage.given(page.number, RESOLVE, by=by, at=self._tx.now) for page in mine]

    def _rest(self, period: WorkPeriod, incident: Incident) -> UpsertMessage:
        mark = f":{incident.number}:{incident.entries}"
        return UpsertMessage(
            key=f"rest:{period.number}{mark}",
            message_type="rest",
            ref=period.number,
            to=period.person,
            mark=mark,
            facts={"incident": incident.number},
        )


def section(person: str) -> str:
    """Return what to lock before a person's work periods change."""
    return f"work_period:{person}"


def _working(incident: Incident | None) -> Mapping[str, str]:
    """Return who works on an incident, without those who may not see it any more: they can't."""
    found = people_working(incident) if incident else {}
    return {person: what for person, what in found.items() if incident and incident.is_seen_by(person)}


def _was_relieved(incident: Incident, was: str | None, what: str | None) -> bool:
    """Whether somebody else has the role now. An incident that is over needs nobody."""
    return incident.is_open and (what is None or (was == COMMAND and what != COMMAND))
