"""Tables of shifts, cover requests and e-mail addresses: each record as JSON, with columns to search by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.adapters.database import tables
from bot.adapters.database.table import KeptTable
from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.shift import Shift
from bot.domain.subject import Subject
from bot.ports import Contact


class ShiftTable(KeptTable[Shift]):
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


class CoverTable(KeptTable[CoverRequest]):
    row, adapter, key = tables.CoverRow, TypeAdapter(CoverRequest), "number"

    def _columns(self, value: CoverRequest) -> dict[str, Any]:
        return {"number": value.number, "open": value.is_open}

    def open(self) -> Sequence[CoverRequest]:
        return sorted(self._by("open"), key=lambda it: (it.start, it.number))


class ContactTable(KeptTable[Contact]):
    row, adapter, key = tables.ContactRow, TypeAdapter(Contact), "email"

    def _columns(self, value: Contact) -> dict[str, Any]:
        return {"email": value.email}
