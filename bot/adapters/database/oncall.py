"""Shifts, requests for cover and e-mail addresses in SQL: kept whole, beside the columns they are found by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Select, select
from sqlmodel import SQLModel

from bot.adapters.database import tables
from bot.adapters.database.rows import readable
from bot.adapters.database.statements import find_kept, table, upsert
from bot.adapters.database.writes import Writes
from bot.domain.cover import CoverRequest
from bot.domain.shift import Shift
from bot.domain.subject import Subject
from bot.ports import Contact

T = TypeVar("T")


class Kept(Generic[T]):
    """Values of one kind, kept whole: they are few, and each is asked for in several ways."""

    row: type[SQLModel]
    adapter: TypeAdapter[T]
    key: str

    def __init__(self, connection: Connection, writes: Writes) -> None:
        self._connection = connection
        self._writes = writes
        self._table = table(self.row)
        self._put: dict[Any, T] = {}
        """What is not written yet."""

    def get(self, key: Any) -> T | None:
        if key in self._put:
            return self._put[key]
        return next(iter(self._fetched(find_kept(self._table, (), (self.key,)), {self.key: key})), None)

    def put(self, value: T) -> None:
        row = {**self._columns(value), "kept": self.adapter.dump_python(value, mode="json")}
        self._writes.add(upsert(self._connection, self._table, self.key, *row), row)
        self._put[row[self.key]] = value

    def _columns(self, value: T) -> dict[str, Any]:
        """Give what it is found by."""
        raise NotImplementedError

    def _by(self, *flags: str, **wanted: Any) -> list[T]:
        """Find by flags that are up, and by what other columns hold."""
        return self._read(find_kept(self._table, flags, tuple(wanted)), wanted)

    def _found(self, *conditions: ColumnElement[bool]) -> list[T]:
        return self._read(select(self._table.c.kept).where(*conditions).order_by(*self._table.primary_key))

    def _read(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        """Run a query that what was just put may answer; what can't be read here is left out."""
        self._write()
        found = self._connection.execute(query, wanted).scalars()
        return list(readable(self.adapter, found, self._table.name))

    def _with_put(self, found: Iterable[T], is_wanted: Callable[[T], bool]) -> list[T]:
        """Return what a query found as it is now, and what was put and is wanted as well: nothing need be written."""
        unchanged = [it for it in found if getattr(it, self.key) not in self._put]
        return [*unchanged, *filter(is_wanted, self._put.values())]

    def _write(self) -> None:
        if self._put:
            self._writes.flush()
            self._put.clear()

    def _fetched(self, query: Select[Any], wanted: Mapping[str, Any] | None = None) -> list[T]:
        found = self._connection.execute(query, wanted).scalars()
        return [self.adapter.validate_python(kept) for kept in found]

    def reserve(self) -> int:
        return self._writes.reserve(self._table)


class Shifts(Kept[Shift]):
    row, adapter, key = tables.ShiftRow, TypeAdapter(Shift), "number"

    def _columns(self, value: Shift) -> dict[str, Any]:
        return {
            "number": value.number,
            "subject": str(value.subject),
            "schedule": value.turn.schedule,
            "person": value.person,
            "starts_at": value.start,
            "ends_at": value.end,
            "gone": value.gone_at is not None,
        }

    def of(self, subject: Subject) -> Shift | None:
        return next(iter(self._by(subject=str(subject))), None)

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        c = self._table.c
        return _in_order(self._found(c.schedule == schedule, c.starts_at < until, c.ends_at > since))

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        c = self._table.c
        return _in_order(self._found(c.person == person, c.ends_at > since, c.gone.is_(False)))

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        c = self._table.c
        return _in_order(self._found(c.starts_at < until, c.ends_at > since, c.gone.is_(False)))


def _in_order(shifts: Sequence[Shift]) -> Sequence[Shift]:
    return sorted(shifts, key=lambda shift: (shift.start, shift.number))


class Covers(Kept[CoverRequest]):
    row, adapter, key = tables.CoverRow, TypeAdapter(CoverRequest), "number"

    def _columns(self, value: CoverRequest) -> dict[str, Any]:
        return {"number": value.number, "open": value.is_open}

    def open(self) -> Sequence[CoverRequest]:
        return sorted(self._by("open"), key=lambda it: (it.start, it.number))


class Contacts(Kept[Contact]):
    row, adapter, key = tables.ContactRow, TypeAdapter(Contact), "email"

    def _columns(self, value: Contact) -> dict[str, Any]:
        return {"email": value.email}
