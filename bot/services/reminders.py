"""Speak what is due and still holds, once: whatever dies, and in however many processes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bot.domain.timer import Timer
from bot.services.desk import Desk


class Keeper(Protocol):
    """Knows the duties of one kind of subject; `ref` is what follows the kind in its name (42 of incident:42)."""

    def agenda(self, ref: str) -> Sequence[Timer]:
        """Read the subject afresh, alone, and say what is next; nothing where it is gone."""

    def speak(self, timer: Timer) -> None:
        """Say it: keep the fact, and ask for the effects; `Reminders` does the rest."""


KEEPERS: Mapping[str, Callable[[Desk], Keeper]] = {}
"""Kind of subject → who keeps its duties: incident, page, person (services/relief.py), shift and cover (shifts.py)."""


class Reminders:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._timers = desk.work.timers

    def tick(self, limit: int) -> int:
        """Speak for up to `limit` subjects; give how many had something due. All of it is one transaction."""
        subjects = self._timers.due_subjects(self._desk.now, limit)
        for subject in subjects:
            self._visit(subject)
        return len(subjects)

    def _visit(self, subject: str) -> None:
        kind, _, ref = subject.partition(":")
        keeper = KEEPERS[kind](self._desk)
        waiting = {timer.key for timer in self._timers.due(subject, self._desk.now)}
        for timer in keeper.agenda(ref):
            if timer.key in waiting and timer.due_at <= self._desk.now:
                self._timers.spoken(timer.key, self._desk.now)
                keeper.speak(timer)
        self._timers.replace(subject, keeper.agenda(ref))
