"""A table of records of one type. Each is stored whole as JSON, beside columns to find it by.

A record is read when needed, and written once, at the session's end at the latest.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, TextClause, select

from bot.adapters.database.adapter import Adapter
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.rows import Rows, readable
from bot.adapters.database.statements import find_kept, upsert
from bot.adapters.database.writes import Writes

T = TypeVar("T")


def plain(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns as the database takes them: the value of each enum."""
    return {name: it.value if isinstance(it, Enum) else it for name, it in columns.items()}


def _names(record: Any) -> frozenset[str]:
    kind: Any = type(record)
    return _fields_of(kind)


@cache
def _fields_of(kind: Any) -> frozenset[str]:
    return frozenset(it.name for it in fields(kind))


class Table(Rows, Generic[T]):
    """The records of a type, as a session reads and writes them."""

    adapter: Adapter[T]
    key = "number"
    fields: Sequence[str] = ()
    """The fields of the record that are columns too."""
    lock = False
    is_read_once = False
    """Whether a session reads each record only once: because it is locked, or because it may be slightly old."""

    def __init__(self, connection: Connection, writes: Writes) -> None:
        super().__init__(connection, writes)
        self._known: dict[Any, T] = {}
        self._changed: dict[Any, T] = {}
        """Records that are not written yet."""
        self._foreign: dict[Any, dict[str, Any]] = {}
        """What a newer Spy stored with a record and this one does not know, by key. It is written back as it was."""

    def _columns(self, value: T) -> dict[str, Any]:
        """Return the columns to search by, besides the key."""
        return {name: getattr(value, name) for name in self.fields}

    def get(self, key: Any) -> T | None:
        return self._get(key, lock=self.lock)

    def _get(self, key: Any, *, lock: bool) -> T | None:
        if key in self._known:
            return self._known[key]
        query = find_kept(self._table, (self.key,), lock=lock)
        found = next(iter(self._read(query, {self.key: key})), None)
        if found and self.is_read_once and lock == self.lock:
            self._known[key] = found
        return found

    def put(self, value: T) -> None:
        key = getattr(value, self.key)
        self._known[key] = self._changed[key] = value

    def reserve(self) -> int:
        return self._writes.reserve(self._table)

    def flush(self) -> None:
        if not self._changed:
            return
        rows = [
            {self.key: key, **plain(self._columns(it)), "kept": self._kept(key, it)}
            for key, it in self._changed.items()
        ]
        upsert(self._dialect, self._table, self.key, *rows[0]).run(self._connection, *rows)
        self._changed.clear()

    def _kept(self, key: Any, value: T) -> dict[str, Any]:
        kept: dict[str, Any] = self.adapter.dump_python(value, mode="json")
        return self._foreign[key] | kept if key in self._foreign else kept

    def _parsed(self, kept: dict[str, Any]) -> T:
        """Read a record, and remember what of it belongs to a newer Spy."""
        value = self.adapter.validate_python(kept)
        if foreign := kept.keys() - _names(value) - {self.key}:
            self._foreign[kept[self.key]] = {name: kept[name] for name in foreign}
        return value

    # --- queries ---

    def _by(self, *flags: str, **wanted: Any) -> list[T]:
        """Return the records with these flags true and these values, by key. Rows that can't be read are left out."""
        found = find_kept(self._table, tuple(wanted), flags).values(self._connection, wanted)
        return self._merged(readable(self._parsed, found, self._table.name), flags, wanted)

    def _one(self, *flags: str, **wanted: Any) -> T | None:
        """Return the one record with these values, or None. Raise if it can't be read: it is not missing."""
        query = find_kept(self._table, tuple(wanted), flags, lock=self.lock)
        return next(iter(self._merged(self._read(query, wanted), flags, wanted)), None)

    def _merged(self, found: Iterable[T], flags: Sequence[str], wanted: dict[str, Any]) -> list[T]:
        """Apply unwritten changes to a query's result, so that they need not be written first."""
        wanted = dict.fromkeys(flags, True) | wanted
        return sorted(
            self._with_changed(found, lambda it: wanted.items() <= self._columns(it).items()),
            key=attrgetter(self.key),
        )

    def _with_changed(self, found: Iterable[T], is_wanted: Callable[[T], bool]) -> list[T]:
        if not self._changed:
            return list(found)
        unchanged = [it for it in found if getattr(it, self.key) not in self._changed]
        return [*unchanged, *filter(is_wanted, self._changed.values())]

    def _where(
        self,
        *conditions: ColumnElement[bool] | TextClause,
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[T]:
        """Return the records that meet conditions, by key or in an order. Rows that can't be read are left out."""
        query = select(self._table.c.kept).where(*conditions)
        return self._all(query.order_by(*(order or self._table.primary_key)).limit(limit))

    def _all(self, query: Select[Any]) -> list[T]:
        """Run a query after writing all changes. Rows that can't be read are left out."""
        self.flush()
        return self._found(query)

    def _found(self, query: Select[Any]) -> list[T]:
        return list(readable(self._parsed, self._connection.execute(query).scalars(), self._table.name))

    def _read(self, query: Prepared, wanted: dict[str, Any]) -> list[T]:
        """Run a query without writing changes first. Raise if a row can't be read."""
        return [self._parsed(it) for it in query.values(self._connection, wanted)]
