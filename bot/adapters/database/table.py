"""A table of records of one type. Each is read when needed, and written once, at the session's end at the latest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Select, select
from sqlmodel import SQLModel

from bot.adapters.database.rows import readable
from bot.adapters.database.statements import find, find_kept, table, upsert
from bot.adapters.database.writes import Writes

T = TypeVar("T")


def plain(value: Any, adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Return a domain value as the columns of its row."""
    columns: dict[str, Any] = adapter.dump_python(value)
    return {name: it.value if isinstance(it, Enum) else it for name, it in columns.items()}


class Table(Generic[T]):
    """Records whose fields are the columns of the table."""

    row: type[SQLModel]
    adapter: TypeAdapter[T]
    key: str
    lock = False
    is_read_once = False
    """Whether a session reads each record only once: because it is locked, or because it may be slightly old."""

    def __init__(self, connection: Connection, writes: Writes) -> None:
        self._connection = connection
        self._writes = writes
        self._table = table(self.row)
        self._known: dict[Any, T] = {}
        self._changed: dict[Any, T] = {}
        """Records that are not written yet."""

    def get(self, key: Any) -> T | None:
        if key in self._known:
            return self._known[key]
        found = next(iter(self._read(self._find(self.key), {self.key: key})), None)
        if found and self.is_read_once:
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
        rows = [self._row(value) for value in self._changed.values()]
        self._connection.execute(upsert(self._connection, self._table, self.key, *rows[0]), rows)
        self._changed.clear()

    # --- queries ---

    def _by(self, *flags: str, **wanted: Any) -> list[T]:
        """Return the records with these flags true and these values. Rows that can't be read are left out."""
        return self._all(self._find(*wanted, flags=flags), wanted)

    def _one(self, **wanted: Any) -> T | None:
        """Return the one record with these values, or None. Raise if it can't be read: it is not missing."""
        self.flush()
        return next(iter(self._read(self._find(*wanted), wanted)), None)

    def _found(self, *conditions: ColumnElement[bool]) -> list[T]:
        return self._all(select(self._whole).where(*conditions).order_by(*self._table.primary_key))

    def _all(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query after writing all changes. Rows that can't be read are left out."""
        self.flush()
        return self._written(query, wanted)

    def _written(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query without writing changes first. Rows that can't be read are left out."""
        return list(readable(self.adapter, self._rows(query, wanted), self._table.name))

    def _read(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query without writing changes first. Raise if a row can't be read."""
        return [self.adapter.validate_python(row) for row in self._rows(query, wanted)]

    def _with_changed(self, found: Iterable[T], is_wanted: Callable[[T], bool]) -> list[T]:
        """Return a query's result with unwritten changes applied, so that they need not be written first."""
        unchanged = [it for it in found if getattr(it, self.key) not in self._changed]
        return [*unchanged, *filter(is_wanted, self._changed.values())]

    # --- records and rows ---

    @property
    def _whole(self) -> Any:
        """What a query selects to read a record."""
        return self._table

    def _find(self, *columns: str, flags: Sequence[str] = ()) -> Select[Any]:
        del flags
        return find(self._table, *columns, lock=self.lock)

    def _rows(self, query: Select[Any], wanted: Mapping[str, Any] | None) -> Iterable[Any]:
        return map(dict, self._connection.execute(query, wanted).mappings())

    def _row(self, value: T) -> dict[str, Any]:
        return plain(value, self.adapter)


class KeptTable(Table[T]):
    """Records stored as JSON, with columns to search by."""

    def _columns(self, value: T) -> dict[str, Any]:
        """Return the columns to search by, with the key."""
        raise NotImplementedError

    @property
    def _whole(self) -> Any:
        return self._table.c.kept

    def _find(self, *columns: str, flags: Sequence[str] = ()) -> Select[Any]:
        return find_kept(self._table, tuple(flags), columns)

    def _rows(self, query: Select[Any], wanted: Mapping[str, Any] | None) -> Iterable[Any]:
        return self._connection.execute(query, wanted).scalars()

    def _row(self, value: T) -> dict[str, Any]:
        return {**self._columns(value), "kept": self.adapter.dump_python(value, mode="json")}
