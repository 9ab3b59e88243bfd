"""Fill an empty database with the lines of an export: all of them or none."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    Table,
    delete,
    false,
    func,
    insert,
    inspect,
    select,
    text,
    true,
)
from sqlalchemy.exc import DBAPIError

from bot.adapters.database.connection import unhurried
from bot.adapters.database.failures import translated
from bot.adapters.database.private_files import is_missing, remove
from bot.adapters.database.schema import MIGRATING, NOTE, is_known, move_to, newest, version_in
from bot.adapters.database.transfer.exporting import AT_ONCE, COUNTER, tables_of
from bot.adapters.database.transfer.lines import ExportHeader, LineReader, NotAnExport, Values, from_json

LEASE = "lease"


class CannotImport(Exception):  # noqa: N818  named for what happened
    """A file can't be imported, and the database is as it was. The message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was stored: what the first line says, and the number of rows by table."""

    header: ExportHeader
    rows: Counter[str]


def import_lines(engine: Engine, lines: Iterable[bytes]) -> Imported:
    """Store the rows of an export in one transaction, and bring an older schema up to date.

    The database must be empty. Raise CannotImport if it is not, or if the lines are not a whole export.
    """
    is_new = is_missing(engine)
    try:
        return _import(engine, lines)
    except NotAnExport as error:
        raise CannotImport(f"{error}. Nothing was imported.") from error
    except DBAPIError as error:
        trouble = translated(error)
        why = str(error.orig).partition("\n")[0] if trouble is error else str(trouble)
        raise CannotImport(f"The database does not take it: {why}. Nothing was imported.") from error
    finally:
        if is_new and _is_empty_file(engine):
            remove(engine)


def _import(engine: Engine, lines: Iterable[bytes]) -> Imported:
    reader = LineReader(lines)
    _require_known(reader.header)
    with engine.connect() as connection:
        unhurried(connection)
        with connection.begin():
            tables = _moved(connection, reader.header.schema, _take(connection))
            _store(connection, reader, tables)
            _count_on(connection, _moved(connection, newest(), tables))
    return Imported(header=reader.header, rows=reader.counts)


def _require_known(header: ExportHeader) -> None:
    if header.schema.isdigit() and header.schema > newest():
        raise CannotImport(
            f"It was made by Spy {header.spy}, whose schema is {header.schema}; this Spy knows up to {newest()}. "
            f"Import it with Spy {header.spy} or a newer one. Nothing was imported."
        )
    if not is_known(header.schema):
        raise NotAnExport(f"Its first line names the schema {header.schema[:20]}, which Spy never had")


def _moved(connection: Connection, to: str, tables: Sequence[Table]) -> Sequence[Table]:
    """Bring the schema to this version. Return its tables; they are looked up again only if they changed."""
    if version_in(connection) == to:
        return tables
    move_to(connection, to)
    return tables_of(connection)


def _take(connection: Connection) -> Sequence[Table]:
    """Keep others out until the end, and check that the database is empty. Return its tables."""
    if connection.dialect.name == "postgresql":
        connection.execute(MIGRATING)
    tables = tables_of(connection)
    if tables and connection.dialect.name == "postgresql":
        names = ", ".join(f'"{it.name}"' for it in tables)
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    if tables and version_in(connection) is None:
        raise CannotImport(
            f"The database has tables of another program, such as {tables[0].name}. Nothing was imported."
        )
    for table in tables:
        if rows := connection.execute(_count(table)).scalar_one():
            raise CannotImport(
                f"The database is not empty: {table.name} has {rows} rows. Import into a new one. "
                "Nothing was imported."
            )
    return tables


def _count(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table).where(~_is_of_the_schema(table))


def _is_of_the_schema(table: Table) -> ColumnElement[bool]:
    """Return the condition of rows that the migrations themselves write."""
    if table.name == LEASE:
        return table.c.job.startswith(NOTE)
    return true() if table.name == COUNTER else false()


def _store(connection: Connection, reader: LineReader, found: Sequence[Table]) -> None:
    tables = {it.name: it for it in found}
    seeds = dict.fromkeys(connection.execute(select(tables[COUNTER].c.name)).scalars(), 0)
    for name in (COUNTER, LEASE):
        connection.execute(delete(tables[name]).where(_is_of_the_schema(tables[name])))
    counted = set[str]()
    for name, rows in groupby(reader.rows(), key=itemgetter(0)):
        table = tables.get(name)
        if table is None:
            raise NotAnExport(
                f"Line {reader.line}: the schema {reader.header.schema} has no table {name[:60]}"
            )
        while some := [_row(table, row, reader, connection) for _, row in islice(rows, AT_ONCE)]:
            connection.execute(insert(table), some)
            counted.update(row["name"] for row in some if name == COUNTER)
    if missing := [{"name": name, "value": value} for name, value in seeds.items() if name not in counted]:
        connection.execute(insert(tables[COUNTER]), missing)


def _row(table: Table, row: Values, reader: LineReader, connection: Connection) -> dict[str, Any]:
    if row.keys() != {it.name for it in table.columns}:
        raise NotAnExport(f"Line {reader.line}: a row of {table.name} has other columns than its schema")
    dialect = connection.dialect.name
    try:
        return {it.name: from_json(row[it.name], it, dialect) for it in table.columns}
    except (TypeError, ValueError):
        raise NotAnExport(
            f"Line {reader.line}: a row of {table.name} has a time that can't be read"
        ) from None


# --- numbers ------------------------------------------------------------------------------------------------


def _count_on(connection: Connection, found: Sequence[Table]) -> None:
    """Let new rows have later numbers than all that were ever given."""
    tables = {it.name: it for it in found}
    given = select(tables[COUNTER].c.name, tables[COUNTER].c.value)
    last = {str(name): int(value) for name, value in connection.execute(given)}
    if connection.dialect.name == "postgresql":
        for name, column, sequence in _sequences(connection, tables):
            reached = max(last.get(name, 0), _highest(connection, tables[name], column))
            if reached:
                connection.execute(select(func.setval(sequence, reached)))
        return
    counter = tables[COUNTER]
    for name in last.keys() & tables.keys():
        reached = max(last[name], _highest(connection, tables[name], "number"))
        connection.execute(counter.update().where(counter.c.name == name).values(value=reached))


def _sequences(connection: Connection, tables: dict[str, Table]) -> Iterator[tuple[str, str, str]]:
    """Yield the columns of whole numbers for which PostgreSQL counts: table, column, sequence."""
    for name, table in tables.items():
        for column in table.primary_key:
            if isinstance(column.type, Integer):
                of = select(func.pg_get_serial_sequence(f'"{name}"', column.name))
                if sequence := connection.execute(of).scalar():
                    yield name, column.name, sequence


def _highest(connection: Connection, table: Table, column: str) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table.c[column]), 0))).scalar_one())


def _is_empty_file(engine: Engine) -> bool:
    """Whether a file that was made for this import has got no tables."""
    if is_missing(engine):
        return False
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()
