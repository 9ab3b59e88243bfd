"""The versions of config.yaml."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.config_version import ConfigVersion


class ConfigVersionTable(Table[ConfigVersion]):
    row, adapter, key = tables.ConfigVersionRow, Adapter(ConfigVersion), "hash"
    fields = ("taken_at", "refused_at", "decided_at")

    def taken(self, *, limit: int) -> Sequence[ConfigVersion]:
        at = self._table.c.taken_at
        return self._where(at.is_not(None), order=[at.desc()], limit=limit)

    def last_refused(self) -> ConfigVersion | None:
        at = self._table.c.refused_at
        return next(iter(self._where(at.is_not(None), order=[at.desc()], limit=1)), None)

    def forget(self, *, before: datetime, keep: Collection[str]) -> None:
        self.flush()
        c = self._table.c
        self._connection.execute(delete(self._table).where(c.decided_at < before, c.hash.not_in(keep)))
