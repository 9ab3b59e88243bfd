"""What processes share so that each thing is done once: posted messages, handled requests, leases and locks."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from bot.adapters.database import tables
from bot.adapters.database.rows import Rows
from bot.adapters.database.statements import LOCK, TRY_LOCK, add, find, table, take_free, upsert
from bot.adapters.database.writes import Writes
from bot.ports import Posted


class MessageTable(Rows):
    """Where each lasting message was posted."""

    row = tables.MessageRow

    def get(self, slot: str) -> Posted | None:
        row = find(self._table, "slot").first(self._connection, {"slot": slot})
        return Posted(channel=row["channel"], ts=row["ts"], permalink=row["permalink"]) if row else None

    def put(self, slot: str, posted: Posted) -> None:
        row = {"slot": slot, **vars(posted)}
        upsert(self._dialect, self._table, "slot").run(self._connection, row)

    def moved(self, channel: str, to: str) -> None:
        here = update(self._table).where(self._table.c.channel == channel)
        self._connection.execute(here.values(channel=to, permalink=None))


class InboundTable(Rows):
    """Handled requests by id, so that each is handled once."""

    row = tables.InboundRow

    def __init__(self, connection: Connection, writes: Writes) -> None:
        super().__init__(connection, writes)
        self._new: dict[str, dict[str, Any]] = {}

    def remember(self, request: str, *, at: datetime) -> str | None:
        if request in self._new:
            return str(self._new[request]["answer"])
        known = find(self._table, "id").first(self._connection, {"id": request})
        if known:
            return str(known["answer"])
        self._new[request] = {"id": request, "at": at, "answer": ""}
        return None

    def answered(self, request: str, answer: str) -> None:
        self._new[request]["answer"] = answer

    def flush(self) -> None:
        """Write the new requests. If another session handled one, it is a conflict: a retry then finds its answer."""
        if self._new:
            add(self._table).run(self._connection, *self._new.values())
            self._new.clear()

    def forget(self, *, before: datetime, limit: int) -> int:
        self.flush()
        return self._delete_old(self._table.c.at, before=before, limit=limit)


def take_lease(connection: Connection, job: str, owner: str, *, now: datetime, until: datetime) -> bool:
    """Take or renew a job's lease. Return False if another process has it."""
    wanted = {"job": job, "owner": owner, "until": until, "now": now}
    return bool(take_free(connection.dialect.name, table(tables.LeaseRow)).values(connection, wanted))


def lock(connection: Connection, *sections: str) -> None:
    """Take PostgreSQL's advisory locks until the transaction ends. SQLite needs none: its writers take turns."""
    if sections and connection.dialect.name == "postgresql":
        LOCK.run(connection, {"sections": sorted(sections)})


def try_lock(connection: Connection, section: str) -> bool:
    """Take PostgreSQL's advisory lock if it is free. Return whether this transaction has it."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(TRY_LOCK.value(connection, {"section": section}))
