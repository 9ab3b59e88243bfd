"""Kinds of columns and indexes of the tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    TextClause,
    TypeDecorator,
    and_,
    text,
)
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite stores no time zone, so it is added again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment_column(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def json_column() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


def is_set(flag: str) -> TextClause:
    """Return the condition that a flag is set, in the words of its partial index: SQLite compares the words."""
    return text(flag)


def prefix_index(name: str, column: str) -> Index:
    """Return an index that finds texts by their beginning. PostgreSQL needs a special one, unless its locale is C.

    The migrations make that one: see `partial_index`.
    """
    return Index(name, column)


def begins(column: ColumnElement[str], words: str, dialect: str) -> ColumnElement[bool]:
    """Return the condition that a text begins with these words, so that an index of the column is used."""
    if dialect == "sqlite":
        return and_(column >= words, column < words + chr(0x10FFFF))
    return column.startswith(words, autoescape=True)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return a partial index over the rows that meet a condition, so that finished rows cost nothing.

    The migrations make it on both databases. PostgreSQL is not named here: its dialect would be loaded for SQLite too.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where))
