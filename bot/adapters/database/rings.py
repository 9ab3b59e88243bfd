"""The rings of the pager, and up to when its log is read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Index, delete, func, or_, select, text
from sqlmodel import Field

from bot.adapters.database.adapter import Adapter
from bot.adapters.database.columns import moment_column, partial_index
from bot.adapters.database.table import Table
from bot.adapters.database.tables import RecordRow
from bot.domain.oncall.ring import NOBODY, PagerRing
from bot.ports import RingCopy

OF_NOBODY = "person IS NULL"
"""The condition of a ring whose person in Slack is unknown, in the words of its index."""


class RingRow(RecordRow, table=True):
    """An incident of the pager that reached a person."""

    __table_args__ = (
        partial_index("ring_by_person", "person", "at", where="person IS NOT NULL"),
        Index("ring_by_user", "user", "at"),
        partial_index("ring_of_nobody", "user", "at", "asked_at", where=OF_NOBODY),
    )

    key: str = Field(primary_key=True)
    incident: str = Field(index=True)
    user: str
    person: str | None
    at: datetime = moment_column(index=True)
    asked_at: datetime | None = moment_column()


class RingCopyRow(RecordRow, table=True):
    """From when until when the pager's log is read: one row."""

    id: int = Field(primary_key=True)


class RingTable(Table[PagerRing]):
    row, adapter, key = RingRow, Adapter(PagerRing), "key"
    fields = ("incident", "user", "person", "at", "asked_at")

    def of(self, incident: str) -> Sequence[PagerRing]:
        return self._by(incident=incident)

    def last_of(self, user: str, *, since: datetime) -> PagerRing | None:
        c = self._table.c
        return next(iter(self._where(c.user == user, c.at >= since, order=[c.at.desc()], limit=1)), None)

    def of_nobody(self, user: str, *, since: datetime, limit: int) -> Sequence[PagerRing]:
        c = self._table.c
        theirs = (c.user == user, text(OF_NOBODY), c.at >= since)
        return self._where(*theirs, order=[c.at.desc()], limit=limit)

    def since(self, since: datetime, until: datetime) -> Sequence[PagerRing]:
        c = self._table.c
        return self._where(c.at >= since, c.at < until, c.user != NOBODY, order=[c.at, c.key])

    def of_person(self, person: str, *, since: datetime, until: datetime) -> Sequence[PagerRing]:
        c = self._table.c
        return self._where(c.person == person, c.at >= since, c.at < until, order=[c.at, c.key])

    def counts(self, people: Sequence[str], *, since: datetime) -> Mapping[str, int]:
        self.flush()
        c = self._table.c
        theirs = select(c.person, func.count()).where(c.person.in_(people), c.at >= since)
        return {str(person): count for person, count in self._connection.execute(theirs.group_by(c.person))}

    def unknown_users(
        self, *, since: datetime, asked_before: datetime, besides: Sequence[str], limit: int
    ) -> Sequence[str]:
        self.flush()
        c, asked_at = self._table.c, func.max(self._table.c.asked_at)
        of_nobody = select(c.user).where(text(OF_NOBODY), c.user != NOBODY, c.at >= since)
        is_due = or_(asked_at.is_(None), asked_at <= asked_before, c.user.in_(besides))
        users = of_nobody.group_by(c.user).having(is_due).order_by(c.user).limit(limit)
        return list(self._connection.execute(users).scalars())

    def remove(self, incident: str) -> None:
        self.flush()
        self._known = {key: it for key, it in self._known.items() if it.incident != incident}
        self._connection.execute(delete(self._table).where(self._table.c.incident == incident))

    def forget(self, *, before: datetime, limit: int) -> int:
        return self._delete_old(self._table.c.at, before=before, limit=limit)


class RingCopyTable(Table[RingCopy]):
    """From when until when the pager's log is read; one record."""

    row, adapter, key = RingCopyRow, Adapter(RingCopy), "id"

    def copy(self) -> RingCopy:
        return self.get(1) or RingCopy()

    def replace(self, copy: RingCopy) -> None:
        self._known[1] = self._changed[1] = copy
