"""Shifts, requests for cover and e-mail addresses in SQL: kept whole, beside the columns they are found by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, select, update
from sqlmodel import SQLModel

from bot.adapters.database import tables
from bot.adapters.database.statements import insert, table
from bot.domain.cover import CoverRequest
from bot.domain.shift import Shift
from bot.ports import Contact

T = TypeVar("T")


class Kept(Generic[T]):
    """Values of one kind, written at once: they are few, and each is asked for in several ways."""

    row: type[SQLModel]
    adapter: TypeAdapter[T]
    key: str

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = table(self.row)

    def get(self, key: Any) -> T | None:
        return next(iter(self._found(self._table.c[self.key] == key)), None)

    def put(self, value: T) -> None:
        row = {**self._columns(value), "kept": self.adapter.dump_python(value, mode="json")}
        statement = insert(self._connection, self._table)
        new = {name: statement.excluded[name] for name in row if name != self.key}
        self._connection.execute(statement.on_conflict_do_update(index_elements=[self.key], set_=new), [row])

    def _columns(self, value: T) -> dict[str, Any]:
        """Give what it is found by."""
        raise NotImplementedError

    def _found(self, *conditions: ColumnElement[bool]) -> list[T]:
        query = select(self._table.c.kept).where(*conditions).order_by(*self._table.primary_key)
        return [self.adapter.validate_python(kept) for kept in self._connection.execute(query).scalars()]

    def reserve(self) -> int:
        counter = table(tables.CounterRow)
        mine = update(counter).where(counter.c.name == self._table.name)
        taken = mine.values(value=counter.c.value + 1).returning(counter.c.value)
        return int(self._connection.execute(taken).scalar_one())


class Shifts(Kept[Shift]):
    row, adapter, key = tables.ShiftRow, TypeAdapter(Shift), "number"

    def _columns(self, value: Shift) -> dict[str, Any]:
        return {
            "number": value.number,
            "subject": value.subject,
            "schedule": value.turn.schedule,
            "person": value.person,
            "starts_at": value.start,
            "ends_at": value.end,
            "gone": value.gone_at is not None,
        }

    def of(self, subject: str) -> Shift | None:
        return next(iter(self._found(self._table.c.subject == subject)), None)

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
        return sorted(self._found(self._table.c.open.is_(True)), key=lambda it: (it.start, it.number))


class Contacts(Kept[Contact]):
    row, adapter, key = tables.ContactRow, TypeAdapter(Contact), "email"

    def _columns(self, value: Contact) -> dict[str, Any]:
        return {"email": value.email}
