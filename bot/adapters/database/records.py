"""Tables of pages, people, shifts and other small records, with their queries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.columns import begins
from bot.adapters.database.statements import find_recent, table
from bot.adapters.database.table import Table
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.lever import LeverHistory
from bot.domain.limits import PageCounts
from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.shift import Shift
from bot.domain.paging.page import Page, PageState
from bot.domain.plugin import PluginHealth, ReloadRequest
from bot.domain.relief.relief import WorkPeriod
from bot.domain.subject import Subject
from bot.domain.trouble import Trouble
from bot.ports import Contact, OnCallCopy, Person, UserGroup

RINGING = (PageState.SENT.value, PageState.ACKNOWLEDGED.value)
UNANSWERED = (PageState.REQUESTED.value, PageState.DELAYED.value, PageState.SENT.value)
RANG = (
    PageState.REQUESTED.value,
    PageState.SENT.value,
    PageState.ACKNOWLEDGED.value,
    PageState.RESOLVED.value,
)
AT_MOST = 100


class PageTable(Table[Page]):
    row, adapter = tables.PageRow, Adapter(Page)
    fields = (
        "key",
        "incident",
        "team",
        "state",
        "pager_id",
        "requested_by",
        "requested_at",
        "folded_into",
    )

    def by_key(self, key: str) -> Page | None:
        return self._one(key=key)

    def by_pager_id(self, pager_id: str) -> Page | None:
        return self._one(pager_id=pager_id)

    def following(self, pager_id: str) -> Sequence[Page]:
        return self._by(pager_id=pager_id)

    def of(self, incident: int) -> Sequence[Page]:
        if self._writes.is_new(table(tables.IncidentRow), incident):
            theirs = (it for it in self._known.values() if it.incident == incident)
            return sorted(theirs, key=lambda it: it.number)
        return self._by(incident=incident)

    def ringing(self) -> Sequence[Page]:
        return self._where(self._table.c.state.in_(RINGING))

    def since(self, since: datetime) -> Sequence[Page]:
        c = self._table.c
        return self._where(c.requested_at >= since, order=[c.requested_at, c.number])

    def between(self, since: datetime, until: datetime) -> Sequence[Page]:
        c = self._table.c
        return self._where(c.requested_at >= since, c.requested_at < until, order=[c.requested_at, c.number])

    def paged_for(self, team: str, incidents: Collection[int]) -> Collection[int]:
        self.flush()
        c = self._table.c
        paged = select(c.incident).where(c.incident.in_(list(incidents)), c.team == team)
        return set(self._connection.execute(paged).scalars())

    def counts(self, person: str, team: str | None, *, since: datetime) -> PageCounts:
        self.flush()
        c = self._table.c
        theirs = case((c.requested_by == person, 1), else_=0)
        is_own = func.coalesce(c.kept["is_own"].as_boolean(), false())
        rang = case((and_(c.team == (team or ""), c.folded_into.is_(None), not_(is_own)), 1), else_=0)
        query = select(func.coalesce(func.sum(theirs), 0), func.coalesce(func.sum(rang), 0))
        by_person, to_team = self._connection.execute(query.where(c.requested_at > since)).one()
        return PageCounts(by_person=int(by_person), to_team=int(to_team))

    def unanswered(self, team: str | None, *, since: datetime) -> Sequence[Page]:
        return self._newest(team, since, self._table.c.state.in_(UNANSWERED))

    def rang(self, team: str | None, *, since: datetime) -> Sequence[Page]:
        c = self._table.c
        return self._newest(team, since, c.state.in_(RANG), c.folded_into.is_(None))

    def _newest(self, team: str | None, since: datetime, *conditions: ColumnElement[bool]) -> Sequence[Page]:
        c = self._table.c
        is_theirs = c.team.is_(None) if team is None else c.team == team
        newest = [c.requested_at.desc(), c.number.desc()]
        return self._where(c.requested_at >= since, is_theirs, *conditions, order=newest, limit=AT_MOST)

    def folded_into(self, number: int) -> Sequence[Page]:
        return self._by(folded_into=number)


class TeamNoticeTable(Table[TeamNotice]):
    row, adapter = tables.TeamNoticeRow, Adapter(TeamNotice)
    fields = ("incident",)


class WorkPeriodTable(Table[WorkPeriod]):
    row, adapter = tables.WorkPeriodRow, Adapter(WorkPeriod)
    fields = ("person", "ended_at")

    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        found = self._read(find_recent(self._table), {"person": person, "since": since})
        recent = self._with_changed(
            found, lambda it: it.person == person and (it.ended_at is None or it.ended_at > since)
        )
        return sorted(recent, key=lambda it: (it.started_at, it.number))

    def among(self, numbers: Collection[int]) -> Sequence[WorkPeriod]:
        return self._where(self._table.c.number.in_(list(numbers)))


class PersonTable(Table[Person]):
    row, adapter, key = tables.PersonRow, Adapter(Person), "id"
    fields = ("is_assignable", "profiled_at", "asked_at")
    is_read_once = True

    def _columns(self, value: Person) -> dict[str, Any]:
        return {**super()._columns(value), "name": value.name.casefold()}

    def named(self, name: str) -> Person | None:
        found = self.all_named(name, limit=2)
        return found[0] if len(found) == 1 else None

    def all_named(self, name: str, *, limit: int) -> Sequence[Person]:
        typed, c = name.casefold(), self._table.c
        query = select(c.kept).where(or_(c.name == typed, begins(c.name, f"{typed} ", self._dialect)))
        query = query.order_by(c.is_assignable.desc())
        found = self._with_changed(
            self._found(query.limit(limit + len(self._changed))),
            lambda it: f"{it.name.casefold()} ".startswith(f"{typed} "),
        )
        return ([it for it in found if it.is_assignable] or found)[:limit]

    def unprofiled(self, *, before: datetime, limit: int) -> Sequence[Person]:
        profiled, asked = self._table.c.profiled_at, self._table.c.asked_at
        oldest = [asked.nulls_first(), profiled.nulls_first()]
        return self._where(or_(profiled.is_(None), profiled < before), order=oldest, limit=limit)


class UserGroupTable(Table[UserGroup]):
    row, adapter, key = tables.UserGroupRow, Adapter(UserGroup), "id"


class ContactTable(Table[Contact]):
    row, adapter, key = tables.ContactRow, Adapter(Contact), "email"


class TroubleTable(Table[Trouble]):
    row, adapter, key = tables.TroubleRow, Adapter(Trouble), "key"
    fields = ("over_at",)


class LeverTable(Table[LeverHistory]):
    row, adapter, key = tables.LeverRow, Adapter(LeverHistory), "key"


class PluginTable(Table[PluginHealth]):
    row, adapter, key = tables.PluginRow, Adapter(PluginHealth), "key"


class PluginReloadTable(Table[ReloadRequest]):
    row, adapter, key = tables.PluginReloadRow, Adapter(ReloadRequest), "key"


class OnCallCopyTable(Table[OnCallCopy]):
    """PagerDuty's on-calls, as last read; one record."""

    row, adapter, key = tables.OnCallCopyRow, Adapter(OnCallCopy), "id"

    def copy(self) -> OnCallCopy:
        return self.get(1) or OnCallCopy()

    def replace(self, copy: OnCallCopy) -> None:
        self._known[1] = self._changed[1] = copy


class ShiftTable(Table[Shift]):
    row, adapter = tables.ShiftRow, Adapter(Shift)

    def _columns(self, value: Shift) -> dict[str, Any]:
        return {
            "subject": str(value.subject),
            "schedule": value.turn.schedule,
            "person": value.person,
            "starts_at": value.start,
            "ends_at": value.end,
            "gone": value.gone_at is not None,
        }

    def of(self, subject: Subject) -> Shift | None:
        return self._one(subject=str(subject))

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        c = self._table.c
        return self._overlapping(since, c.schedule == schedule, c.starts_at < until)

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        c = self._table.c
        return self._overlapping(since, c.person == person, c.gone.is_(False))

    def of_ledger(
        self, since: datetime, until: datetime, *, person: str = "", schedule: str = ""
    ) -> Sequence[Shift]:
        c = self._table.c
        theirs = c.person == person if person else c.schedule == schedule
        return self._overlapping(since, theirs, c.starts_at < until)

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        c = self._table.c
        return self._overlapping(since, c.starts_at < until, c.gone.is_(False))

    def _overlapping(self, since: datetime, *conditions: ColumnElement[bool]) -> Sequence[Shift]:
        c = self._table.c
        return self._where(c.ends_at > since, *conditions, order=[c.starts_at, c.number])


class CoverTable(Table[CoverRequest]):
    row, adapter = tables.CoverRow, Adapter(CoverRequest)

    def _columns(self, value: CoverRequest) -> dict[str, Any]:
        return {"open": value.is_open, "ends_at": value.end}

    def open(self) -> Sequence[CoverRequest]:
        return sorted(self._by("open"), key=lambda it: (it.start, it.number))
