"""Remove a person from every column of every table. It looks at what is there, so a new table is looked at too."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, MetaData, Table, and_, bindparam, delete, select, tuple_, update

from bot.adapters.database.connection import reading
from bot.adapters.database.coordination import lock
from bot.adapters.database.session import SqlSession
from bot.domain.audit import DONE, FORGET, SPY, AuditLine, ranges
from bot.domain.identity import PersonIdentity
from bot.services.audit import SECTION

AT_ONCE = 500
"""Rows that one transaction looks at. Those that it changes stay locked until its end."""
PASSES = 3
"""A running bot may write a row again while it is looked at, so all tables are looked at until nothing is found."""
AUDIT = "audit"
COPIES = frozenset({"contact", "on_call_copy", "person"})
"""Tables whose rows are copies of Slack and the pager. A row about the person is deleted."""
Row = dict[str, Any]


@dataclass(kw_only=True)
class Forgotten:
    """What was changed: rows by table, sealed rows of the audit log, and incidents."""

    changed: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    sealed: set[int] = field(default_factory=set)
    incidents: set[int] = field(default_factory=set)
    is_done: bool = False
    """Whether the last look found nothing more."""

    @property
    def rows(self) -> str:
        """The rows of the audit log whose words were changed, in short."""
        return ranges(self.sealed)


def forget(engine: Engine, identity: PersonIdentity, *, now: datetime) -> Forgotten:
    """Remove a person everywhere, some rows at a time."""
    found, tables = Forgotten(), tables_of(engine)
    for _ in range(PASSES):
        before = found.changed.total() + found.deleted.total()
        for table in tables:
            _Forgetting(engine, table, identity, now, found).run()
        found.is_done = before == found.changed.total() + found.deleted.total()
        if found.is_done:
            break
    return found


def tables_of(engine: Engine) -> list[Table]:
    known = MetaData()
    known.reflect(engine)
    return [it for it in known.sorted_tables if list(it.primary_key)]


def overwritten(engine: Engine) -> bool:
    """Write SQLite's file again, because deleted text stays in it. Return False if another process has it open.

    PostgreSQL frees deleted rows by itself, at its next vacuum.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM")
        busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or (1,)
    except engine.dialect.loaded_dbapi.OperationalError:
        return False
    finally:
        raw.close()
    return not busy


@dataclass
class _Forgetting:
    engine: Engine
    table: Table
    identity: PersonIdentity
    now: datetime
    found: Forgotten

    def run(self) -> None:
        for some in self._pages():
            keys = [self._key(row) for row in some if self._without(row) != row]
            if keys:
                with self.engine.begin() as connection:
                    self._change(connection, keys)

    def _pages(self) -> Iterator[list[Row]]:
        """Yield all rows, in the order of their keys. No transaction stays open meanwhile."""
        key, last = list(self.table.primary_key), None
        while True:
            query = select(self.table).order_by(*key).limit(AT_ONCE)
            if last is not None:
                query = query.where(tuple_(*key) > tuple_(*last))
            with reading(self.engine).connect() as connection:
                some = [dict(row) for row in connection.execute(query).mappings()]
            yield some
            if len(some) < AT_ONCE:
                return
            last = self._key(some[-1])

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[it.name] for it in self.table.primary_key)

    def _change(self, connection: Connection, keys: list[tuple[Any, ...]]) -> None:
        """Change these rows. What is changed in the audit log is added to it at once, so that it stays whole."""
        if self.table.name == AUDIT:
            lock(connection, SECTION)
        sealed = [row["seq"] for row in self._changed(connection, keys) if self.table.name == AUDIT]
        if seqs := list(filter(None, sealed)):
            self.found.sealed.update(seqs)
            session = SqlSession(connection)
            rows = ranges(seqs)
            line = AuditLine(at=self.now, source=SPY, command=FORGET, outcome=DONE, result=rows)
            session.audit.append(line)
            session.flush()

    def _changed(self, connection: Connection, keys: list[tuple[Any, ...]]) -> Iterator[Row]:
        """Change or delete these rows. Yield those that are changed, as they were."""
        key = list(self.table.primary_key)
        locked = select(self.table).where(tuple_(*key).in_(keys)).with_for_update()
        mine = and_(*(it == bindparam(f"this_{it.name}") for it in key))
        rows = [dict(row) for row in connection.execute(locked).mappings()]
        for row in rows:
            this = {
                f"this_{name}": it for name, it in zip((it.name for it in key), self._key(row), strict=True)
            }
            new = {name: it for name, it in self._without(row).items() if it != row[name]}
            if not new:
                continue
            if self._is_to_go(row):
                connection.execute(delete(self.table).where(mine), this)
                self.found.deleted[self.table.name] += 1
                continue
            connection.execute(update(self.table).where(mine).values(new), this)
            self._count(row)
            yield row

    def _count(self, row: Row) -> None:
        self.found.changed[self.table.name] += 1
        number = row["number"] if self.table.name == "incident" else row.get("incident")
        if isinstance(number, int):
            self.found.incidents.add(number)

    # --- one row ------------------------------------------------------------------------------------------

    def _without(self, row: Row) -> dict[str, Any]:
        """Return a row without the person. A row of the audit log loses the salt of its words with them."""
        if self._is_of_another(row):
            return row
        new = {name: self._value(name, it) for name, it in row.items()}
        if self.table.name == AUDIT and new != row:
            is_direct = row["person"] == self.identity.person and (row["place"] or "")[:1] == "D"
            new |= {"salt": None, **({"place": None} if is_direct else {})}
        return new

    def _is_of_another(self, row: Row) -> bool:
        """Whether it is the profile or the address of somebody else, who may have the same name."""
        if self.table.name == "person":
            return bool(row["id"] != self.identity.person)
        is_theirs = self.table.name == "contact" and self.identity.person == row["kept"]["person"]
        return self.table.name == "contact" and not is_theirs and row["email"] not in self.identity.addresses

    def _value(self, name: str, value: Any) -> Any:
        if name == "words" and isinstance(value, str):
            return self.identity.removed_from_search(value)
        if isinstance(value, str) and value[:1] in {"{", "["}:
            return self._in_json(value)
        return self.identity.removed(value)

    def _in_json(self, text: str) -> str:
        """Return JSON in a text column without the person."""
        try:
            value = json.loads(text)
        except ValueError:
            return str(self.identity.removed(text))
        new = self.identity.removed(value)
        return text if new == value else to_json(new).decode()

    def _is_to_go(self, row: Row) -> bool:
        """Whether a row is of no use without the person: a copy, a message to them, a reminder, a future shift."""
        tests: Mapping[str, Callable[[Row], bool]] = {
            "timer": lambda row: bool(row["state"] == "waiting"),
            "outbox": lambda row: row["done_at"] is None and self._is_to_person(row["payload"]),
            "shift": lambda row: (
                row["person"] == self.identity.person and _is_after(row["ends_at"], self.now)
            ),
        }
        test = tests.get(self.table.name)
        return self.table.name in COPIES or bool(test and test(row))

    def _is_to_person(self, payload: str) -> bool:
        effect = json.loads(payload)
        return self.identity.person in {effect.get("person"), effect.get("to")}


def _is_after(moment: datetime, now: datetime) -> bool:
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)) > now
