"""Write every row of the database as lines, from one moment, while Spy runs."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, MetaData, Table, TextClause, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.adapters.database.connection import reading, unhurried
from bot.adapters.database.failures import translated
from bot.adapters.database.schema import version_in
from bot.adapters.database.transfer.lines import ExportHeader, LineWriter, Values, to_json

AT_ONCE = 200
"""Rows that are in memory at once."""
VERSION, COUNTER = "alembic_version", "counter"
"""Tables that are not copied as they are: the first line has the version, and PostgreSQL counts in sequences."""
SEQUENCE = "_number_seq"
"""How the name of the sequence that counts a table's numbers ends."""


class CannotExport(Exception):  # noqa: N818  named for what happened
    """The database can't be read. The message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written: the first line, and the number of rows by table."""

    header: ExportHeader
    rows: Counter[str]


def export(engine: Engine, write: Callable[[bytes], object], *, spy: str, now: datetime) -> Exported:
    """Write all tables as lines. They are read in one transaction, so they are all of one moment.

    Raise CannotExport if the database fails meanwhile.
    """
    lines, exported_at = LineWriter(), now.astimezone(UTC).isoformat()
    try:
        with reading(engine).connect() as connection:
            unhurried(connection)
            with connection.begin():
                header = ExportHeader(spy=spy, schema=version_in(connection) or "", exported_at=exported_at)
                write(lines.header(header))
                for table in tables_of(connection):
                    for row in _rows(connection, table):
                        write(lines.row(table.name, row))
        write(lines.end())
    except DBAPIError as error:
        raise CannotExport(f"The database can't be read: {translated(error)}.") from error
    return Exported(header=header, rows=lines.rows)


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables with what the database says of them. One that others refer to comes before them."""
    known = MetaData()
    known.reflect(connection)
    return [table for table in known.sorted_tables if table.name != VERSION]


def _rows(connection: Connection, table: Table) -> Iterator[Values]:
    if table.name == COUNTER and connection.dialect.name == "postgresql":
        yield from ({"name": name, "value": value} for name, value in _counted(connection, table).items())
        return
    streaming = connection.execution_options(stream_results=True, yield_per=AT_ONCE)
    for row in streaming.execute(select(table).order_by(*table.primary_key)).mappings():
        yield {column.name: to_json(row[column]) for column in table.columns}


def _counted(connection: Connection, counter: Table) -> dict[str, int]:
    """Return the table `counter` with the last number that PostgreSQL gave to a row of each table."""
    stored = connection.execute(select(counter.c.name, counter.c.value))
    return {str(name): int(value) for name, value in stored} | dict(_given(connection))


def _given(connection: Connection) -> Iterator[tuple[str, int]]:
    for sequence in sorted(inspect(connection).get_sequence_names()):
        if sequence.endswith(SEQUENCE):
            yield sequence.removesuffix(SEQUENCE), connection.execute(_last(sequence)).scalar_one()


def _last(sequence: str) -> TextClause:
    """Return the query for the last number of a sequence, whose name PostgreSQL has said."""
    last = "CASE WHEN is_called THEN last_value ELSE last_value - 1 END"
    return text(f'SELECT {last} FROM "{sequence}"')  # noqa: S608  see above
