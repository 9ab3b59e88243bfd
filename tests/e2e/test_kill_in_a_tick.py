"""A process is killed in the middle of a tick, at every statement and commit: all is said once, by whoever is left."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import ForkProcess

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.incident.timeline import Entry
from bot.ports import Sessions
from bot.services.incident.incidents import Incidents
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock, MemoryDatabase
from bot.workers.timers import Ticks
from tests.support.fuse import Fuse
from tests.support.postgres import driven

INCIDENTS = 5
LATER = NOON + timedelta(minutes=21)
"""The updates are due, and overdue, and milestones; the nights of those who lead are far."""
PATIENCE = 30.0
FORKS = get_context("fork")

Spoken = Counter[tuple[int, str, str]]


def happened(sessions: Sessions) -> None:
    """Open some incidents at noon, each by somebody else."""
    with sessions.begin() as session:
        tx = Transaction(session=session, now=NOON, policy=POLICY)
        for number in range(INCIDENTS):
            People(tx).seen(f"U{number}", f"Person {number}")
            Incidents(tx).declare(
                f"trouble {number}", by=f"U{number}", severity=POLICY.severities["sev1"], drill=True
            )


def ticks(sessions: Sessions) -> Ticks:
    return Ticks(
        sessions=sessions, clock=FrozenClock(LATER), policy=lambda: POLICY, wake=lambda: None, batch=2
    )


def tick_until(url: str, statements: int | None) -> None:
    """Run in a process of its own: speak until nothing is due, or until the fuse is burnt down."""
    engine = open_engine(url)
    if statements is not None:
        Fuse(left=iter(range(statements))).attach(engine)
    ticks(Database(engine)).run()
    engine.dispose()


def started(url: str, *, dies_after: int | None) -> ForkProcess:
    process = FORKS.Process(target=tick_until, args=(url, dies_after), daemon=True)
    process.start()
    return process


def ended(process: ForkProcess) -> int:
    process.join(PATIENCE)
    code = process.exitcode
    process.close()
    assert code is not None, "a tick did not end"
    return code


def spoken(sessions: Sessions) -> Spoken:
    with sessions.begin() as session:
        entries: Sequence[Entry] = session.timeline.among(range(1, INCIDENTS + 1), {"reminded"})
    return Counter((it.incident, str(it.data["reminder"]), str(it.data["occurrence"])) for it in entries)


def asked(sessions: Sessions, *, at: datetime) -> list[str]:
    """Return what the world is asked for by now."""
    with sessions.begin() as session:
        items = session.outbox.claim("test", now=at, lease=timedelta(minutes=1), limit=1000)
    return sorted(item.effect.key for item in items)


@pytest.fixture
def by_one() -> MemoryDatabase:
    """The same story, told by one process that nobody kills."""
    sessions = MemoryDatabase()
    happened(sessions)
    ticks(sessions).run()
    return sessions


@pytest.fixture
def url(database_url: str) -> str:
    return driven(database_url)


@pytest.fixture
def sessions(url: str) -> Iterator[Database]:
    engine = open_engine(url)
    sessions = Database(engine)
    happened(sessions)
    engine.dispose()  # no process that is forked shall share a connection
    yield sessions
    engine.dispose()


def test_wherever_it_is_killed_each_duty_is_spoken_once(sessions: Database, url: str, by_one: MemoryDatabase):
    deaths = 0
    for statements in count():
        if ended(started(url, dies_after=statements)) == 0:
            break
        deaths += 1

    assert deaths > 10
    assert spoken(sessions) == spoken(by_one)
    assert set(spoken(sessions).values()) == {1}
    assert asked(sessions, at=LATER) == asked(by_one, at=LATER)


@pytest.mark.parametrize("statements", [3, 11, 17, 23])
def test_beside_one_that_dies_another_speaks(
    sessions: Database, url: str, by_one: MemoryDatabase, statements: int
):
    dying, living = started(url, dies_after=statements), started(url, dies_after=None)

    ended(dying)
    assert ended(living) == 0
    ticks(sessions).run()  # what the dead one held while the other was there

    assert spoken(sessions) == spoken(by_one)
    assert asked(sessions, at=LATER) == asked(by_one, at=LATER)
