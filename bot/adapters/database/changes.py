"""Tables of changes and deploy locks: each record as JSON, with columns to search by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select

from bot.adapters.database import tables
from bot.adapters.database.table import KeptTable
from bot.domain.changes.change import Change, ChangeWindow
from bot.domain.changes.lock import Lock


class ChangeTable(KeptTable[Change]):
    row, adapter, key = tables.ChangeRow, TypeAdapter(Change), "number"

    def _columns(self, value: Change) -> dict[str, Any]:
        return {
            "number": value.number,
            "key": value.key,
            "service": value.service,
            "happened_at": value.happened_at,
            "as_of": value.as_of,
            "heard_at": value.heard_at,
        }

    def by_key(self, key: str) -> Change | None:
        return next(iter(self._by(key=key)), None)

    def within(self, window: ChangeWindow, *, service: str | None = None, limit: int) -> Sequence[Change]:
        c = self._table.c
        found = select(c.kept).where(c.happened_at <= window.until, c.as_of >= window.since)
        if service is not None:
            found = found.where(c.service == service)
        newest = found.order_by(c.happened_at.desc(), c.number.desc()).limit(limit)
        return self._all(newest)

    def forget(self, *, before: datetime) -> None:
        self.flush()
        self._connection.execute(self._table.delete().where(self._table.c.heard_at < before))


class LockTable(KeptTable[Lock]):
    row, adapter, key = tables.LockRow, TypeAdapter(Lock), "number"

    def _columns(self, value: Lock) -> dict[str, Any]:
        return {"number": value.number, "service": value.service, "stands": value.stands}

    def standing(self) -> Sequence[Lock]:
        return sorted(self._by("stands"), key=lambda it: (it.since, it.number))

    def of(self, service: str) -> Lock | None:
        return next(iter(self._by("stands", service=service)), None)
