"""The table of one-time links and sessions of the dashboard."""

from datetime import datetime

from sqlalchemy import delete

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.web_key import KeyKind, WebKey


class WebKeyTable(Table[WebKey]):
    row, adapter, key = tables.WebKeyRow, Adapter(WebKey), "digest"
    fields = ("person", "ends_at")

    def remove(self, digest: str) -> bool:
        self.flush()
        gone = self._connection.execute(delete(self._table).where(self._table.c.digest == digest))
        return gone.rowcount == 1

    def remove_all(self, person: str, *, now: datetime) -> int:
        theirs = self._by(person=person)
        self._connection.execute(delete(self._table).where(self._table.c.person == person))
        return sum(it.kind is KeyKind.SESSION and it.ends_at > now for it in theirs)

    def forget(self, *, before: datetime, limit: int) -> int:
        return self._delete_old(self._table.c.ends_at, before=before, limit=limit)
