"""The measure of processes: how many declares a second one, two and four of them do on one PostgreSQL."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier, Lock
from threading import Event, Thread

import psycopg

from bot.adapters.database import Database, open_engine
from bot.adapters.network.clock import SystemClock
from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.plugins import load
from bot.commands.request import Request, Source
from bot.commands.router import Router
from bot.testing import POLICY
from bot.testing.kit import confirm
from tests.bench.databases import server
from tests.bench.measures import Effort, PostEvent
from tests.bench.table import Row
from tests.support.folders import PLUGINS, TEMPLATES
from tests.support.postgres import driven

PROCESSES = (1, 2, 4)
NEVER_FEWER = 0.95
"""What two processes must do of what one does, and four of two: a twentieth is the noise of a run."""
THREADS = 4
"""Requests that a process answers at a time."""
WARM_UP = 8
"""So often each connection does it before: PostgreSQL's driver prepares a statement that comes for the sixth time."""
PEOPLE = 20
"""So many declare in each process, because one person's declares wait for each other."""
PATIENCE = 120
LOOK_EVERY = 0.01
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
FORKS = get_context("fork")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What so many processes did: declares a second, and how long a declare waited for locks of others, in ms."""

    rate: float
    waited: float


@dataclass(frozen=True, kw_only=True)
class Together:
    """What the processes of a run share: they begin and end together, and warm up in turns."""

    ends: Barrier
    turn: Lock


def scaling(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Let one, two and four processes share the same number of declares, in turns, each on a new database."""
    runs: dict[tuple[str, int], list[Run]] = {}
    severities = ("", "sev1")
    with server() as postgres:
        for turn in range(effort.turns):
            for severity in severities:
                for processes in PROCESSES:
                    say(f"{processes} processes declare", turn / effort.turns)
                    with postgres.fresh() as url:
                        done = _declared(driven(url), processes, effort.shared, severity)
                    runs.setdefault((severity, processes), []).append(done)
    for severity in severities:
        what = "declares a second" + (", one team paged" if severity else "")
        yield from _compared(what, {it: runs[severity, it] for it in PROCESSES})


def _compared(what: str, runs: Mapping[int, Sequence[Run]]) -> Iterator[Row]:
    """Return the best run of each number of processes, beside half as many: other work only makes a run slower."""
    half: float | None = None
    for processes, found in runs.items():
        best = max(found, key=lambda it: it.rate)
        yield Row(
            what=f"{what}, {processes} process{'es' if processes > 1 else ''}",
            spy=best.rate,
            floor=half,
            unit="/s",
            limit=NEVER_FEWER if half else None,
            is_least=True,
            note=f"each waits {best.waited:.1f} ms for locks" + ("; floor: half as many" if half else ""),
        )
        half = best.rate


def _declared(url: str, processes: int, number: int, severity: str) -> Run:
    _know_people(url)
    together = Together(ends=FORKS.Barrier(processes + 1), turn=FORKS.Lock())
    running = [
        FORKS.Process(target=_declare, args=(url, each, number // processes, severity, together), daemon=True)
        for each in range(processes)
    ]
    for process in running:
        process.start()
    with _looking(url) as looks:
        together.ends.wait(PATIENCE)
        began = time.perf_counter()
        together.ends.wait(PATIENCE)
        took = time.perf_counter() - began
    for process in running:
        process.join(PATIENCE)
    return Run(rate=number / took, waited=1000 * sum(looks) / len(looks) * took / number)


def _know_people(url: str) -> None:
    engine = open_engine(url)
    people = [f"U{process}P{it}" for process in range(max(PROCESSES)) for it in range(PEOPLE)]
    confirm(Database(engine), *people, at=SystemClock().now())
    engine.dispose()


def _declare(url: str, process: int, number: int, severity: str, together: Together) -> None:
    """Answer declares as `spy run` does, from a few threads, but without Slack. First do all once, in turns."""
    engine, clock = open_engine(url), SystemClock()
    router = Router(
        load([PLUGINS]),
        sessions=Database(engine),
        clock=clock,
        policy=POLICY,
        templates=JinjaTemplates([TEMPLATES], clock=clock),
    )

    def say(at: int) -> None:
        person = f"U{process}P{at % PEOPLE}"
        words = f'incident me "trouble {process} {at}" {severity}'
        asked = Request(
            id=f"{process}-{at}", text=words, user=person, source=Source.SLASH, channel="C0GENERAL"
        )
        router.answer(asked)

    with ThreadPoolExecutor(THREADS) as people:
        with together.turn:
            list(people.map(say, range(-WARM_UP * THREADS, 0)))
        together.ends.wait(PATIENCE)
        list(people.map(say, range(number)))
        together.ends.wait(PATIENCE)
    engine.dispose()


@contextmanager
def _looking(url: str) -> Iterator[list[int]]:
    """Look again and again how many transactions wait for the lock of another one."""
    looks, is_over = list[int](), Event()

    def look() -> None:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            while not is_over.wait(LOOK_EVERY):
                [[waiting]] = connection.execute(WAITING).fetchall()
                looks.append(waiting)

    thread = Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        is_over.set()
        thread.join()
