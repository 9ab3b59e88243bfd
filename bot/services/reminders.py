"""Send due reminders exactly once, across crashes and processes."""

from collections.abc import Mapping, Sequence

from bot.domain.incident.agenda import agenda
from bot.domain.relief.relief import people_working
from bot.domain.subject import Subject
from bot.services.oncall.covers import Covers
from bot.services.oncall.shifts import Shifts
from bot.services.relief.relief import Relief
from bot.services.relief.work_periods import WorkPeriods
from bot.services.reminder_sources import PLANNERS, REMINDER_SOURCES, Source
from bot.services.transaction import Transaction

OPEN_AT_MOST = 1_000
"""How many of the newest incidents get new timers at a start. Older ones get theirs with their next event."""


INCIDENT, PERSON = "incident", "person"


class Reminders:
    def __init__(
        self,
        tx: Transaction,
        sources: Mapping[str, Source] = REMINDER_SOURCES,
    ) -> None:
        self._tx = tx
        self._sources = sources
        self._timers = tx.session.timers

    def tick(self, limit: int) -> int:
        """Send the due reminders of up to `limit` subjects in one transaction. Return how many subjects had some.

        Incidents are handled together, without those that another transaction has locked. A subject that locks
        incidents besides itself is handled alone; otherwise two processes could deadlock.
        """
        subjects = self._timers.due_subjects(self._tx.now, limit)
        others = [it for it in subjects if it.kind != INCIDENT]
        mine = self._held(subjects) or self._locked(others[:1])
        for subject in mine:
            self.visit(subject)
        return len(mine)

    def _locked(self, subjects: Sequence[Subject]) -> Sequence[Subject]:
        """Return the subject, unless it is a person whose incidents another transaction has locked."""
        people = [it.ref for it in subjects if it.kind == PERSON]
        return subjects if all(Relief(self._tx).try_lock(person) for person in people) else []

    def _held(self, subjects: Sequence[Subject]) -> Sequence[Subject]:
        """Return the incidents that this transaction could lock, if an incident is due first."""
        if not subjects or subjects[0].kind != INCIDENT:
            return []
        numbers = {it.number: it for it in subjects if it.kind == INCIDENT}
        return [numbers[number] for number in sorted(self._tx.session.incidents.try_lock(list(numbers)))]

    def replan(self) -> None:
        """Set the timers of everything open again, because the settings may have changed."""
        incidents, people = self.open()
        for number in incidents:
            self.replan_incident(number)
        for person in people:
            self.replan_person(person)
        self.replan_on_call()
        self.replan_settings()

    def open(self) -> tuple[Sequence[int], Sequence[str]]:
        """Return the open incidents, and the people who work on them."""
        found = self._tx.session.incidents.open(limit=OPEN_AT_MOST)
        people = {person for incident in found for person in people_working(incident)}
        return sorted(it.number for it in found), sorted(people)

    def replan_incident(self, number: int) -> None:
        incident = self._tx.incident(number)
        self._timers.replace(incident.subject, agenda(incident, self._tx.policy))

    def replan_person(self, person: str) -> None:
        WorkPeriods(self._tx).replan(person)

    def replan_on_call(self) -> None:
        Covers(self._tx).replan()  # first: confirming a cover locks the cover before its schedule
        Shifts(self._tx).replan()

    def replan_settings(self) -> None:
        """Set the timers that follow from the settings alone."""
        for plan in PLANNERS:
            plan(self._tx)

    def visit(self, subject: Subject) -> None:
        """Send what is due and still in the subject's agenda. Other timers are removed."""
        source = self._sources[subject.kind](self._tx)
        waiting = {timer.key for timer in self._timers.due(subject, self._tx.now)}
        for timer in source.agenda(subject):
            if timer.key in waiting and timer.due_at <= self._tx.now:
                self._timers.sent(timer.key, self._tx.now)
                with self._tx.session.outbox.reminding(timer.due_at):
                    source.send(timer)
        self._timers.replace(subject, source.agenda(subject))
