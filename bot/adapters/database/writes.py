"""Pending writes of a session: statements in order, and reserved numbers.

Nothing is written earlier than necessary, because SQLite's only write lock is held from the first write on.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Table, select

from bot.adapters.database.statements import change, reserve, table
from bot.adapters.database.tables import CounterRow


class Writes:
    """Statements and counters that a session writes at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Executable, Sequence[dict[str, Any]]]] = []
        self._reached: dict[str, int] = {}

    def add(self, statement: Executable, *rows: dict[str, Any]) -> None:
        self._waiting.append((statement, rows))

    def reserve(self, of: Table) -> int:
        """Return the next number of a table. PostgreSQL has a sequence for it, so nobody waits.

        SQLite has a row: two sessions with the same number conflict, and one is retried.
        """
        if self._connection.dialect.name != "sqlite":
            return reserve(self._connection, of)
        counter = table(CounterRow)
        if of.name not in self._reached:
            query = select(counter.c.value).where(counter.c.name == of.name)
            self._reached[of.name] = self._connection.execute(query).scalar_one()
        self._reached[of.name] += 1
        return self._reached[of.name]

    def flush(self) -> None:
        for name, value in self._reached.items():
            self._connection.execute(change(table(CounterRow), "name"), {"this": name, "value": value})
        self._reached.clear()
        waiting, self._waiting = self._waiting, []
        for statement, rows in waiting:
            self._connection.execute(statement, rows or None)
