"""Tables of postmortems and follow-ups."""

from collections.abc import Collection, Sequence
from typing import Any

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.columns import begins, is_set
from bot.adapters.database.table import Table
from bot.domain.postmortem.follow_up import Filed, FollowUp
from bot.domain.postmortem.postmortem import Postmortem


class PostmortemTable(Table[Postmortem]):
    row, adapter, key = tables.PostmortemRow, Adapter(Postmortem), "incident"

    def among(self, incidents: Collection[int]) -> Sequence[Postmortem]:
        return self._where(self._table.c.incident.in_(list(incidents)))

    def filed_in(self, repository: str) -> Sequence[Postmortem]:
        """Return the postmortems with an issue in this repository. Reads all: it is needed only when issues move."""
        return [it for it in self._where() if it.filed and _is_in(it.filed, repository)]


class FollowUpTable(Table[FollowUp]):
    row, adapter = tables.FollowUpRow, Adapter(FollowUp)

    def _columns(self, value: FollowUp) -> dict[str, Any]:
        filed = value.filed
        return {
            "incident": value.incident,
            "owner": value.owner,
            "open": value.is_open,
            "issue": _issue(filed.repository, filed.number) if filed else None,
        }

    def of(self, incident: int) -> Sequence[FollowUp]:
        return self._by(incident=incident)

    def among(self, incidents: Collection[int]) -> Sequence[FollowUp]:
        return self._where(self._table.c.incident.in_(list(incidents)))

    def open_of(self, person: str) -> Sequence[FollowUp]:
        return self._by("open", owner=person)

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        c = self._table.c
        return self._where(is_set("open"), order=[c.number.desc()], limit=limit)

    def filed_as(self, repository: str, number: int) -> FollowUp | None:
        return self._one(issue=_issue(repository, number))

    def filed_in(self, repository: str) -> Sequence[FollowUp]:
        """Return the follow-ups with an issue in this repository."""
        return self._where(begins(self._table.c.issue, f"{repository.casefold()}#", self._dialect))


def _is_in(filed: Filed, repository: str) -> bool:
    return filed.repository.casefold() == repository.casefold()


def _issue(repository: str, number: int) -> str:
    return f"{repository.casefold()}#{number}"
