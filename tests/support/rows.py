"""Rows for every column of every table, and what a database holds, table by table."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Engine, Integer, MetaData, Table, insert, select

from bot.adapters.database.schema import version

AWKWARD = (
    "",
    " ",
    'João said: "it\'s 100 % down"',
    "two\nlines\r\n\ttab \\ backslash",
    "\u2028 \u202e \ufeff \x7f \x01",
    "😀 漢字 e\u0301",
    "NULL",
    "'; DROP TABLE incident; --",
    "x" * 3000,
)
"""Texts that a careless copy changes."""
MOMENTS = (
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
)
MANY = 5
"""Rows of each table."""
KNOWN: dict[tuple[str, str | None], MetaData] = {}
Rows = Mapping[str, list[dict[str, Any]]]


def schema_of(engine: Engine) -> MetaData:
    """Return the tables as the database describes them: once for each kind and version, for it takes long."""
    which = engine.dialect.name, version(engine)
    if which not in KNOWN:
        KNOWN[which] = MetaData()
        KNOWN[which].reflect(engine)
    return KNOWN[which]


def fill(engine: Engine, *, seed: int) -> None:
    """Write rows into every table: the first with all columns, the second with nothing that may be missing."""
    known, by = schema_of(engine), random.Random(seed)  # noqa: S311  rows that can be repeated
    with engine.begin() as connection:
        for table in known.sorted_tables:
            if table.name == "alembic_version":
                continue
            if table.name == "counter":
                connection.execute(table.update().values(value=1000))
                continue
            connection.execute(insert(table), list(_rows(table, by)))


def _rows(table: Table, by: random.Random) -> Iterator[dict[str, Any]]:
    for place in range(1, MANY + 1):
        row = {}
        for column in table.columns:
            is_left_out = column.nullable and (place == 2 or (place > 2 and by.random() < 0.3))
            row[column.name] = None if is_left_out else _value(column.type, place, by)
        yield row


def _value(kind: Any, place: int, by: random.Random) -> Any:
    """Return a value of this kind. Texts and numbers differ from row to row, for they may be keys."""
    if isinstance(kind, Boolean):
        return by.random() < 0.5
    if isinstance(kind, Integer):
        return place * 1000 + by.randrange(1000)
    if isinstance(kind, DateTime):
        return by.choice(MOMENTS) + timedelta(days=place)
    if isinstance(kind, JSON):
        return {"words": by.choice(AWKWARD), "of": [None, True, -1, 0.1, 2**53], "": {"é": []}, "n": place}
    return f"{by.choice(AWKWARD)}{place}"


def rows_of(engine: Engine) -> Rows:
    """Return the rows of each table, however the database orders them, with the zone of each time."""
    known = schema_of(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (
                    {name: _aware(it) for name, it in row.items()}
                    for row in connection.execute(select(table)).mappings()
                ),
                key=repr,
            )
            for table in known.sorted_tables
        }


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
