"""Who knows the reminders about each kind of subject: a registry that features add to."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.services.transaction import Transaction


class ReminderSource(Protocol):
    """Knows the reminders about one kind of subject."""

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        """Read the subject afresh, alone, and say what is next; nothing where it is gone."""

    def speak(self, timer: Timer) -> None:
        """Say it: keep the fact, and ask for the effects; `Reminders` does the rest."""


Source = Callable[[Transaction], ReminderSource]
S = TypeVar("S", bound=Source)
REMINDER_SOURCES: dict[str, Source] = {}
"""By kind of subject; each adds itself, beside its feature, by `@reminds`."""


def reminds(kind: str) -> Callable[[S], S]:
    """Register who knows the reminders about a kind of subject."""

    def register(source: S) -> S:
        REMINDER_SOURCES[kind] = source
        return source

    return register
