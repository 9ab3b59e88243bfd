"""The measure of growth: each command and each job on a database with a long past, beside one that is nearly empty."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine

from bot.adapters.database import Limits, migrate, open_engine
from tests.bench.databases import fresh
from tests.bench.measures import Effort, PostEvent
from tests.bench.table import Row
from tests.growth.past import Life
from tests.growth.story import BEGINNING, SAID
from tests.growth.world import World
from tests.support.postgres import driven

REPORTS = ("incident list", "incident similar", "oncall load", "follow-ups", "failover status")
"""Commands that look at what was, so they may cost twice as much; `failover` alone is one too."""
LIMIT, REPORT = 1.2, 2.0
NOISE = 0.0005
"""Seconds: what costs less than this more, costs the same."""
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
Cost = Callable[[Callable[[], object]], float]
"""Runs something, and returns what it cost in seconds of processor time: the machine is never quiet."""
FILLED_WITHIN = timedelta(minutes=10)
NAMED = 4
"""So many of what is too slow are named."""


@dataclass
class Took:
    """Seconds of each command or job, by its name: in the empty database, and in the full one."""

    empty: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    full: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, empty: float, full: float) -> None:
        self.empty[name].append(empty)
        self.full[name].append(full)

    def ratio(self, name: str) -> float:
        """Return how much more it costs with a long past. The best of several turns counts: other work adds to it."""
        empty, full = min(self.empty[name]), min(self.full[name])
        return full / empty if full > empty + NOISE else 1.0

    def rows(self, what: str, is_one: Callable[[str], bool], limit: float) -> Iterator[Row]:
        """Return a line about all together, and one about what grows most, with a note of what grows too much."""
        ratios = {name: self.ratio(name) for name in self.full if is_one(name)}
        yield self._row(f"{what}: all {len(ratios)}", list(ratios), limit)
        worst = sorted(ratios, key=lambda name: ratios[name], reverse=True)
        over = [f"{name} {ratios[name]:.1f}" for name in worst if ratios[name] > limit]
        more = f" and {len(over) - NAMED} more" if len(over) > NAMED else ""
        if over:
            yield self._row(f"{what}: the worst", worst[:1], limit, note="; ".join(over[:NAMED]) + more)

    def _row(self, what: str, names: Sequence[str], limit: float, note: str = "") -> Row:
        full, empty = (1000 * sum(min(it[name]) for name in names) for it in (self.full, self.empty))
        return Row(what=what, spy=full, floor=empty, unit="ms", limit=limit, note=note)


def full(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Say each command of an incident's story, and run each job, in turns on both databases."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spy-bench-")))
        life = stack.enter_context(lived(folder / "life.db"))
        kinds = {
            "SQLite": [f"sqlite:///{folder / name}.db" for name in ("empty", "full")],
            "PostgreSQL": [driven(url) for url in stack.enter_context(fresh(2))],
        }
        for at, (kind, urls) in enumerate(kinds.items()):
            say(f"a past of {effort.incidents:,} incidents, {kind}", at / 2)
            engines = [stack.enter_context(opened(url)) for url in urls]
            with opened(urls[1], Limits(statement=FILLED_WITHIN)) as filling:
                life.repeat_in(filling, effort.incidents)
            say(f"each command and each job, {kind}", (at + 0.3) / 2)
            costs = [stack.enter_context(_processor(it)) for it in engines]
            yield from _compared(kind, *_in_turns([World(it) for it in engines], costs, effort.turns))


def _compared(kind: str, commands: Took, jobs: Took) -> Iterator[Row]:
    where = f"full against empty, {kind}"
    yield from commands.rows(f"{where}, commands", lambda it: not _is_report(it), LIMIT)
    yield from commands.rows(f"{where}, reports", _is_report, REPORT)
    yield from jobs.rows(f"{where}, jobs", lambda _: True, LIMIT)


def _is_report(line: str) -> bool:
    return line == "failover" or line.startswith(REPORTS)


@contextmanager
def opened(url: str, limits: Limits | None = None) -> Iterator[Engine]:
    engine = open_engine(url, limits=limits)
    migrate(engine)
    yield engine
    engine.dispose()


@contextmanager
def lived(file: Path) -> Iterator[Life]:
    """Return the rows that one incident's story leaves."""
    with opened(f"sqlite:///{file}") as engine:
        world = World(engine)
        for _, act in chain(_story(world), world.jobs().items()):
            act()
        yield Life.of(engine)


def _in_turns(worlds: Sequence[World], costs: Sequence[Cost], turns: int) -> tuple[Took, Took]:
    """Run each command and each job, first in one world and then in the other. The first turn warms up."""
    commands, jobs = Took(), Took()
    for turn in range(turns + 1):
        for took, acts in (
            (commands, [_story(it) for it in worlds]),
            (jobs, [iter(it.jobs().items()) for it in worlds]),
        ):
            for both in zip(*acts, strict=True):
                seconds = [cost(act) for cost, (_, act) in zip(costs, both, strict=True)]
                if turn:
                    took.add(both[0][0], *seconds)
    return commands, jobs


@contextmanager
def _processor(engine: Engine) -> Iterator[Cost]:
    """Return how to measure processor time: this process's, and that of PostgreSQL's for the same database."""
    with ExitStack() as stack:
        server: Callable[[], float] = float
        if engine.dialect.name == "postgresql":
            url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            server = Backends(stack.enter_context(psycopg.connect(url, autocommit=True))).seconds

        def cost(act: Callable[[], object]) -> float:
            before, began = server(), time.process_time()
            act()
            mine = time.process_time() - began
            return mine + server() - before

        yield cost


@dataclass
class Backends:
    """PostgreSQL's processes for a database, besides the one of this connection."""

    _connection: psycopg.Connection[Any]
    _seconds: dict[int, float] = field(default_factory=dict)

    def seconds(self) -> float:
        """Return the processor time that they have used, by Linux's count of nanoseconds."""
        for (pid,) in self._connection.execute(BACKENDS):
            with suppress(OSError):
                self._seconds[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
        return sum(self._seconds.values())


def _story(world: World) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each command of an incident's story, to be said. What follows from one is delivered before the next."""
    yield "incident me", partial(world.say, BEGINNING, channel="C0GENERAL")
    world.deliver()
    with world.database.read() as session:
        [newest] = session.incidents.open(limit=1)
    for line in SAID.strip().splitlines():
        yield line, partial(world.say, world.filled(line), channel=str(newest.channel))
        world.deliver()
