"""A long past: the rows that one incident left, copied as if there had been thousands like it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Engine, inspect

from bot.testing import NOON

Row = Mapping[str, Any]
Values = tuple[Any, ...]

OLDEST, NEWEST = NOON - timedelta(days=460), NOON - timedelta(days=100)
"""Older than what anything looks back on, and kept."""
AGE = {
    "person": timedelta(),
    "timer": timedelta(days=80),
    "outbox": timedelta(days=2),
    "inbound": timedelta(days=2),
}
"""What is pruned earlier is newer, and all of one time."""
SHARE = {"outbox": 50, "inbound": 50}
"""Of which only one incident in so many still has rows."""
OTHERS = frozenset({2, 3})
"""The numbers of the other incidents: one was merged, one was recorded after its end. They leave no rows."""
MOST = {"audit": 10, "incident": 1, "postmortem": 1, "shift": 1}
"""Rows of an incident that are enough."""
WITHOUT_PAST = {
    "alembic_version",
    "audit_mark",
    "config_version",
    "counter",
    "home",
    "home_change",
    "lease",
    "lever",
    "on_call_copy",
    "plugin",
    "plugin_reload",
    "pruned",
    "ring_copy",
    "user_group",
}
COUNTED = {"timeline", "outbox", "audit"}
"""Tables whose `id` the database counts."""
NAMES = {"key", "email", "pager_id", "lane", "channel"}
OVER = {("page", "state"): "resolved", ("timer", "state"): "sent", ("outbox", "state"): "done"}
HASTE = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000")
"""How SQLite writes much into a file that nobody needs after a power failure."""
ISO, SQL = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.000000"
PERSON = re.compile(r'"name":"[^"]+"')
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


@dataclass(frozen=True, kw_only=True)
class Life:
    """The rows of one incident, by table, as SQLite stores them."""

    rows: Mapping[str, Sequence[Row]]

    @classmethod
    def of(cls, engine: Engine) -> "Life":
        """Take the rows of the first incident of a database in SQLite, which came to its end."""
        names = [it for it in inspect(engine).get_table_names() if it not in WITHOUT_PAST]
        with engine.connect() as connection:
            every = "SELECT * FROM {} ORDER BY 1"
            found = {it: connection.exec_driver_sql(every.format(f'"{it}"')) for it in names}
            return cls(
                rows={
                    it: [dict(row) for row in rows.mappings() if row.get("incident") not in OTHERS][
                        : MOST.get(it)
                    ]
                    for it, rows in found.items()
                }
            )

    def repeat_in(self, engine: Engine, incidents: int) -> None:
        """Write the rows for so many incidents into a new database."""
        is_sqlite = engine.dialect.name == "sqlite"
        with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
            for setting in HASTE if is_sqlite else ():
                cursor.execute(f"PRAGMA {setting}")
            cursor.execute("BEGIN" if is_sqlite else "SET TIME ZONE 'UTC'")
            for table, rows in self.rows.items():
                columns = [it for it in (rows or [{}])[0] if not (it == "id" and table in COUNTED)]
                if columns:
                    _write(
                        cursor, table, columns, self._copies(table, columns, incidents), is_sqlite=is_sqlite
                    )
                    _count(cursor, table, (incidents + 1) * len(rows), is_sqlite=is_sqlite)
            cursor.execute("INSERT INTO audit_mark SELECT 'head', max(seq), 'x' FROM audit")
            raw.commit()
            cursor.execute("ANALYZE" if not is_sqlite else "SELECT 1")
            raw.commit()

    def _copies(self, table: str, columns: Sequence[str], incidents: int) -> Iterator[Values]:
        rows = self.rows[table]
        patterns = [[_Column.of(table, it, row[it]) for it in columns] for row in rows]
        for n in range(1, incidents + 1, SHARE.get(table, 1)):
            at = NOON - AGE[table] if table in AGE else OLDEST + (NEWEST - OLDEST) * n / incidents
            iso, sql = at.strftime(ISO), at.strftime(SQL)
            for place, pattern in enumerate(patterns, start=1):
                facts = {"incident": n, "number": n * len(rows) + place, "iso": iso, "sql": sql}
                yield tuple([it.make(facts) if it.make else it.value for it in pattern])


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What stands in a column of the copies of a row: always the same `value`, or what is made of a copy's facts."""

    value: Any = None
    make: Callable[[Mapping[str, Any]], Any] | None = None

    @classmethod
    def of(cls, table: str, column: str, value: Any) -> "_Column":
        if (table, column) in OVER:
            return cls(value=OVER[table, column])
        if column == "sent_at":
            return cls(make=itemgetter("sql"))
        if isinstance(value, str):
            return _text(table, column, value)
        if value is None or (column == "seq" and table != "audit"):
            return cls(value=value)
        if column == "failover":
            return cls(make=lambda facts: facts["incident"] * 2 + value)
        name = "incident" if column == "incident" else "number"
        return cls(make=itemgetter(name)) if column in {"number", "seq", "incident"} else cls(value=value)


def _text(table: str, column: str, value: str) -> _Column:
    if (table, column) == ("person", "name"):
        return _filled("guest %(incident)s")
    plain = value.replace("%", "%%")
    if (
        column in NAMES
        or (table, column) == ("ring", "incident")
        or (column == "id" and table not in COUNTED)
    ):
        return _filled(f"{plain}-%(incident)s")
    if column == "slot" and plain.startswith("ask:"):  # goes on with when it was asked
        return _filled(f"{plain}-%(incident)s")
    if column in {"slot", "subject"} or (table, column) == ("following", "about"):
        kind, _, rest = plain.partition(":")
        return _filled(f"{kind}:%(incident)s:{rest}")
    if column == "kept":
        named = PERSON.sub('"name":"Guest %(incident)s"', plain) if table == "person" else plain
        moved = MOMENT.sub("%(iso)s", named.replace('"number":1,', '"number":%(number)s,'))
        return _filled(moved.replace('"incident":1,', '"incident":%(incident)s,'))
    return _Column(make=itemgetter("sql")) if value.endswith(".000000") else _Column(value=value)


def _filled(pattern: str) -> _Column:
    return _Column(make=lambda facts: pattern % facts)


def _write(
    cursor: Any, table: str, columns: Sequence[str], rows: Iterator[Values], *, is_sqlite: bool
) -> None:
    named = ", ".join(f'"{it}"' for it in columns)
    if is_sqlite:
        marks = ", ".join("?" * len(columns))
        insert = 'INSERT INTO "{}" ({}) VALUES ({})'
        cursor.executemany(insert.format(table, named, marks), rows)
        return
    with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _count(cursor: Any, table: str, last: int, *, is_sqlite: bool) -> None:
    """Let new rows have later numbers."""
    if is_sqlite:
        cursor.execute("UPDATE counter SET value = ? WHERE name = ?", (last, table))
    else:
        cursor.execute(
            "SELECT setval(oid::regclass, %s) FROM pg_class WHERE relname = %s", (last, f"{table}_number_seq")
        )
