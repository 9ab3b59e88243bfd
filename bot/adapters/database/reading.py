"""A connection that only reads: what says that it changes nothing is held to it.

The database's own read-only mode does not do. A transaction in which a command only reads also stores who asked and
what was answered. SQLite prepares every statement anew whenever that mode is switched on or off.
"""

from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.sql.elements import ClauseElement

from bot.ports import ReadsOnly


class ReadingConnection:
    """Passes on what reads. Raises ReadsOnly for a statement that changes rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: Any, *parameters: Any, **options: Any) -> Any:
        must_read(statement)
        return self._connection.execute(statement, *parameters, **options)

    def exec_driver_sql(self, statement: str, *parameters: Any, **options: Any) -> Any:
        must_read(text(statement))
        return self._connection.exec_driver_sql(statement, *parameters, **options)


def must_read(statement: ClauseElement) -> None:
    """Raise ReadsOnly unless a statement is a query. One that locks rows is one, too."""
    if isinstance(statement, TextClause):
        reads = statement.text.lstrip()[:6].upper() == "SELECT"
    else:
        reads = bool(getattr(statement, "is_select", False))
    if not reads:
        table = getattr(getattr(statement, "table", None), "name", None)
        raise ReadsOnly(f"what only reads would change {table or 'rows'}")
