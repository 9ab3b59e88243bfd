"""The sources of reminders, by kind of subject. Features register their own."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from bot.domain.registering import at_start_only
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.services.transaction import Transaction


class ReminderSource(Protocol):
    """Returns and sends the reminders about one kind of subject."""

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        """Lock and reload the subject, and return its next reminders; none if it is gone."""

    def send(self, timer: Timer) -> None:
        """Send a reminder: store that it was sent, and queue its effects."""


Source = Callable[[Transaction], ReminderSource]
S = TypeVar("S", bound=Source)
REMINDER_SOURCES: dict[str, Source] = {}
"""By kind of subject. Each source registers itself with `@reminds`."""


Planner = Callable[[Transaction], None]
PLANNERS: list[Planner] = []
"""What sets timers that follow from the settings alone: at a start, and when these have changed."""


def planner(plan: Planner) -> Planner:
    """Register what sets timers that follow from the settings alone."""
    at_start_only("a planner")
    PLANNERS.append(plan)
    return plan


def reminds(kind: str) -> Callable[[S], S]:
    """Register the source of reminders about a kind of subject."""

    def register(source: S) -> S:
        at_start_only("a source of reminders")
        REMINDER_SOURCES[kind] = source
        return source

    return register
