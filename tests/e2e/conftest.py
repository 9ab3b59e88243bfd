"""A bot for each database; after each test, what passed is held against the vendors' own descriptions."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BOXES, living_in
from tests.e2e.world import World
from tests.support.postgres import Postgres
from tests.support.vendors import problems

SEEN: Counter[int] = Counter()
"""How many exchanges of each box (by its place in BOXES) were looked at before."""


@pytest.fixture(autouse=True)
def held_to_the_vendors() -> Iterator[None]:
    """Fail a test in which the bot asked, or the sandbox said, what the vendor's description refuses."""
    yield
    found: Counter[str] = Counter()
    for at, box in enumerate(BOXES):
        new = box.exchanges[SEEN[at] :]
        SEEN[at] += len(new)
        found.update(problem for exchange in new for problem in problems(exchange))
    assert not found, "\n".join(["the vendors' descriptions refuse:", *found])


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[World]:
    """One bot for all tests of a file, on SQLite."""
    folder = tmp_path_factory.mktemp("lasting")
    with living_in(folder, f"sqlite:///{shutil.copy(migrated_sqlite, folder / 'spy.db')}") as world:
        yield world


@pytest.fixture(scope="module")
def postgresql_world(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[World]:
    """One bot for all tests of a file, on PostgreSQL."""
    with postgres.fresh() as url, living_in(tmp_path_factory.mktemp("lasting"), url) as world:
        yield world
