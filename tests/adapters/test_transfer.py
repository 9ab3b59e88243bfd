"""A whole database goes into a file and back, on both kinds: every table, every column, or nothing at all."""

import hashlib
import json
import shutil
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text

from bot.adapters.database import Database, make_ready, open_engine, tables
from bot.adapters.database.schema import migrate, newest, version
from bot.adapters.database.statements import table
from bot.adapters.database.tables import Row
from bot.adapters.database.transfer import CannotExport, CannotImport, export, import_lines
from bot.adapters.database.writes import Writes
from bot.testing import NOON
from tests.support.postgres import EMPTY, Postgres, driven
from tests.support.rows import MANY, Rows, fill, rows_of

Lines = list[bytes]
OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}
OF_THE_SCHEMA = {"alembic_version", "counter", "lease"}
"""Tables in which the migrations themselves write rows."""
LARGE, COUNT, LITTLE = 5_000, 3_000, 8_000_000
"""Letters of a row and rows, fifteen million in all; and the bytes that may be in memory at once."""


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def empty_postgresql(postgres: Postgres) -> Iterator[Engine]:
    with postgres.fresh(EMPTY) as url:
        engine = open_engine(driven(url))
        yield engine
        engine.dispose()


@pytest.fixture
def migrated_sqlite_engine(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'other.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
def migrated_postgresql_engine(postgres: Postgres) -> Iterator[Engine]:
    with postgres.fresh() as url:
        engine = open_engine(driven(url))
        yield engine
        engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with the newest schema, and no rows."""
    engine = open_engine(driven(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def other(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """A database of the other kind, with the newest schema and no rows."""
    found: Engine = request.getfixturevalue(f"migrated_{OTHER[engine.dialect.name]}_engine")
    return found


@pytest.fixture
def empty(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """A database of the other kind, without a table."""
    found: Engine = request.getfixturevalue(f"empty_{OTHER[engine.dialect.name]}")
    return found


def exported(engine: Engine) -> Lines:
    lines = Lines()
    export(engine, lines.append, spy="1.2.3", now=NOON)
    return lines


@pytest.fixture(scope="module")
def lines(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """An export of a database with rows in every table."""
    copy = shutil.copy(migrated_sqlite, tmp_path_factory.mktemp("filled") / "spy.db")
    engine = open_engine(f"sqlite:///{copy}")
    fill(engine, seed=4)
    made = exported(engine)
    engine.dispose()
    return made


def signed(*lines: bytes) -> Lines:
    """Return lines with a last one that fits them, as somebody makes it who changes an export on purpose."""
    counted = dict[str, int]()
    for line in lines[1:]:
        name = json.loads(line)["table"]
        counted[name] = counted.get(name, 0) + 1
    end = {"rows": counted, "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    return [*lines, json.dumps(end).encode() + b"\n"]


def with_counters(rows: Rows, counters: Rows) -> Rows:
    """Return rows with the counters of others: what PostgreSQL counts is in its sequences."""
    return {**rows, "counter": counters["counter"]}


def is_untouched(engine: Engine) -> bool:
    return not any(found for name, found in rows_of(engine).items() if name not in OF_THE_SCHEMA)


# --- there and back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_every_table_and_every_column_comes_back_as_it_was(engine: Engine, other: Engine, seed: int):
    fill(engine, seed=seed)
    before = rows_of(engine)

    import_lines(other, exported(engine))

    assert with_counters(rows_of(other), before) == before
    assert before.keys() == {*Row.metadata.tables, "alembic_version"}
    assert all(len(found) == MANY for name, found in before.items() if name not in OF_THE_SCHEMA)


def test_one_of_the_same_kind_comes_back_too(engine: Engine, other: Engine, request: pytest.FixtureRequest):
    fill(engine, seed=7)
    before = rows_of(engine)
    same: Engine = request.getfixturevalue(f"migrated_{engine.dialect.name}_engine")

    import_lines(other, exported(engine))
    import_lines(same, exported(other))

    assert with_counters(rows_of(same), before) == before
    assert sorted(exported(same)[1:-1]) == sorted(exported(other)[1:-1])


def test_new_rows_get_later_numbers_than_all_before(engine: Engine, other: Engine):
    fill(engine, seed=1)
    incident, page = table(tables.IncidentRow), table(tables.PageRow)
    with engine.begin() as connection:
        connection.execute(incident.delete().where(incident.c.number > MANY * 100))
        writes = Writes(connection)
        last = {it.name: writes.reserve(it) for it in (incident, page)}
        writes.flush()

    import_lines(other, exported(engine))

    with other.begin() as connection:
        writes = Writes(connection)
        next_numbers = {it.name: writes.reserve(it) for it in (incident, page)}
    highest = max(row["number"] for row in rows_of(other)["page"])
    assert next_numbers["incident"] > last["incident"]
    assert next_numbers["page"] > max(last["page"], highest)


def test_rows_that_the_database_counts_go_on_after_those_that_were_imported(engine: Engine, other: Engine):
    fill(engine, seed=2)
    audit = table(tables.AuditRow)
    new = {
        "at": NOON,
        "source": "slash",
        "command": "tldr",
        "outcome": "done",
        "why": "",
        "result": "",
        "events": [],
    }

    import_lines(other, exported(engine))
    with other.begin() as connection:
        connection.execute(insert(audit), [new])

    assert len(rows_of(other)["audit"]) == MANY + 1


def test_what_happens_while_it_is_written_is_not_in_it(engine: Engine):
    fill(engine, seed=3)
    lines = Lines()

    def write(line: bytes) -> None:
        if not lines:
            with Database(engine).begin() as session:
                session.flush()
            with engine.begin() as connection:
                connection.execute(table(tables.TimerRow).delete())
                connection.execute(table(tables.AlertRow).delete())
        lines.append(line)

    made = export(engine, write, spy="1.2.3", now=NOON)

    assert rows_of(engine)["timer"] == []
    assert made.rows["timer"] in {0, MANY}, "all of one moment"
    assert made.rows["timer"] == made.rows["alert"]


def test_a_large_database_is_never_in_memory_at_once(engine: Engine, other: Engine):
    inbound = table(tables.InboundRow)
    with engine.begin() as connection:
        for start in range(0, COUNT, 500):
            some = [
                {"id": f"ask-{it}", "at": NOON, "answer": "x" * LARGE} for it in range(start, start + 500)
            ]
            connection.execute(insert(inbound), some)
    file = Path(str(engine.url.database) if engine.dialect.name == "sqlite" else str(other.url.database))

    tracemalloc.start()
    with file.with_name("export.jsonl").open("wb") as to:
        export(engine, to.write, spy="1.2.3", now=NOON)
    written = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    with file.with_name("export.jsonl").open("rb") as lines:
        made = import_lines(other, lines)
    read = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert made.rows["inbound"] == COUNT
    assert written < LITTLE
    assert read < LITTLE


# --- all or nothing -----------------------------------------------------------------------------------------


def damaged(lines: Lines) -> Iterator[tuple[Lines, str]]:
    """Yield what may come of a file, each with what is said of it."""
    [first, *rows, end] = lines
    changed = [rows[0].replace(b"1", b"2", 1), *rows[1:]]
    yield lines[:-1], "cut off"
    yield [*lines[:5], lines[5][:20]], "damaged or cut off"
    yield [first, *rows[:-3], end], "lines are missing"
    yield [first, rows[0], *rows, end], "does not take it"
    yield [first, *changed, end], "was changed"
    yield [*lines, rows[0]], "further lines"
    yield rows, "first line"
    yield [], "first line"
    yield [b"PK\x03\x04\xff\xfe\n"], "damaged"
    yield [b"[1]\n"], "not a row"
    yield [first, b'{"a": 1}\n', end], "not a row"
    yield signed(first, b'{"table":"incident","columns":{"number":1}}\n'), "other columns"
    yield signed(first, b'{"table":"nosuch","columns":{"number":1}}\n'), "no table nosuch"


def test_of_a_file_that_is_not_whole_nothing_is_imported(engine: Engine, lines: Lines):
    for bad, why in damaged(lines):
        with pytest.raises(CannotImport, match=why) as error:
            import_lines(engine, bad)

        assert str(error.value).endswith("Nothing was imported.")
    assert is_untouched(engine)


def test_an_import_that_fails_leaves_a_new_database_as_it_was(empty: Engine, lines: Lines):
    with pytest.raises(CannotImport, match="cut off"):
        import_lines(empty, lines[:-1])

    assert (
        version(empty) is None
        if empty.dialect.name != "sqlite"
        else not Path(str(empty.url.database)).exists()
    )


def test_a_time_without_a_zone_is_refused_with_its_line(engine: Engine, lines: Lines):
    [first, *rows, _] = lines
    place = next(at for at, row in enumerate(rows) if b'"table":"inbound"' in row)
    rows[place] = rows[place].replace(b"+00:00", b"")

    with pytest.raises(CannotImport, match=f"Line {place + 2}: a row of inbound has a time"):
        import_lines(engine, signed(first, *rows))


def test_rows_that_do_not_fit_together_are_refused_without_their_words(engine: Engine, lines: Lines):
    [first, *rows, _] = lines
    page = next(row for row in rows if b'"table":"page"' in row)

    with pytest.raises(CannotImport, match="The database does not take it") as error:
        import_lines(engine, signed(first, *rows, page))

    assert json.loads(page)["columns"]["key"] not in str(error.value)


def test_a_database_with_rows_is_refused_and_keeps_them(engine: Engine, lines: Lines):
    import_lines(engine, lines)
    before = rows_of(engine)

    with pytest.raises(CannotImport, match=rf"not empty: \w+ has {MANY} rows"):
        import_lines(engine, lines)

    assert rows_of(engine) == before


def test_a_database_of_another_program_is_refused(empty: Engine, lines: Lines):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY)"))

    with pytest.raises(CannotImport, match="tables of another program, such as orders"):
        import_lines(empty, lines)


def test_one_without_a_table_gets_them(empty: Engine, lines: Lines):
    import_lines(empty, lines)

    here, there = ([it for it in some if b'"table":"incident"' in it] for some in (exported(empty), lines))
    assert here == there != []


# --- other versions -----------------------------------------------------------------------------------------


def as_of(lines: Lines, schema: str) -> Lines:
    return signed(lines[0].replace(f'"{newest()}"'.encode(), f'"{schema}"'.encode()), *lines[1:-1])


def test_an_export_of_a_newer_spy_names_the_spy_that_can_read_it(engine: Engine, lines: Lines):
    with pytest.raises(CannotImport, match=r"made by Spy 1\.2\.3, whose schema is 9999"):
        import_lines(engine, as_of(lines, "9999"))


def test_an_export_of_an_earlier_schema_is_brought_up_to_date(engine: Engine, tmp_path: Path):
    """The rows of a database at an earlier schema, as that Spy would have written them."""
    earlier = f"{int(newest()) - 1:04}"
    old = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(old, to=earlier)
    fill(old, seed=8)
    lines = as_of(exported(old), earlier)
    old.dispose()

    import_lines(engine, lines)

    assert version(engine) == newest()
    assert len(rows_of(engine)["incident"]) == MANY


# --- faults while it is written -------------------------------------------------------------------------------


def test_a_database_that_is_damaged_is_said_in_a_sentence(tmp_path: Path):
    file = tmp_path / "spy.db"
    engine = open_engine(f"sqlite:///{file}")
    make_ready(engine)
    fill(engine, seed=9)
    engine.dispose()
    spoil(file)

    with pytest.raises(CannotExport, match=r"^The database can't be read: its file is damaged\."):
        exported(open_engine(f"sqlite:///{file}"))


def spoil(file: Path) -> None:
    """Write over all pages but the first, which says that it is a database."""
    with closing(sqlite3.connect(file)) as connection:
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as pages:
        pages.seek(size)
        pages.write(b"\xa5" * (file.stat().st_size - size))


def test_an_export_says_which_spy_made_it_and_when(engine: Engine):
    first = json.loads(exported(engine)[0])

    assert first == {"spy": "1.2.3", "schema": newest(), "exported_at": NOON.isoformat()}
    assert NOON.utcoffset() == timedelta()
