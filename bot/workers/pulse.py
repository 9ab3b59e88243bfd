"""Wake the workers when something is due: the only look at the queues while nothing happens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.ports import Clock, Queues, Unavailable

LOOK_EVERY = timedelta(seconds=0.5)
"""How late a reminder may be noticed, and an effect that another process left. What this process queues is sent at
once."""


def _nothing() -> None:
    """Wake nobody."""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """Any number of processes may look: the workers claim what is due, each thing once."""

    queues: Queues
    clock: Clock
    effects: Callable[[], None]
    reminders: Callable[[], None]
    failovers: Callable[[], None]
    homes: Callable[[], None] = _nothing

    def look(self) -> None:
        """Wake the worker of each queue in which something is due."""
        try:
            due = self.queues.due(self.clock.now())
        except Unavailable:
            return  # `/readyz` says so
        if due.effects:
            self.effects()
        if due.reminders:
            self.reminders()
        if due.failovers:
            self.failovers()
        if due.homes:
            self.homes()
