"""Failovers in SQL: kept whole, beside the columns they are found by and the lease of who is at them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import and_, or_, select, update

from bot.adapters.database import tables
from bot.adapters.database.oncall import Kept
from bot.adapters.database.statements import add, table
from bot.domain.failover import Failover, Task
from bot.ports import Trace


class Failovers(Kept[Failover]):
    row, adapter, key = tables.FailoverRow, TypeAdapter(Failover), "number"

    def _columns(self, value: Failover) -> dict[str, Any]:
        return {
            "number": value.number,
            "plan": value.plan.name,
            "lock": value.lock,
            "active": value.is_active,
            "to_run": value.is_to_run,
            "moved": bool(value.began) and value.task is not Task.REHEARSAL,
            "ended_at": value.ended_at,
        }

    def active(self) -> Sequence[Failover]:
        return self._found(self._table.c.active.is_(True))

    def holder(self, lock: str) -> Failover | None:
        c = self._table.c
        return next(iter(self._found(c.lock == lock, c.active.is_(True))), None)

    def last_moved(self, lock: str) -> Failover | None:
        c = self._table.c
        query = select(c.kept).where(c.lock == lock, c.moved.is_(True)).order_by(c.number.desc()).limit(1)
        kept = self._connection.execute(query).scalar()
        return self.adapter.validate_python(kept) if kept else None

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        c = self._table.c
        query = select(c.kept).where(c.plan == plan, c.ended_at.is_not(None))
        rows = self._connection.execute(query.order_by(c.ended_at.desc(), c.number.desc()).limit(limit))
        return [self.adapter.validate_python(kept) for kept in rows.scalars()]

    # --- the trail ---

    def append(self, trace: Trace) -> None:
        row = {name: getattr(trace, name) for name in tables.FailoverTraceRow.model_fields}
        data = TypeAdapter(dict[str, Any]).dump_python(dict(trace.data), mode="json")
        self._connection.execute(add(table(tables.FailoverTraceRow)), [{**row, "data": data}])

    def trail(self, number: int) -> Sequence[Trace]:
        traces = table(tables.FailoverTraceRow)
        query = select(traces).where(traces.c.failover == number).order_by(traces.c.seq)
        return [Trace(**row) for row in self._connection.execute(query).mappings()]

    # --- who is at it ---

    def claim(self, owner: str, *, now: datetime, lease: timedelta, besides: Collection[int]) -> int | None:
        c = self._table.c
        free = or_(c.owner.is_(None), c.owner == owner, c.lease_until < now)
        first = select(c.number).where(c.to_run.is_(True), free, c.number.not_in(besides))
        first = first.order_by(c.number).limit(1).with_for_update(skip_locked=True)
        mine = update(self._table).where(c.number.in_(first)).values(owner=owner, lease_until=now + lease)
        taken = self._connection.execute(mine.returning(c.number)).scalar()
        return int(taken) if taken is not None else None

    def renew(self, number: int, owner: str, *, until: datetime) -> bool:
        c = self._table.c
        mine = update(self._table).where(and_(c.number == number, c.owner == owner))
        return bool(self._connection.execute(mine.values(lease_until=until)).rowcount)

    def let_go(self, number: int, owner: str) -> None:
        c = self._table.c
        mine = update(self._table).where(and_(c.number == number, c.owner == owner))
        self._connection.execute(mine.values(owner=None, lease_until=None))
