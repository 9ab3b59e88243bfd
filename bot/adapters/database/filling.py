"""Fill columns that an older Spy left empty beside this one: it stored only the record, which has the value."""

from datetime import datetime

from sqlalchemy import Connection, Integer, select, update

from bot.adapters.database import tables
from bot.adapters.database.statements import table

LEFT_EMPTY = (
    (tables.IncidentRow, "declared_at", "declared_at"),
    (tables.TeamNoticeRow, "incident", "incident"),
    (tables.CoverRow, "ends_at", "end"),
)
"""Columns that came later than their table, each with the field of the record that it repeats."""


def fill_in(connection: Connection, *, limit: int) -> int:
    """Fill some rows of each table. Return how many."""
    return sum(_filled(connection, *it, limit=limit) for it in LEFT_EMPTY)


def _filled(connection: Connection, row: type[tables.Row], column: str, field: str, *, limit: int) -> int:
    rows = table(row)
    [key] = rows.primary_key
    value = rows.c.kept[field].as_string()
    left = select(key, value.label("value")).where(rows.c[column].is_(None), value.is_not(None)).limit(limit)
    found = connection.execute(left).all()
    for number, text in found:
        is_number = isinstance(rows.c[column].type, Integer)
        filled = {column: int(text) if is_number else datetime.fromisoformat(text)}
        connection.execute(update(rows).where(key == number).values(filled))
    return len(found)
