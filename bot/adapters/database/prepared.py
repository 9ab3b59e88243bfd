"""Statements that are compiled once and run on the driver's own cursor.

SQLAlchemy takes about ten times as long to run a small statement as SQLite does. What runs before an acknowledgement
is prepared; all else takes SQLAlchemy's way. Both convert values alike and raise the same errors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from bot.adapters.database.reading import ReadingConnection, must_read

Convert = Callable[[Any], Any]
Parameters = Mapping[str, Any]


class Prepared:
    """A statement. Its parameters are its bindparams or, in an insert or update, also columns."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def run(self, connection: Connection, *rows: Parameters) -> int:
        """Run it once for each row of parameters, or once. Return how many rows the last one changed."""
        first = rows[0] if rows else {}
        compiled = self._for(connection, first)
        cursor = _driver(connection).cursor()
        try:
            if len(rows) > 1:
                cursor.executemany(compiled.sql, [compiled.bound(it) for it in rows])
            else:
                cursor.execute(compiled.sql, compiled.bound(first))
        except connection.dialect.loaded_dbapi.Error as error:
            _raise(error, connection, compiled.sql)
        return int(cursor.rowcount)

    def rows(self, connection: Connection, parameters: Parameters) -> list[dict[str, Any]]:
        """Return the rows found, each by the names of its columns."""
        columns, found = self._find(connection, parameters)
        return [
            {name: convert(it) if convert else it for (name, convert), it in zip(columns, row, strict=True)}
            for row in found
        ]

    def values(self, connection: Connection, parameters: Parameters) -> list[Any]:
        """Return the first column of the rows found."""
        columns, found = self._find(connection, parameters)
        convert = columns[0][1]
        return [convert(row[0]) for row in found] if convert else [row[0] for row in found]

    def first(self, connection: Connection, parameters: Parameters) -> dict[str, Any] | None:
        """Return the first row found, or None."""
        return next(iter(self.rows(connection, parameters)), None)

    def value(self, connection: Connection, parameters: Parameters) -> Any:
        """Return the first column of the first row found, or None."""
        return next(iter(self.values(connection, parameters)), None)

    def _find(
        self, connection: Connection, parameters: Parameters
    ) -> tuple[list[tuple[str, Convert | None]], list[Any]]:
        compiled = self._for(connection, parameters)
        cursor = _driver(connection).cursor()
        try:
            cursor.execute(compiled.sql, compiled.bound(parameters))
            return compiled.columns, cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error as error:
            _raise(error, connection, compiled.sql)

    def _for(self, connection: Connection, parameters: Parameters) -> "_Compiled":
        if isinstance(connection, ReadingConnection):
            must_read(self._statement)
        key = (connection.dialect.name, *parameters)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = _Compiled(self._statement, connection.dialect, list(parameters))
        return compiled


class _Compiled:
    """A statement's SQL for one database, and how its parameters and columns are converted."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, names: Sequence[str]) -> None:
        made: Any = statement.compile(dialect=dialect, column_keys=list(names))

        def binding(kind: TypeEngine[Any]) -> Convert | None:
            return kind.dialect_impl(dialect).bind_processor(dialect)

        def result(kind: TypeEngine[Any]) -> Convert | None:
            return kind.dialect_impl(dialect).result_processor(dialect, None)

        given, fixed = {}, {}
        for name, it in made.binds.items():
            convert = binding(it.type)
            if name in names:
                given[name] = convert
            else:
                fixed[name] = convert(it.value) if convert else it.value
        self.sql = str(made)
        returned: Any = getattr(statement, "exported_columns", ())  # a text or a plain insert has none
        self.columns = [(it.key, result(it.type)) for it in returned]
        self.bound = _by_place(given, fixed, made.positiontup) if made.positional else _by_name(given, fixed)


@contextmanager
def without_waiting(connection: Connection) -> Iterator[None]:
    """Send PostgreSQL all statements before its first answer is read. One that returns rows waits nevertheless."""
    if connection.dialect.name != "postgresql":
        yield
        return
    try:
        with _driver(connection).pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        _raise(error, connection, "")


def _by_place(
    given: Mapping[str, Convert | None], fixed: Parameters, order: Sequence[str]
) -> Callable[[Parameters], Any]:
    """Return a function that makes a tuple of the parameters, for the marks `?`."""
    places = [(name, given.get(name)) for name in order]

    def bound(row: Parameters) -> Any:
        all_of_it = {**fixed, **row} if fixed else row
        return tuple([convert(all_of_it[name]) if convert else all_of_it[name] for name, convert in places])

    return bound


def _by_name(given: Mapping[str, Convert | None], fixed: Parameters) -> Callable[[Parameters], Any]:
    """Return a function that makes a dictionary of the parameters, for the marks `%(name)s`."""

    def bound(row: Parameters) -> Any:
        return {
            **fixed,
            **{name: convert(row[name]) if convert else row[name] for name, convert in given.items()},
        }

    return bound


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _raise(error: Any, connection: Connection, sql: str) -> NoReturn:
    """Raise a driver's error as SQLAlchemy does. That a connection is lost it notices at its next statement."""
    dialect = connection.dialect
    driver: Any = dialect.loaded_dbapi
    if dialect.is_disconnect(error, _driver(connection), None):
        with suppress(DBAPIError):  # the first error says why
            connection.exec_driver_sql("SELECT 1")
    raise DBAPIError.instance(
        sql, None, error, driver.Error, hide_parameters=True, dialect=dialect
    ) from error
