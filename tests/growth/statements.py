"""Listen at the driver to what Spy asks its database: each statement with its plan, and the work that it was.

The cursors themselves are replaced, so that statements are heard by whatever way they reach the driver.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, event

PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@dataclass
class Heard:
    """The statements of an engine's connections. Make it before the first connection."""

    engine: Engine
    explains: bool = False
    rows: int = 0
    """Rows that left SQLite."""
    _is_listening: bool = False
    plans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The steps of each plan, by the words of the statement."""
    statements: int = 0
    steps: int = 0
    """Instructions of SQLite's virtual machine: the same for the same work, on any machine."""

    def __post_init__(self) -> None:
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "do_connect", self._use_sqlite)
        else:
            event.listen(self.engine, "connect", self._use_postgresql)

    @contextmanager
    def listening(self) -> Iterator[None]:
        self._is_listening = True
        yield
        self._is_listening = False

    def hear(self, connection: Any, sql: Any, parameters: Any) -> None:
        words = sql.decode() if isinstance(sql, bytes) else str(sql)
        self.statements += 1
        if (
            self._is_listening
            and self.explains
            and words not in self.plans
            and words.lstrip().upper().startswith(PLANNED)
        ):
            explain = _in_sqlite if self.engine.dialect.name == "sqlite" else _in_postgresql
            self.plans[words] = tuple(explain(connection, words, parameters))

    def step(self) -> int:
        self.steps += 1
        return 0

    def _use_sqlite(self, _dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        heard = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                heard.hear(self.connection, sql, parameters)
                return super().execute(sql, parameters)

            def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
                every = list(rows)
                heard.hear(self.connection, sql, every[0])
                return super().executemany(sql, every)

            def fetchall(self) -> list[Any]:
                found = super().fetchall()
                heard.rows += len(found)
                return found

            def fetchmany(self, size: int | None = None) -> list[Any]:
                found = super().fetchmany(size or self.arraysize)
                heard.rows += len(found)
                return found

            def fetchone(self) -> Any:
                found = super().fetchone()
                heard.rows += found is not None
                return found

        class Connection(sqlite3.Connection):
            def __init__(self, *args: Any, **named: Any) -> None:
                super().__init__(*args, **named)
                self.set_progress_handler(heard.step, 1)

            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

        options["factory"] = Connection

    def _use_postgresql(self, connection: Any, _record: Any) -> None:
        heard = self

        class Cursor(psycopg.Cursor[Any]):
            def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
                heard.hear(self.connection, query, params)
                return super().execute(query, params, **options)

            def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
                every = list(params_seq)
                heard.hear(self.connection, query, every[0])
                super().executemany(query, every, **options)

        connection.cursor_factory = Cursor


def _in_sqlite(connection: sqlite3.Connection, sql: str, parameters: Any) -> Iterator[str]:
    for *_, step in sqlite3.Cursor(connection).execute(f"EXPLAIN QUERY PLAN {sql}", parameters):
        yield step


def _in_postgresql(connection: Any, sql: str, parameters: Any) -> Iterator[str]:
    """Yield the steps of a plan. Rows in sequence are read only where nothing else is possible."""
    cursor = psycopg.Cursor(connection)
    cursor.execute("SET enable_seqscan = off")
    [[[plan]]] = cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters).fetchall()
    cursor.execute("RESET enable_seqscan")
    yield from _nodes(plan["Plan"])


def _nodes(node: dict[str, Any]) -> Iterator[str]:
    place = [node[it] for it in ("Relation Name", "Index Name") if it in node]
    yield " ".join([node["Node Type"], *place, *(["by its condition"] if "Index Cond" in node else [])])
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


# --- judging plans ----------------------------------------------------------------------------------------


def scans(plan: tuple[str, ...], partial: frozenset[str]) -> Iterator[str]:
    """Yield the tables of which a plan looks at every row. All of a `partial` index is not many."""
    for step in plan:
        words = step.split()
        if words[0] == "SCAN" and not partial & set(words):
            yield words[1]
        elif step.startswith("Seq Scan"):
            yield words[2]
        elif step.startswith(("Index Scan", "Index Only Scan", "Bitmap Index Scan")) and not (
            "condition" in words or partial & set(words)
        ):
            yield words[-2] if step.startswith("Index") else words[-1]
