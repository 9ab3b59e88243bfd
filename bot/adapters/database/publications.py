"""Tables of what was published, and of previews."""

from collections.abc import Sequence

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.table import Table
from bot.domain.status.publication import Publication, StatusDraft

NEVER_REACHED = 2**31 - 1
"""More than any number of a row: a bound lets both databases read by the key, from the newest row on."""


class PublicationTable(Table[Publication]):
    row, adapter = tables.PublicationRow, Adapter(Publication)
    fields = ("component", "thread", "incident")

    def last_of(self, component: str) -> Publication | None:
        return next(iter(self.newest(component=component, limit=1)), None)

    def of_thread(self, thread: int) -> Sequence[Publication]:
        return self._by(thread=thread)

    def newest(
        self, *, component: str | None = None, before: int | None = None, limit: int
    ) -> Sequence[Publication]:
        c = self._table.c
        of_component = [c.component == component] if component is not None else []
        is_older = c.number < (before or NEVER_REACHED)
        return self._where(*of_component, is_older, order=[c.number.desc()], limit=limit)


class DraftTable(Table[StatusDraft]):
    row, adapter = tables.StatusDraftRow, Adapter(StatusDraft)
    fields = ("at", "incident")
