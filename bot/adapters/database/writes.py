"""Pending writes of a session: statements in order, and reserved numbers.

Nothing is written earlier than necessary, because SQLite's only write lock is held from the first write on.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table

from bot.adapters.database.prepared import Prepared
from bot.adapters.database.statements import change, find, reserve, table
from bot.adapters.database.tables import CounterRow


class Writes:
    """Statements and counters that a session writes at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Prepared, Sequence[dict[str, Any]]]] = []
        self._reached: dict[str, int] = {}
        self._reserved: set[tuple[str, int]] = set()

    def add(self, statement: Prepared, *rows: dict[str, Any]) -> None:
        self._waiting.append((statement, rows))

    def reserve(self, of: Table) -> int:
        """Return the next number of a table. PostgreSQL has a sequence for it, so nobody waits.

        SQLite has a row: two sessions with the same number conflict, and one is retried.
        """
        number = self._next(of)
        self._reserved.add((of.name, number))
        return number

    def is_new(self, of: Table, number: int) -> bool:
        """Whether this session has reserved the number, so that no other row refers to it yet."""
        return (of.name, number) in self._reserved

    def _next(self, of: Table) -> int:
        if self._connection.dialect.name != "sqlite":
            return reserve(self._connection, of)
        counter = table(CounterRow)
        if of.name not in self._reached:
            known = find(counter, "name").rows(self._connection, {"name": of.name})
            self._reached[of.name] = known[0]["value"]
        self._reached[of.name] += 1
        return self._reached[of.name]

    def flush(self) -> None:
        for name, value in self._reached.items():
            change(table(CounterRow), "name").run(self._connection, {"this": name, "value": value})
        self._reached.clear()
        waiting, self._waiting = self._waiting, []
        for statement, rows in waiting:
            statement.run(self._connection, *rows)
