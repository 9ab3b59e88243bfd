"""Each migration leaves the database so that the Spy before it can go on, or says in `needs` which one can."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from structlog.testing import capture_logs

from bot.adapters.database import CannotOpen, is_ready, migrate, open_engine
from bot.adapters.database.schema import FIRST_SIDE_BY_SIDE, MIGRATIONS, newest, oldest
from tests.support.postgres import EMPTY, Postgres, driven

RELEASED = 19
"""The newest migration of the last release. A contract may need this one at most: its expand was released before."""
VERSION = re.compile(r"(?:UPDATE|INSERT INTO) alembic_version .*?'(\d{4})'", re.DOTALL)
CREATED = re.compile(r'CREATE TABLE "?(\w+)"?')
TAKES_AWAY = (
    re.compile(r"^DROP TABLE"),
    re.compile(r"^ALTER TABLE .*\bDROP (COLUMN|CONSTRAINT)\b"),
    re.compile(r"^ALTER TABLE .*\bRENAME\b"),
    re.compile(r"^ALTER TABLE .*\bALTER COLUMN .*\b(TYPE|SET NOT NULL|DROP DEFAULT)\b"),
    re.compile(r"^ALTER TABLE .*\bADD COLUMN (?!.*\bDEFAULT\b).*\bNOT NULL\b"),
    re.compile(r"^ALTER TABLE .*\bADD CONSTRAINT\b"),
    re.compile(r"^CREATE UNIQUE INDEX"),
)
"""Statements after which an older Spy may fail: what it reads is gone, or what it writes is refused."""


def takes_away(statements: Sequence[str]) -> list[str]:
    """Return the statements that contract the schema. A table that is new in the same migration is nobody's yet."""
    made = {found[1] for it in statements if (found := CREATED.search(it))}
    flat = (" ".join(it.split()) for it in statements)
    return [
        it
        for it in flat
        if any(shape.search(it) for shape in TAKES_AWAY)
        and not any(re.search(rf"\b{name}\b", it) for name in made)
    ]


def complaints(number: int, statements: Sequence[str], needs: str | None) -> list[str]:
    """Return what is wrong with a migration: it takes away, and does not say so, or too early."""
    if not takes_away(statements):
        return []
    if needs is None:
        return [f"{it}: say in `needs` which Spy does without" for it in takes_away(statements)]
    if int(needs) > RELEASED:
        return [f"{number:04} needs {needs}, which no release has yet: contract in a later release"]
    return []


@pytest.fixture(scope="module")
def statements(postgres: Postgres) -> Mapping[int, Sequence[str]]:
    """Return what each migration says to PostgreSQL, by its number."""
    found: dict[int, list[str]] = {}
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)
        if version := VERSION.search(statement):
            found[int(version[1])] = said[:]
            said.clear()

    with postgres.fresh(EMPTY) as url:
        engine = opened(url)
        event.listen(engine, "before_cursor_execute", hear)
        migrate(engine)
        engine.dispose()
    return found


def opened(url: str) -> Engine:
    return open_engine(driven(url))


def module_of(number: int) -> Any:
    [path] = (MIGRATIONS / "versions").glob(f"{number:04}_*.py")
    return import_module(f"bot.adapters.database.migrations.versions.{Path(path).stem}")


def test_no_migration_takes_away_what_the_spy_before_it_uses(statements: Mapping[int, Sequence[str]]):
    assert max(statements) == int(newest())

    found = [
        complaint
        for number, said in statements.items()
        if number > int(FIRST_SIDE_BY_SIDE)
        for complaint in complaints(number, said, getattr(module_of(number), "needs", None))
    ]

    assert found == []


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE page",
        "ALTER TABLE page DROP COLUMN team",
        "ALTER TABLE page RENAME team TO squad",
        "ALTER TABLE page RENAME TO ring",
        "ALTER TABLE page ALTER COLUMN team SET NOT NULL",
        "ALTER TABLE page ALTER COLUMN team TYPE INTEGER",
        "ALTER TABLE page ADD COLUMN squad VARCHAR NOT NULL",
        "CREATE UNIQUE INDEX page_once ON page (team)",
    ],
)
def test_a_step_that_takes_away_is_refused_until_a_later_release(statement: str):
    assert complaints(31, [statement], None)
    assert complaints(31, [statement], "0031")
    assert complaints(31, [statement], f"{RELEASED:04}") == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE squad (number INTEGER NOT NULL)",
        "ALTER TABLE page ADD COLUMN squad VARCHAR",
        "ALTER TABLE page ADD COLUMN squad VARCHAR DEFAULT '' NOT NULL",
        "CREATE INDEX page_by_squad ON page (squad)",
        "DROP INDEX ix_page_team",
    ],
)
def test_a_step_that_adds_is_taken(statement: str):
    assert complaints(31, [statement], None) == []


def test_a_unique_index_of_a_new_table_takes_nothing_away():
    made = [
        "CREATE TABLE squad (number INTEGER NOT NULL)",
        "CREATE UNIQUE INDEX squad_once ON squad (number)",
    ]

    assert complaints(31, made, None) == []


# --- a Spy on a newer schema ------------------------------------------------------------------------------


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = opened(database_url)
    yield engine
    engine.dispose()


def belongs_to(engine: Engine, schema: int, *, needs: int) -> None:
    """Leave the database as a newer Spy's migration does."""
    noted = text("UPDATE lease SET job = :job, owner = :owner WHERE job LIKE 'schema:%'")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": f"{schema:04}"})
        connection.execute(noted, {"job": f"schema:{schema:04}", "owner": f"{needs:04}"})


def test_a_migrated_database_says_which_spies_may_work_on_it(engine: Engine):
    assert oldest(engine) == FIRST_SIDE_BY_SIDE


def test_a_schema_that_a_newer_spy_expanded_is_worked_on_beside_it(engine: Engine):
    belongs_to(engine, 999, needs=int(newest()))

    with capture_logs() as logs:
        assert is_ready(engine)

    assert logs[0]["event"] == "the database belongs to a newer Spy; this one works beside it"


def test_a_schema_that_needs_a_newer_spy_is_refused_in_a_sentence(engine: Engine):
    belongs_to(engine, 999, needs=int(newest()) + 1)

    with pytest.raises(CannotOpen, match="belongs to a newer Spy: its schema is 0999"):
        is_ready(engine)


def test_a_newer_schema_that_says_nothing_is_refused(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(CannotOpen, match="belongs to a newer Spy"):
        is_ready(engine)
