"""The hot statements: those of every request, built once and prepared.

SQLAlchemy takes longer to build and run one of them than the database does. Queries that run seldom stand in the
table's own module.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy import Sequence as NumberSequence
from sqlmodel import SQLModel

from bot.adapters.database.columns import UtcDateTime, is_set
from bot.adapters.database.prepared import Prepared
from bot.domain.incident.state import WORKING


@cache
def table(row: type[SQLModel]) -> Table:
    """Return the SQLAlchemy table of a row class."""
    found = row.metadata.tables[str(row.__tablename__)]
    assert isinstance(found, Table)  # noqa: S101  SQLModel made it
    return found


def insert(dialect: str, into: Table) -> Any:
    """Return an insert with support for ON CONFLICT. Only this database's dialect is loaded."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(into)


@cache
def upsert(dialect: str, into: Table, key: str, *columns: str) -> Prepared:
    """Insert a row, or overwrite these columns (by default all) of the row with the same key."""
    row = insert(dialect, into)
    new = {name: row.excluded[name] for name in columns or into.c.keys() if name != key}
    return Prepared(row.on_conflict_do_update(index_elements=[key], set_=new))


@cache
def add_once(dialect: str, into: Table) -> Prepared:
    """Insert a row unless its key exists."""
    return Prepared(insert(dialect, into).on_conflict_do_nothing().inline())


@cache
def add(into: Table) -> Prepared:
    return Prepared(into.insert().inline())


@cache
def find(among: Table, *columns: str) -> Prepared:
    """Find rows by the values of these columns, given as parameters of the same names."""
    return Prepared(select(among).where(*(among.c[name] == bindparam(name) for name in columns)))


@cache
def find_kept(
    among: Table, columns: Sequence[str], flags: Sequence[str] = (), *, lock: bool = False
) -> Prepared:
    """Find the JSON of records by the values of columns, given as parameters of the same names, and by true flags.

    A flag is part of the statement, not a parameter, so that its partial index is used. `lock` locks the rows.
    """
    up = map(is_set, flags)
    found = select(among.c.kept).where(*up, *(among.c[name] == bindparam(name) for name in columns))
    found = found.order_by(*among.primary_key)
    return Prepared(found.with_for_update() if lock else found)


@cache
def find_private(incidents: Table) -> Prepared:
    """Find a private incident of a `channel`, or one that `person`, in quotes, may see: open, or over after `since`."""
    c = incidents.c
    theirs = cast(c.seen_by, String).contains(bindparam("person"))
    private = select(c.number).where(is_set("private"))
    found = union_all(
        private.where(c.channel == bindparam("channel")),
        private.where(c.resolved_at.is_(None), theirs),
        private.where(c.resolved_at > bindparam("since"), theirs),
    )
    return Prepared(found.limit(literal(1)))


@cache
def find_open_named(incidents: Table, names: int) -> Prepared:
    """Find the open incidents with one of so many bare names: `name_0`, `name_1`, …"""
    c = incidents.c
    wanted = c.bare_name.in_([bindparam(f"name_{at}", type_=String) for at in range(names)])
    return Prepared(select(c.kept).where(wanted, _is_open(incidents)).order_by(c.number))


@cache
def find_free(incidents: Table) -> Prepared:
    """Find the incident `number` and lock it, unless another transaction has it."""
    mine = select(incidents.c.kept).where(incidents.c.number == bindparam("number"))
    return Prepared(mine.with_for_update(skip_locked=True))


@cache
def count_opened(incidents: Table) -> Prepared:
    """Count the incidents that a `person` opened after `since`."""
    c = incidents.c
    theirs = (c.declared_by == bindparam("person"), c.opened_at > bindparam("since"))
    return Prepared(select(func.count().label("opened")).where(*theirs))


def _is_open(incidents: Table) -> ColumnElement[bool]:
    return incidents.c.phase.in_([literal(phase.value) for phase in WORKING])


@cache
def mark_line(timeline: Table) -> Prepared:
    """Set the given columns of the entry `line` `of` an incident."""
    c = timeline.c
    return Prepared(update(timeline).where(c.incident == bindparam("of"), c.seq == bindparam("line")))


@cache
def find_recent(periods: Table) -> Prepared:
    """Find the work periods of a `person` that are open or ended after `since`."""
    c = periods.c
    theirs = c.person == bindparam("person")
    recent = or_(and_(theirs, c.ended_at.is_(None)), and_(theirs, c.ended_at > bindparam("since")))
    return Prepared(select(c.kept).where(recent))


@cache
def take_free(dialect: str, leases: Table) -> Prepared:
    """Give an `owner` the lease of a `job`, unless another one has it at `now`. Find it if it was given."""
    row, now = insert(dialect, leases), bindparam("now", type_=leases.c.until.type)
    free = or_(leases.c.owner == row.excluded.owner, leases.c.until < now)
    new = {"owner": row.excluded.owner, "until": row.excluded.until}
    taken = row.on_conflict_do_update(index_elements=["job"], set_=new, where=free)
    return Prepared(taken.returning(leases.c.job))


@cache
def find_unsealed(lines: Table) -> Prepared:
    """Find the first lines of the audit log that are not in its chain yet, `most` of them."""
    waiting = select(lines).where(lines.c.seq.is_(None)).order_by(lines.c.id)
    return Prepared(waiting.limit(bindparam("most", type_=Integer)))


@lru_cache(maxsize=64)
def find_entries(entries: Sequence[Column[Any]], kinds: int) -> Prepared:
    """Find the entries `of` an incident that have one of so many kinds: `kind_0`, `kind_1`, …"""
    timeline = entries[0].table.c
    wanted = timeline.kind.in_([bindparam(f"kind_{at}", type_=String) for at in range(kinds)])
    return Prepared(
        select(*entries).where(timeline.incident == bindparam("of"), wanted).order_by(timeline.seq)
    )


@cache
def change(among: Table, key: str) -> Prepared:
    """Update the given columns of the row with the key `this`."""
    return Prepared(update(among).where(among.c[key] == bindparam("this")))


def reserve(connection: Connection, of: Table) -> int:
    """Take the next number of a table's rows from its sequence; for PostgreSQL. Nobody waits, but gaps may remain."""
    return int(_next_number(of).value(connection, {}))


@cache
def _next_number(of: Table) -> Prepared:
    return Prepared(select(NumberSequence(f"{of.name}_number_seq").next_value().label("number")))


# --- timers: SQLite takes a list as JSON, PostgreSQL as an array, so that a statement never changes ------------------


@cache
def find_due(timers: Table) -> Prepared:
    """Find the subjects of timers due at `now`, the earliest first, `most` of them."""
    c = timers.c
    due = select(c.subject).where(text("state = 'waiting'"), c.due_at <= bindparam("now"))
    return Prepared(due.order_by(c.due_at).limit(bindparam("most", type_=Integer)))


@cache
def lock_free() -> Prepared:
    """Lock those of `some` subjects whose PostgreSQL lock is free, and return them."""
    free = text(
        "SELECT subject FROM unnest(CAST(:some AS text[])) WITH ORDINALITY AS asked(subject, place)"
        " WHERE pg_try_advisory_xact_lock(hashtext(subject)) ORDER BY place"
    )
    return Prepared(free.columns(subject=String))


@cache
def set_waiting(dialect: str, timers: Table) -> Prepared:
    """Insert timers, or change the due time of waiting ones with the same keys. PostgreSQL takes lists."""
    if dialect == "sqlite":
        row = insert(dialect, timers)
        is_moved = and_(timers.c.state == "waiting", timers.c.due_at != row.excluded.due_at)
        new = {"due_at": row.excluded.due_at}
        return Prepared(row.on_conflict_do_update(index_elements=["key"], set_=new, where=is_moved))
    return Prepared(
        text(
            "INSERT INTO timer (key, subject, reminder, occurrence, due_at, state)"
            " SELECT * FROM unnest(CAST(:key AS text[]), CAST(:subject AS text[]), CAST(:reminder AS text[]),"
            " CAST(:occurrence AS text[]), CAST(:due_at AS timestamptz[]), CAST(:state AS text[]))"
            " ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at"
            " WHERE timer.state = 'waiting' AND timer.due_at <> excluded.due_at"
        )
    )


@cache
def drop_waiting(dialect: str) -> Prepared:
    """Delete the waiting timers of `subjects`, except those with the keys `kept`."""
    among = (
        "subject IN (SELECT value FROM json_each(:subjects)) AND key NOT IN (SELECT value FROM json_each(:kept))"
        if dialect == "sqlite"
        else "subject = ANY(CAST(:subjects AS text[])) AND key <> ALL(CAST(:kept AS text[]))"
    )
    return Prepared(text(f"DELETE FROM timer WHERE state = 'waiting' AND {among}"))  # noqa: S608  two texts of ours


@cache
def mark_sent(dialect: str) -> Prepared:
    """Mark the timers with these `keys` as sent `at` a time."""
    among = (
        "key IN (SELECT value FROM json_each(:keys))"
        if dialect == "sqlite"
        else "key = ANY(CAST(:keys AS text[]))"
    )
    sent = text(f"UPDATE timer SET state = 'sent', sent_at = :at WHERE {among}")  # noqa: S608  as above
    return Prepared(sent.bindparams(bindparam("at", type_=UtcDateTime())))


# --- locks of PostgreSQL ------------------------------------------------------------------------------------------

LOCK = Prepared(
    text("SELECT pg_advisory_xact_lock(hashtext(section)) FROM unnest(CAST(:sections AS text[])) section")
)
"""Takes advisory locks in the order of the list `sections`. They end with the transaction."""
TRY_LOCK = Prepared(
    select(func.pg_try_advisory_xact_lock(func.hashtext(bindparam("section", type_=String))).label("taken"))
)
