"""SQL statements that are built once and cached: SQLAlchemy takes longer to build one than the database to run it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Select,
    String,
    Table,
    Update,
    and_,
    bindparam,
    cast,
    or_,
    select,
    update,
)
from sqlalchemy import Sequence as NumberSequence
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from bot.adapters.database.columns import is_set


@cache
def table(row: type[SQLModel]) -> Table:
    """Return the SQLAlchemy table of a row class."""
    found = row.metadata.tables[str(row.__tablename__)]
    assert isinstance(found, Table)  # noqa: S101  SQLModel made it
    return found


def insert(dialect: str, into: Table) -> Any:
    """Return an insert with support for ON CONFLICT."""
    return sqlite.insert(into) if dialect == "sqlite" else postgresql.insert(into)


@cache
def upsert(dialect: str, into: Table, key: str, *columns: str) -> Insert:
    """Insert a row, or overwrite these columns (by default all) of the row with the same key."""
    row = insert(dialect, into)
    new = {name: row.excluded[name] for name in columns or into.c.keys() if name != key}
    overwriting: Insert = row.on_conflict_do_update(index_elements=[key], set_=new)
    return overwriting


@cache
def add_once(dialect: str, into: Table, *returned: str) -> Insert:
    """Insert a row unless its key exists. The statement returns these columns of new rows."""
    new: Insert = insert(dialect, into).on_conflict_do_nothing()
    return new.returning(*(into.c[name] for name in returned)) if returned else new


@cache
def add(into: Table) -> Insert:
    return into.insert()


@cache
def find(among: Table, *columns: str) -> Select[Any]:
    """Find rows by the values of these columns, given as parameters of the same names."""
    return select(among).where(*(among.c[name] == bindparam(name) for name in columns))


@cache
def find_kept(
    among: Table, columns: Sequence[str], flags: Sequence[str] = (), *, lock: bool = False
) -> Select[Any]:
    """Find the JSON of records by the values of columns, given as parameters of the same names, and by true flags.

    A flag is part of the statement, not a parameter, so that its partial index is used. `lock` locks the rows.
    """
    up = map(is_set, flags)
    found = select(among.c.kept).where(*up, *(among.c[name] == bindparam(name) for name in columns))
    found = found.order_by(*among.primary_key)
    return found.with_for_update() if lock else found


@cache
def find_private(incidents: Table) -> Select[Any]:
    """Find a private incident of a `channel`, or one that `person`, in quotes, may see: open, or over after `since`."""
    c = incidents.c
    theirs = cast(c.seen_by, String).contains(bindparam("person"))
    concerned = or_(
        c.channel == bindparam("channel"),
        and_(c.resolved_at.is_(None), theirs),
        and_(c.resolved_at > bindparam("since"), theirs),
    )
    return select(c.number).where(is_set("private"), concerned).limit(1)


@cache
def find_recent(periods: Table) -> Select[Any]:
    """Find the work periods of a `person` that are open or ended after `since`."""
    c = periods.c
    theirs = c.person == bindparam("person")
    return select(c.kept).where(
        or_(and_(theirs, c.ended_at.is_(None)), and_(theirs, c.ended_at > bindparam("since")))
    )


@cache
def find_due(timers: Table) -> Select[Any]:
    """Find the subjects of timers due at `now`, the earliest first, `most` of them."""
    c = timers.c
    due = select(c.subject).where(c.state == "waiting", c.due_at <= bindparam("now"))
    return due.order_by(c.due_at).limit(bindparam("most"))


@cache
def change(among: Table, key: str) -> Update:
    """Update the given columns of the row with the key `this`."""
    return update(among).where(among.c[key] == bindparam("this"))


def reserve(connection: Connection, of: Table) -> int:
    """Take the next number of a table's rows from its sequence; for PostgreSQL. Nobody waits, but gaps may remain."""
    return int(connection.execute(_next_number(of)).scalar_one())


@cache
def _next_number(of: Table) -> Select[Any]:
    return select(NumberSequence(f"{of.name}_number_seq").next_value())
