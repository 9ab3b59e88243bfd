"""A long past makes nothing slower: no command and no job. Work is compared, not time.

The two databases have the same present: one incident that people take from its beginning to its end. One of them also
has a past of thousands of incidents, with their timelines, pages, timers and all else that such an incident leaves.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.adapters.database import open_engine
from tests.growth.past import Life
from tests.growth.statements import Heard, scans
from tests.growth.story import SAID
from tests.growth.world import World
from tests.support.postgres import driven

INCIDENTS, FEWER = 2_500, 300
MORE = 1.2
SEARCH, PER_INCIDENT = ("incident list", "incident similar"), 70
"""A search reads an index of all incidents twice, at so many steps for each: less than a millisecond in a thousand."""
LOOK_BACK = (
    "failover",
    "failover status",
    "failover rollback",
    "incident channel new",
    "overview",
    "status history",
)
BOUNDED = 50 * 100
"""These look at the 50 last runs of a plan; *new* delivers the cards of new failovers, which name such runs.

The history of the status page lists ten publications, and the overview the ten newest past incidents."""
SMALL = {
    "(subquery-1)": "no table",
    "(subquery-2)": "no table",
    "CONSTANT": "no table",
    "api_token": "a row for each program: 20 at most for a person",
    "audit_mark": "two rows",
    "config_version": "a row for each change of config.yaml in the last 90 days",
    "counter": "a row for each table",
    "home": "a row for each person who has opened their Home tab in the last hour",
    "home_change": "what changed in the last second, while somebody looks",
    "json_each": "the parameters of the statement",
    "latest": "the 50 last runs of a plan",
    "lease": "a row for each job",
    "lever": "a row for each plan and runbook that relieves something",
    "on_call_copy": "one row",
    "plugin": "a row for each version of a plugin that failed",
    "plugin_reload": "one row",
    "pruned": "a row for each kind",
    "ring_copy": "one row",
    "user_group": "a row for each group in config.yaml",
}
"""What does not grow, and why."""
PARTIAL = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND instr(sql, ' WHERE ')",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE position(' WHERE ' IN indexdef) > 0",
}
SEARCHES = "SELECT incident.kept \nFROM incident \nWHERE incident.number IN (SELECT incident.number"
"""PostgreSQL reads the newest incidents until it has a page of those that fit."""
Work = Mapping[str, tuple[int, int]]
"""Steps and statements, by what was said or done."""


@dataclass(frozen=True, kw_only=True)
class ShortPast:
    """A bot that has lived through one incident, the work that it was, and the rows that it left."""

    world: World
    work: Work
    life: Life


def opened(url: str) -> Engine:
    engine = open_engine(driven(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _wait_for_no_disk)
    return engine


def _wait_for_no_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def heard(url: str, *, explains: bool = False) -> Iterator[Heard]:
    engine = opened(url)
    try:
        yield Heard(engine, explains=explains)
    finally:
        engine.dispose()


def lived(database: Heard) -> tuple[World, Work]:
    """Say everything and run every job, twice. Return the work that each was."""
    world, work = World(database.engine), dict[str, tuple[int, int]]()

    @contextmanager
    def measured(what: str) -> Iterator[None]:
        steps, statements = database.steps, database.statements
        with database.listening():
            yield
        work[what] = database.steps - steps, database.statements - statements

    with database.listening():
        for name in ("sync shifts", "sync oncall", "sync sweep", "pruning", "audit"):
            world.jobs()[name]()
    with measured("declare"):
        channel = world.declare()
    for place, line in enumerate(SAID.strip().splitlines()):
        words = world.filled(line)
        with measured(f"{place} {line}"):
            world.say(words, channel=channel)
        if line.startswith("page ") or "channel new" in line:
            with measured(f"{place} {line}, delivered"):
                world.deliver()
    for turn in ("first", "again"):
        world.clock.tick(minutes=20)
        for name, job in world.jobs().items():
            with measured(f"{turn} {name}"):
                job()
    return world, work


@pytest.fixture(scope="module")
def short(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShortPast]:
    file = shutil.copy(migrated_sqlite, tmp_path_factory.mktemp("growth") / "short.db")
    with heard(f"sqlite:///{file}") as database:
        world, work = lived(database)
        yield ShortPast(world=world, work=work, life=Life.of(database.engine))


def filled(url: str, life: Life, incidents: int) -> None:
    engine = opened(url)
    life.repeat_in(engine, incidents)
    engine.dispose()


def unindexed(database: Heard) -> list[tuple[str, str]]:
    """Return the tables of which a statement reads all rows, each with the statement."""
    with database.engine.connect() as connection:
        partial = frozenset(connection.exec_driver_sql(PARTIAL[database.engine.dialect.name]).scalars())
    return [
        (table, sql)
        for sql, plan in database.plans.items()
        for table in scans(plan, partial)
        if table not in SMALL and not sql.startswith(SEARCHES)
    ]


def is_more(what: str, short: int, long: int) -> bool:
    """Whether something is more work than it may be with a long past."""
    said = what.partition(" ")[2]
    if said.startswith(SEARCH):
        return long - short > PER_INCIDENT * INCIDENTS
    if said.startswith(LOOK_BACK):
        return long - short > BOUNDED
    return long > MORE * short


def test_a_long_past_makes_no_command_and_no_job_more_work(short: ShortPast, sqlite_url: str):
    before = short.work
    filled(sqlite_url, short.life, INCIDENTS)
    with heard(sqlite_url, explains=True) as long:
        _, after = lived(long)
        scanned = unindexed(long)

    more = {it: (before[it], after[it]) for it in before if is_more(it, before[it][0], after[it][0])}
    assert not more
    assert not scanned
    assert {it.words for it in short.world.registry.commands} == short.world.ran, (
        "each command is said in the story"
    )


def test_every_statement_uses_an_index_on_postgresql(short: ShortPast, postgresql_url: str):
    filled(postgresql_url, short.life, FEWER)
    with heard(postgresql_url, explains=True) as long:
        lived(long)

        assert not unindexed(long)
