"""The table of who follows incidents."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.incident.following import Following
from bot.domain.subject import Subject


class FollowingTable(Table[Following]):
    row, adapter = tables.FollowingRow, Adapter(Following)
    fields = ("key", "incident", "person", "through", "by_mail", "heard", "stalled")
    lock = True

    def _columns(self, value: Following) -> dict[str, Any]:
        return {**super()._columns(value), "about": str(value.about)}

    def look(self, number: int) -> Following | None:
        return self._get(number, lock=False)

    def by_key(self, key: str) -> Following | None:
        return self._one(key=key)

    def about(self, *subjects: Subject) -> Sequence[Following]:
        return self._where(self._table.c.about.in_(list(map(str, subjects))))

    def has_any(self, *subjects: Subject) -> bool:
        self.flush()
        c = self._table.c
        found = select(c.number).where(c.about.in_(list(map(str, subjects)))).limit(1)
        return self._connection.execute(found).first() is not None

    def of_each(self, person: str) -> Sequence[Following]:
        return self._where(self._table.c.person == person, self._table.c.incident.is_(None))

    def with_keys(self, keys: Collection[str]) -> Sequence[Following]:
        return self._where(self._table.c.key.in_(keys))

    def come_through(self, number: int) -> Sequence[Following]:
        return self._where(self._table.c.through == number)

    def next_to_tell(self, incident: int, *, by_mail: bool, after: int, upto: int) -> Following | None:
        c = self._table.c
        theirs = (c.incident == incident, c.by_mail.is_(by_mail), c.number > after)
        waits = (c.heard < upto, c.stalled.is_(False))
        return next(iter(self._where(*theirs, *waits, order=[c.number], limit=1)), None)

    def remove(self, numbers: Collection[int]) -> None:
        self.flush()
        for number in numbers:
            self._known.pop(number, None)
        self._connection.execute(delete(self._table).where(self._table.c.number.in_(numbers)))
