"""The table of the tokens of programs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.api_token import ApiToken, called


class ApiTokenTable(Table[ApiToken]):
    row, adapter, key = tables.ApiTokenRow, Adapter(ApiToken), "digest"
    fields = ("called", "person", "ends_at")
    lock = True

    def look(self, digest: str) -> ApiToken | None:
        return self._get(digest, lock=False)

    def of(self, person: str) -> Sequence[ApiToken]:
        return self._where(self._table.c.person == person, order=[self._table.c.called])

    def all(self) -> Sequence[ApiToken]:
        return self._where(order=[self._table.c.called])

    def named(self, name: str) -> ApiToken | None:
        return next(iter(self._where(self._table.c.called == called(name))), None)

    def remove(self, *digests: str) -> None:
        self.flush()
        for digest in digests:
            self._known.pop(digest, None)
        self._connection.execute(delete(self._table).where(self._table.c.digest.in_(digests)))

    def forget(self, *, before: datetime, limit: int) -> int:
        return self._delete_old(self._table.c.ends_at, before=before, limit=limit)
