"""Many people declare at the same moment, through several processes on one PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier as ProcessBarrier
from threading import Barrier

import pytest

from bot.adapters.database import Database, open_engine
from bot.adapters.database.connection import Limits
from bot.domain.paging.page import PageState
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.ports import Session
from bot.services.incident.incidents import Declaration, Incidents
from bot.services.paging.paging import Paging
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY
from tests.support.postgres import driven

PROCESSES, EACH = 4, 25
AT_ONCE, ROUNDS = 8, 5
PATIENCE = 60
AT_A_TIME = Limits(lock=timedelta(milliseconds=500))
"""Whoever waits for another transaction gives up soon."""
FORKS = get_context("fork")
RESERVED: dict[str, Callable[[Session], int]] = {
    "incident": lambda it: it.incidents.reserve(),
    "page": lambda it: it.pages.reserve(),
    "team notice": lambda it: it.team_notices.reserve(),
    "work period": lambda it: it.periods.reserve(),
    "shift": lambda it: it.shifts.reserve(),
    "cover": lambda it: it.covers.reserve(),
    "change": lambda it: it.changes.reserve(),
    "lock": lambda it: it.locks.reserve(),
    "failover": lambda it: it.failovers.reserve(),
    "follow-up": lambda it: it.follow_ups.reserve(),
}


@pytest.fixture
def url(postgresql_url: str) -> str:
    return driven(postgresql_url)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    engine = open_engine(url, limits=AT_A_TIME)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def processes(url: str) -> Iterator[list[Database]]:
    """The database as several processes have it, each with connections of its own."""
    engines = [open_engine(url) for _ in range(PROCESSES)]
    yield [Database(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def transaction(session: Session, policy: Policy = POLICY) -> Transaction:
    return Transaction(session=session, now=NOON, policy=policy)


def declare(
    database: Database, name: str, *, by: str, severity: str | None = None, policy: Policy = POLICY
) -> Declaration:
    def once() -> Declaration:
        with database.begin() as session:
            chosen = policy.severities[severity] if severity else None
            return Incidents(transaction(session, policy)).declare(name, by=by, severity=chosen)

    return retry_on_conflict(once)


def numbers(database: Database) -> list[int]:
    with database.read() as session:
        return sorted(it.number for it in session.incidents.open(limit=1_000))


def states_of_pages(database: Database) -> list[PageState]:
    with database.read() as session:
        return [page.state for number in numbers(database) for page in session.pages.of(number)]


# --- who waits for nobody ---------------------------------------------------------------------------------


def test_who_declares_other_words_waits_for_nobody(database: Database):
    with database.begin() as session:
        slow = Incidents(transaction(session)).declare("checkout is down", by="U0ANA")
        quick = declare(database, "search is slow", by="U0RAJ")

        assert numbers(database) == [quick.incident.number]

    assert numbers(database) == sorted([slow.incident.number, quick.incident.number])


@pytest.mark.parametrize("record", RESERVED)
def test_who_takes_a_number_waits_for_nobody(database: Database, record: str):
    with ExitStack() as stack:
        sessions = [stack.enter_context(database.begin()) for _ in range(3)]

        taken = [RESERVED[record](session) for session in sessions]

    assert taken == [1, 2, 3]


def test_who_pages_another_team_waits_for_nobody(database: Database):
    teams = list(POLICY.teams.values())

    with ExitStack() as stack:
        both = [transaction(stack.enter_context(database.begin())) for _ in teams]
        pages = [
            Paging(tx).page_team(team, "help", by=f"U0{team.key.upper()}")
            for tx, team in zip(both, teams, strict=True)
        ]

    assert [page.number for page in pages] == [1, 2]


def test_whose_page_joins_one_that_rings_waits_for_nobody(database: Database):
    declare(database, "checkout is down", by="U0ANA", severity="sev1")

    with database.begin() as session:
        tx = transaction(session)
        Incidents(tx).declare("search is slow", by="U0RAJ", severity=POLICY.severities["sev1"])
        declare(database, "login fails", by="U0KIM", severity="sev1")

    assert states_of_pages(database) == [PageState.REQUESTED, PageState.FOLDED, PageState.FOLDED]


# --- what may not come twice ------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("Checkout is down", "checkout is DOWN!", "checkout is down sev1")])
def test_the_same_words_of_several_people_at_once_open_one_incident(
    processes: list[Database], words: tuple[str, ...]
):
    for turn in range(ROUNDS):
        start = Barrier(AT_ONCE)

        def say(person: int, turn: int = turn, start: Barrier = start) -> Declaration:
            start.wait(PATIENCE)
            said = f"{turn} {words[person % len(words)]}"
            return declare(processes[person % PROCESSES], said, by=f"U{person}")

        with ThreadPoolExecutor(AT_ONCE) as people:
            heard = list(people.map(say, range(AT_ONCE)))

        assert [it.is_new for it in heard].count(True) == 1
        assert len({it.incident.number for it in heard}) == 1

    assert len(numbers(processes[0])) == ROUNDS


def test_a_double_click_through_several_processes_opens_one_incident(processes: list[Database]):
    start = Barrier(AT_ONCE)

    def click(at: int) -> Declaration:
        start.wait(PATIENCE)
        return declare(processes[at % PROCESSES], "checkout is down", by="U0ANA")

    with ThreadPoolExecutor(AT_ONCE) as clicks:
        heard = list(clicks.map(click, range(AT_ONCE)))

    assert [it.is_new for it in heard].count(True) == 1
    assert len(numbers(processes[0])) == 1


def test_a_person_opens_no_more_than_the_limit_through_several_processes(processes: list[Database]):
    most = 3
    policy = replace(POLICY, limits=replace(POLICY.limits, incidents_per_person=most), permissions={})
    start = Barrier(AT_ONCE)

    def say(at: int) -> bool:
        start.wait(PATIENCE)
        try:
            return declare(processes[at % PROCESSES], f"trouble {at}", by="U0ANA", policy=policy).is_new
        except Refusal:
            return False

    with ThreadPoolExecutor(AT_ONCE) as clicks:
        opened = list(clicks.map(say, range(AT_ONCE)))

    assert opened.count(True) == most
    assert len(numbers(processes[0])) == most


def test_a_team_that_is_paged_by_several_processes_at_once_is_rung_once(processes: list[Database]):
    start = Barrier(AT_ONCE)

    def say(at: int) -> None:
        start.wait(PATIENCE)
        declare(processes[at % PROCESSES], f"trouble {at}", by=f"U{at}", severity="sev1")

    with ThreadPoolExecutor(AT_ONCE) as people:
        list(people.map(say, range(AT_ONCE)))

    states = states_of_pages(processes[0])
    assert sorted(states) == sorted([PageState.REQUESTED, *[PageState.FOLDED] * (AT_ONCE - 1)])


def test_many_declares_of_several_processes_each_have_a_number_of_their_own(url: str):
    start, told = FORKS.Barrier(PROCESSES), FORKS.SimpleQueue()
    running = [
        FORKS.Process(target=declare_many, args=(url, process, start, told), daemon=True)
        for process in range(PROCESSES)
    ]
    for process in running:
        process.start()
    taken = [number for _ in running for number in told.get()]
    for process in running:
        process.join(PATIENCE)

    assert len(set(taken)) == len(taken) == PROCESSES * EACH
    engine = open_engine(url)
    assert numbers(Database(engine)) == sorted(taken)
    engine.dispose()


def declare_many(url: str, process: int, start: ProcessBarrier, told: "SimpleQueue[list[int]]") -> None:
    """Declare one after the other, some with a page, and send back the numbers."""
    engine = open_engine(url)
    database, severities = Database(engine), (None, "sev3", "sev1")
    start.wait(PATIENCE)
    people = (f"U{process}{at % 3}" for at in count())
    declared = [
        declare(database, f"trouble {process} {at}", by=next(people), severity=severities[at % 3])
        for at in range(EACH)
    ]
    told.put([it.incident.number for it in declared if it.is_new])
    engine.dispose()
