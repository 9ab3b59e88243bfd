"""Table of failovers, with the lease of the process that runs each, and their audit log."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import Update, and_, bindparam, or_, select, update

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.columns import is_set
from bot.adapters.database.rows import readable
from bot.adapters.database.statements import add, table
from bot.adapters.database.table import Table
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Task
from bot.ports import AuditEntry


class FailoverTable(Table[Failover]):
    row, adapter = tables.FailoverRow, Adapter(Failover)

    def _columns(self, value: Failover) -> dict[str, Any]:
        return {
            "incident": value.incident,
            "plan": value.plan.name,
            "lock": value.lock,
            "active": value.is_active,
            "to_run": value.is_to_run,
            "moved": bool(value.began) and value.task is not Task.REHEARSAL,
            "ended_at": value.ended_at,
        }

    def active(self) -> Sequence[Failover]:
        return self._by("active")

    def holder(self, lock: str) -> Failover | None:
        return self._one("active", lock=lock)

    def last_moved(self, lock: str) -> Failover | None:
        c = self._table.c
        return next(
            iter(self._where(c.lock == lock, is_set("moved"), order=[c.number.desc()], limit=1)), None
        )

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        c = self._table.c
        latest = [c.ended_at.desc(), c.number.desc()]
        return self._where(c.plan == plan, c.ended_at.is_not(None), order=latest, limit=limit)

    def latest(self, plan: str, task: Task, *, among: int) -> Iterator[Failover]:
        self.flush()
        c = self._table.c
        newest = [c.ended_at.desc(), c.number.desc()]
        ended = select(c.number, c.ended_at, c.kept).where(c.plan == plan, c.ended_at.is_not(None))
        last = ended.order_by(*newest).limit(among).subquery("latest").c
        is_wanted = [last.kept["task"].as_string() == task.value]
        if task is not Task.REHEARSAL:
            is_wanted.append(last.kept["began_at"].as_string().is_not(None))
        found = select(last.kept).where(*is_wanted).order_by(last.ended_at.desc(), last.number.desc())
        yield from readable(self._parsed, self._connection.execute(found).scalars(), self._table.name)

    # --- the audit log ---

    def append(self, entry: AuditEntry) -> None:
        self._writes.add(add(table(tables.FailoverAuditRow)), {**vars(entry), "data": dict(entry.data)})

    def audit_log(self, number: int) -> Sequence[AuditEntry]:
        self._writes.flush()
        audit_entries = table(tables.FailoverAuditRow)
        query = select(audit_entries).where(audit_entries.c.failover == number).order_by(audit_entries.c.seq)
        return [AuditEntry(**row) for row in self._connection.execute(query).mappings()]

    # --- the lease ---

    def claim(self, owner: str, *, now: datetime, lease: timedelta, besides: Collection[int]) -> int | None:
        wanted = {"by": owner, "now": now, "until": now + lease, "besides": list(besides)}
        self.flush()
        taken = self._connection.execute(_claiming(self._table), wanted).scalar()
        return int(taken) if taken is not None else None

    def renew(self, number: int, owner: str, *, until: datetime) -> bool:
        c = self._table.c
        mine = update(self._table).where(and_(c.number == number, c.owner == owner))
        return bool(self._connection.execute(mine.values(lease_until=until)).rowcount)

    def let_go(self, number: int, owner: str) -> None:
        c = self._table.c
        mine = update(self._table).where(and_(c.number == number, c.owner == owner))
        self._connection.execute(mine.values(owner=None, lease_until=None))


@cache
def _claiming(failovers: SqlTable) -> Update:
    """Claim the first failover to run that has no valid lease at `now`, for an owner (`by`) and `until` a time."""
    c = failovers.c
    now, until = (bindparam(name, type_=c.lease_until.type) for name in ("now", "until"))
    free = or_(c.owner.is_(None), c.owner == bindparam("by"), c.lease_until < now)
    others = c.number.not_in(bindparam("besides", expanding=True))
    first = select(c.number).where(is_set("to_run"), free, others).order_by(c.number).limit(1)
    mine = update(failovers).where(c.number.in_(first.with_for_update(skip_locked=True)))
    return mine.values(owner=bindparam("by"), lease_until=until).returning(c.number)
