"""Tables of changes and deploy locks."""

from collections.abc import Sequence
from datetime import datetime

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.changes.change import Change, ChangeWindow
from bot.domain.changes.lock import Lock


class ChangeTable(Table[Change]):
    row, adapter = tables.ChangeRow, Adapter(Change)
    fields = ("key", "service", "happened_at", "as_of", "heard_at")

    def by_key(self, key: str) -> Change | None:
        return self._one(key=key)

    def within(self, window: ChangeWindow, *, service: str | None = None, limit: int) -> Sequence[Change]:
        c = self._table.c
        of_service = [c.service == service] if service is not None else []
        newest = [c.happened_at.desc(), c.number.desc()]
        return self._where(
            c.happened_at <= window.until, c.as_of >= window.since, *of_service, order=newest, limit=limit
        )

    def forget(self, *, before: datetime, limit: int) -> int:
        self.flush()
        return self._delete_old(self._table.c.heard_at, before=before, limit=limit)


class LockTable(Table[Lock]):
    row, adapter = tables.LockRow, Adapter(Lock)
    fields = ("service", "stands")

    def held(self) -> Sequence[Lock]:
        return sorted(self._by("stands"), key=lambda it: (it.since, it.number))

    def of(self, service: str) -> Lock | None:
        return self._one("stands", service=service)
