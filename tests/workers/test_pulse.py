"""The one look at the queues while nothing happens: it wakes the worker of each queue in which something is due."""

from datetime import datetime

import pytest

from bot.ports import Due, Unavailable
from bot.testing import NOON
from bot.workers.pulse import Pulse


class Fixed:
    """Queues in which this is due, and a clock that stands still."""

    def __init__(self, due: Due | None) -> None:
        self._due = due

    def due(self, now: datetime) -> Due:
        assert now == NOON
        if self._due is None:
            raise Unavailable("the database is away")
        return self._due

    def now(self) -> datetime:
        return NOON


def woken(due: Due | None) -> list[str]:
    found: list[str] = []
    fixed = Fixed(due)
    Pulse(
        queues=fixed,
        clock=fixed,
        effects=lambda: found.append("effects"),
        reminders=lambda: found.append("reminders"),
        failovers=lambda: found.append("failovers"),
        homes=lambda: found.append("homes"),
    ).look()
    return found


@pytest.mark.parametrize("queue", ["effects", "reminders", "failovers", "homes"])
def test_the_worker_of_a_queue_with_something_due_is_woken(queue: str):
    nothing = dict.fromkeys(("effects", "reminders", "failovers"), False)

    assert woken(Due(**nothing | {queue: True})) == [queue]


def test_nobody_is_woken_when_nothing_is_due():
    assert woken(Due(effects=False, reminders=False, failovers=False)) == []


def test_nobody_is_woken_while_the_database_is_away():
    assert woken(None) == []
