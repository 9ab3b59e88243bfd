"""The table of what machines have proposed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.proposal import Proposal


class ProposalTable(Table[Proposal]):
    row, adapter = tables.ProposalRow, Adapter(Proposal)
    fields = ("person", "proposed_at", "open", "incident")

    def undecided(self) -> Sequence[Proposal]:
        return self._by("open")

    def count(self, person: str, *, since: datetime) -> int:
        self.flush()
        c = self._table.c
        made = select(func.count()).where(c.person == person, c.proposed_at > since)
        return int(self._connection.execute(made).scalar_one())
