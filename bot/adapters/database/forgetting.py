"""Remove a person from every column of every table. It looks at what is there, so a new table is looked at too.

Which columns and fields hold words is said in `domain.spoken`. A row that could be read before can be read after.
"""

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
from bot.adapters.database.legible import is_legible
from bot.adapters.database.session import SqlSession
from bot.domain.audit import FORGET, PRUNE, SPY, changed, ranges
from bot.domain.identity import Holds, PersonIdentity
from bot.domain.incident.name import bare_name
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.domain.spoken import place_of, removed
from bot.services.audit import SECTION, AuditLog
from bot.services.transaction import Transaction

AT_ONCE = 500
"""Rows that one transaction looks at. Those that it changes stay locked until its end."""
PASSES = 3
"""A running bot may write a row again while it is looked at, so all tables are looked at until nothing is found."""
AUDIT = "audit"
COPIES = frozenset({"api_token", "config_version", "contact", "home", "on_call_copy", "person", "web_key"})
"""Tables whose rows are copies of Slack, the pager and config.yaml, or let somebody in. One about the person goes."""
KEPT_BY_SPY = frozenset({"alembic_version", "audit_mark", "counter", "lease", "pruned"})
"""Tables that hold nothing of people."""
JSON_TEXTS = frozenset({("outbox", "payload"), ("inbound", "answer")})
"""Text columns that hold JSON."""
ENTRIES = frozenset({"timeline", "failover_audit"})
"""Tables whose rows have a kind, which decides what their fields mean."""
AUDIT_WORDS = {"person": Holds.CODES, "place": Holds.CODES, "command": Holds.WORDS, "why": Holds.WORDS}
"""What is changed in a row of the audit log. All else is its facts, which its hash covers."""
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
    """Remove a person everywhere, some rows at a time. Refuse before anything is changed if a row would be spoilt."""
    found, tables = Forgotten(), tables_of(engine)
    for table in tables:
        _Forgetting(engine, table, identity, now, found).rehearse()
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
    return [it for it in known.sorted_tables if list(it.primary_key) and it.name not in KEPT_BY_SPY]


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

    def rehearse(self) -> None:
        """Raise a Refusal if a row could not be read any more. Change nothing."""
        for some in self._pages():
            for row in some:
                self._checked(row)

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
        seqs = [row.get("seq") for row in self._changed(connection, keys)]
        if self.table.name == AUDIT and any(seqs):
            self._record(connection, [seq for seq in seqs if seq])

    def _record(self, connection: Connection, seqs: list[int]) -> None:
        """Add a row to the audit log with the digests of what these rows say now."""
        session = SqlSession(connection)
        lines = session.audit.lines(seqs)
        AuditLog(Transaction(session=session, now=self.now, policy=Policy())).add_upkeep(
            FORGET, changed(lines)
        )
        session.flush()
        self.found.sealed.update(seqs)

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
            new = {name: it for name, it in self._checked(row).items() if it != row[name]}
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

    def _checked(self, row: Row) -> Row:
        """Return a row without the person. Refuse if it could be read before, and can't be read then."""
        new = self._without(row)
        if new != row and not self._is_to_go(row):
            name = self.table.name
            if is_legible(name, row) and not is_legible(name, new):
                which = ", ".join(map(str, self._key(row)))
                raise Refusal(
                    f"Spy could not read row {which} of {name} any more without {self.identity.person}. "
                    "This row and those looked at with it are unchanged. Please report this as a bug of Spy."
                )
        return new

    def _without(self, row: Row) -> Row:
        """Return a row without the person."""
        if self._is_of_another(row):
            return row
        if self.table.name == AUDIT:
            return self._audit_without(row)
        return {name: self._value(row, name, it) for name, it in row.items()}

    def _audit_without(self, row: Row) -> Row:
        """Return a row of the audit log without the person. It loses the salt of its words with them."""
        if row["source"] == SPY and row["command"] in {FORGET, PRUNE}:
            return row
        holds = {**AUDIT_WORDS, "result": Holds.WORDS if row["source"] == SPY else Holds.UNKNOWN}
        words = {name: self.identity.removed(row[name], it) for name, it in holds.items() if row[name]}
        new = row | words
        if new == row:
            return row
        is_direct = row["person"] == self.identity.person and (row["place"] or "")[:1] == "D"
        return new | {"salt": None, **({"place": None} if is_direct else {})}

    def _is_of_another(self, row: Row) -> bool:
        """Whether it is the profile or the address of somebody else, who may have the same name."""
        if self.table.name == "person":
            return bool(row["id"] != self.identity.person)
        is_theirs = self.table.name == "contact" and self.identity.person == row["kept"]["person"]
        return self.table.name == "contact" and not is_theirs and row["email"] not in self.identity.addresses

    def _value(self, row: Row, name: str, value: Any) -> Any:
        table = self.table.name
        if (table, name) == ("incident", "words"):
            return self.identity.removed_from_search(value)
        if (table, name) == ("incident", "bare_name"):
            return bare_name(self._value(row, "name", row["name"]))
        place = place_of(table, row["kind"] if table in ENTRIES else "")
        if (table, name) in JSON_TEXTS and value:
            return self._in_json(value, name, place)
        return removed(value, self.identity, field=name, place=place)

    def _in_json(self, text: str, name: str, place: str) -> str:
        """Return JSON in a text column without the person."""
        value = json.loads(text)
        new = removed(value, self.identity, field=name, place=place)
        return text if new == value else to_json(new).decode()

    def _is_to_go(self, row: Row) -> bool:
        """Whether a row is of no use without the person: a copy, a message to them, a reminder, a future shift."""
        tests: Mapping[str, Callable[[Row], bool]] = {
            "following": lambda row: self._is_of_person(row["kept"]),
            "timer": lambda row: bool(row["state"] == "waiting"),
            "outbox": lambda row: row["done_at"] is None and self._is_to_person(row["payload"]),
            "shift": lambda row: (
                row["person"] == self.identity.person and _is_after(row["ends_at"], self.now)
            ),
        }
        test = tests.get(self.table.name)
        return self.table.name in COPIES or bool(test and test(row))

    def _is_of_person(self, following: Row) -> bool:
        """Whether the person follows, themselves or by mail."""
        addresses = {it.casefold() for it in self.identity.addresses}
        address = (following.get("address") or "").casefold()
        return following.get("person") == self.identity.person or address in addresses

    def _is_to_person(self, payload: str) -> bool:
        effect = json.loads(payload)
        them = {self.identity.person, *self.identity.channels}
        return not them.isdisjoint({effect.get("person"), str(effect.get("to"))})


def _is_after(moment: datetime, now: datetime) -> bool:
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)) > now
