"""A table of records of one kind: each is read when it is asked for, and written once, at the latest at the end."""

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
    """Records whose fields are the columns of their row."""

    row: type[SQLModel]
    adapter: TypeAdapter[T]
    key: str
    lock = False
    is_read_once = False
    """Whether a session reads each record once: it is locked, or may as well be a moment old."""

    def __init__(self, connection: Connection, writes: Writes) -> None:
        self._connection = connection
        self._writes = writes
        self._table = table(self.row)
        self._known: dict[Any, T] = {}
        self._changed: dict[Any, T] = {}
        """What is not written yet."""

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

    # --- questions ---

    def _by(self, *flags: str, **wanted: Any) -> list[T]:
        """Find by flags that are up, and by what other columns hold; what can't be read here is left out."""
        return self._all(self._find(*wanted, flags=flags), wanted)

    def _one(self, **wanted: Any) -> T | None:
        """Find the only one; what can't be read here raises, lest it is taken for absent."""
        self.flush()
        return next(iter(self._read(self._find(*wanted), wanted)), None)

    def _found(self, *conditions: ColumnElement[bool]) -> list[T]:
        return self._all(select(self._whole).where(*conditions).order_by(*self._table.primary_key))

    def _all(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query that what was just put may answer; what can't be read here is left out."""
        self.flush()
        return self._written(query, wanted)

    def _written(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query on what is written; what can't be read here is left out."""
        return list(readable(self.adapter, self._rows(query, wanted), self._table.name))

    def _read(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query on what is written; what can't be read here raises."""
        return [self.adapter.validate_python(row) for row in self._rows(query, wanted)]

    def _with_changed(self, found: Iterable[T], is_wanted: Callable[[T], bool]) -> list[T]:
        """Return what a query found as it is now, and what was put and is wanted as well: nothing need be written."""
        unchanged = [it for it in found if getattr(it, self.key) not in self._changed]
        return [*unchanged, *filter(is_wanted, self._changed.values())]

    # --- how a record stands in its row ---

    @property
    def _whole(self) -> Any:
        """What is selected to read a record."""
        return self._table

    def _find(self, *columns: str, flags: Sequence[str] = ()) -> Select[Any]:
        del flags
        return find(self._table, *columns, lock=self.lock)

    def _rows(self, query: Select[Any], wanted: Mapping[str, Any] | None) -> Iterable[Any]:
        return map(dict, self._connection.execute(query, wanted).mappings())

    def _row(self, value: T) -> dict[str, Any]:
        return plain(value, self.adapter)


class KeptTable(Table[T]):
    """Records that are kept whole, as JSON, beside the columns they are found by."""

    def _columns(self, value: T) -> dict[str, Any]:
        """Return what a record is found by, its key too."""
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
