"""Tables of postmortems and follow-ups: each record as JSON, with columns to search by."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select

from bot.adapters.database import tables
from bot.adapters.database.table import KeptTable
from bot.domain.postmortem.follow_up import Filed, FollowUp
from bot.domain.postmortem.postmortem import Postmortem


class PostmortemTable(KeptTable[Postmortem]):
    row, adapter, key = tables.PostmortemRow, TypeAdapter(Postmortem), "incident"

    def _columns(self, value: Postmortem) -> dict[str, Any]:
        return {"incident": value.incident}

    def filed_in(self, repository: str) -> Sequence[Postmortem]:
        """Return the postmortems with an issue in this repository. Reads all: it is needed only when issues move."""
        return [it for it in self._found() if it.filed and _is_in(it.filed, repository)]


class FollowUpTable(KeptTable[FollowUp]):
    row, adapter, key = tables.FollowUpRow, TypeAdapter(FollowUp), "number"

    def _columns(self, value: FollowUp) -> dict[str, Any]:
        filed = value.filed
        return {
            "number": value.number,
            "incident": value.incident,
            "owner": value.owner,
            "open": value.is_open,
            "issue": _issue(filed.repository, filed.number) if filed else None,
        }

    def of(self, incident: int) -> Sequence[FollowUp]:
        found = self._read(self._find("incident"), {"incident": incident})
        mine = self._with_changed(found, lambda it: it.incident == incident)
        return sorted(mine, key=lambda it: it.number)

    def open_of(self, person: str) -> Sequence[FollowUp]:
        found = self._read(self._find("owner", flags=("open",)), {"owner": person})
        todo = self._with_changed(found, lambda it: it.is_open and it.owner == person)
        return sorted(todo, key=lambda it: it.number)

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        c = self._table.c
        query = select(c.kept).where(c.open.is_(True)).order_by(c.number.desc()).limit(limit)
        return self._all(query)

    def filed_as(self, repository: str, number: int) -> FollowUp | None:
        return next(iter(self._by(issue=_issue(repository, number))), None)

    def filed_in(self, repository: str) -> Sequence[FollowUp]:
        """Return the follow-ups with an issue in this repository. Reads all that have an issue."""
        filed = self._found(self._table.c.issue.is_not(None))
        return [it for it in filed if it.filed and _is_in(it.filed, repository)]


def _is_in(filed: Filed, repository: str) -> bool:
    return filed.repository.casefold() == repository.casefold()


def _issue(repository: str, number: int) -> str:
    return f"{repository.casefold()}#{number}"
