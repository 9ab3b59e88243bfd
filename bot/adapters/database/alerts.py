"""The table of alerts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.columns import is_set
from bot.adapters.database.table import Table
from bot.domain.alert.alert import Alert
from bot.ports.records.alert import StormCounts


class AlertTable(Table[Alert]):
    row, adapter = tables.AlertRow, Adapter(Alert)
    fields = ("key", "newest", "source", "storm", "heard_at", "told_at", "incident")

    def _columns(self, value: Alert) -> dict[str, Any]:
        return {**super()._columns(value), "service": value.service or "", "open": not value.is_resolved}

    def by_key(self, key: str) -> Alert | None:
        return self._one("newest", key=key)

    def lines(self, service: str | None, *, since: datetime) -> Sequence[Alert]:
        c = self._table.c
        return self._where(self._has_line, c.service == (service or ""), c.told_at >= since)

    def recent(self, service: str | None, *, since: datetime, limit: int) -> Sequence[Alert]:
        c = self._table.c
        of_service = [c.service == service] if service is not None else []
        newest = [c.told_at.desc(), c.number.desc()]
        return self._where(self._has_line, *of_service, c.told_at >= since, order=newest, limit=limit)

    @property
    def _has_line(self) -> ColumnElement[bool]:
        return self._table.c.storm.is_(None)

    def in_storm(self, number: int, *, limit: int) -> Sequence[Alert]:
        c = self._table.c
        return self._where(c.storm == number, order=[c.number.desc()], limit=limit)

    def storm_counts(self, number: int) -> StormCounts:
        self.flush()
        c = self._table.c
        firing = func.coalesce(func.sum(case((is_set("open"), 1), else_=0)), 0)
        found = select(func.count(), firing).where(c.storm == number)
        count, still = self._connection.execute(found).one()
        return StormCounts(count=int(count), firing=int(still))

    def unresolved(self, source: str, *, limit: int) -> Sequence[Alert]:
        c = self._table.c
        return self._where(is_set("open"), c.source == source, order=[c.heard_at.desc()], limit=limit)

    def of(self, incidents: Collection[int]) -> Mapping[int, Sequence[Alert]]:
        found = defaultdict[int, list[Alert]](list)
        for alert in self._where(self._table.c.incident.in_(incidents)) if incidents else ():
            found[alert.incident or 0].append(alert)
        return found
