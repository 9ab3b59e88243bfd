"""Send due reminders exactly once, across crashes and processes."""

from collections.abc import Mapping, Sequence

from bot.domain.incident_reminders import agenda
from bot.domain.relief import people_working
from bot.domain.subject import Subject
from bot.services.covers import Covers
from bot.services.relief import Relief
from bot.services.reminder_sources import REMINDER_SOURCES, Source
from bot.services.shifts import Shifts
from bot.services.transaction import Transaction
from bot.services.work_periods import WorkPeriods

OPEN_AT_MOST = 1_000
"""Newest incidents whose timers are set anew at a start; an older one's are at its next event."""


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
        """Speak for up to `limit` subjects; give how many had something due. All of it is one transaction.

        Incidents go many at a time. What touches incidents beside its own subject goes alone: two processes that
        each hold some of each other's incidents would wait for ever.
        """
        subjects = self._timers.due_subjects(self._tx.now, limit)
        mine = self._held(subjects) or self._locked(subjects[:1])
        for subject in mine:
            self.visit(subject)
        return len(mine)

    def _locked(self, subjects: Sequence[Subject]) -> Sequence[Subject]:
        """Return the subject, unless it is a person whose incidents another transaction has locked."""
        people = [it.ref for it in subjects if it.kind == PERSON]
        return subjects if all(Relief(self._tx).try_lock(person) for person in people) else []

    def _held(self, subjects: Sequence[Subject]) -> Sequence[Subject]:
        """Return the incidents among the subjects that nobody else is at now, where an incident is due first."""
        if not subjects or subjects[0].kind != INCIDENT:
            return []
        numbers = {it.number: it for it in subjects if it.kind == INCIDENT}
        return [numbers[number] for number in sorted(self._tx.session.incidents.try_lock(list(numbers)))]

    def plan_anew(self) -> None:
        """Set the timers of what is open by the policy in force: it may be another one than when they were set."""
        people: set[str] = set()
        for incident in self._tx.session.incidents.open(limit=OPEN_AT_MOST):
            self._timers.replace(incident.subject, agenda(incident, self._tx.policy))
            people |= people_working(incident).keys()
        periods = WorkPeriods(self._tx)
        for person in sorted(people):
            periods.replan(person)
        Covers(self._tx).plan_anew()  # first: who makes a cover sure takes it before its schedule
        Shifts(self._tx).plan_anew()

    def visit(self, subject: Subject) -> None:
        """Speak what is due of a subject and still in its agenda; what is not any more is forgotten."""
        source = self._sources[subject.kind](self._tx)
        waiting = {timer.key for timer in self._timers.due(subject, self._tx.now)}
        for timer in source.agenda(subject):
            if timer.key in waiting and timer.due_at <= self._tx.now:
                self._timers.spoken(timer.key, self._tx.now)
                source.speak(timer)
        self._timers.replace(subject, source.agenda(subject))
