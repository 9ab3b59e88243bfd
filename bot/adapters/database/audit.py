"""Table of the audit log, with the two marks of its chain."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from bot.adapters.database import tables
from bot.adapters.database.rows import Rows
from bot.adapters.database.statements import add, change, find, find_unsealed, table, upsert
from bot.adapters.database.writes import Writes
from bot.domain.audit import AuditLine, ChainMark, SealedLine

HEAD, CHECKPOINT = "head", "checkpoint"
LINE = ("at", "source", "command", "outcome", "person", "place", "why", "result", "incident", "events")
AT_ONCE = 1_000
"""How many rows are read at once."""
MOST = 2**31 - 1
"""More than there are."""


class AuditTable(Rows):
    row = tables.AuditRow

    def __init__(self, connection: Connection, writes: Writes) -> None:
        super().__init__(connection, writes)
        self._marks = table(tables.AuditMarkRow)

    def append(self, line: AuditLine) -> None:
        self._writes.add(add(self._table), {**vars(line), "events": list(line.events)})

    def unsealed(self, *, limit: int | None = None) -> Sequence[tuple[int, AuditLine]]:
        self._writes.flush()
        waiting = find_unsealed(self._table).rows(self._connection, {"most": limit or MOST})
        return [(row["id"], _line(row)) for row in waiting]

    def sealed(self) -> Iterator[SealedLine]:
        c = self._table.c
        for row in self._paged(select(self._table).where(c.seq.is_not(None)), c.seq):
            seal = {name: row[name] for name in ("id", "seq", "salt", "digest", "hash")}
            yield SealedLine(line=_line(row), **seal)

    def lines(self, seqs: Collection[int]) -> Mapping[int, AuditLine]:
        """Return lines by their places in the chain."""
        wanted = select(self._table).where(self._table.c.seq.in_(list(seqs)))
        return {row["seq"]: _line(row) for row in self._connection.execute(wanted).mappings()}

    def seal(self, lines: Sequence[SealedLine]) -> None:
        seals = [
            {
                "this": it.id,
                "source": it.line.source,
                "seq": it.seq,
                "salt": it.salt,
                "digest": it.digest,
                "hash": it.hash,
            }
            for it in lines
        ]
        change(self._table, "id").run(self._connection, *seals)
        self._put_mark(HEAD, ChainMark(seq=lines[-1].seq, hash=lines[-1].hash))

    def append_sealed(self, line: SealedLine) -> None:
        seal = {"seq": line.seq, "salt": line.salt, "digest": line.digest, "hash": line.hash}
        row = {**vars(line.line), "events": list(line.line.events), **seal}
        self._connection.execute(self._table.insert(), row)
        self._put_mark(HEAD, ChainMark(seq=line.seq, hash=line.hash))

    def head(self) -> ChainMark | None:
        return self._mark(HEAD)

    def checkpoint(self) -> ChainMark | None:
        return self._mark(CHECKPOINT)

    def find(
        self, *, since: datetime | None, people: Collection[str], incident: int | None
    ) -> Iterator[tuple[int | None, AuditLine]]:
        c = self._table.c
        query = select(self._table)
        if since:
            query = query.where(c.at >= since)
        if people:
            query = query.where(c.person.in_(people))
        if incident is not None:
            query = query.where(c.incident == incident)
        for row in self._paged(query, c.id):
            yield row["seq"], _line(row)

    def prune(self, *, before: datetime, limit: int) -> tuple[int, ChainMark | None]:
        c = self._table.c
        oldest = select(c.id, c.at, c.seq, c.hash).where(c.seq.is_not(None)).order_by(c.seq).limit(limit)
        gone = []
        for row in self._connection.execute(oldest):
            if row.at >= before:
                break
            gone.append(row)
        if not gone:
            return 0, None
        last = ChainMark(seq=gone[-1].seq, hash=gone[-1].hash)
        self._connection.execute(self._table.delete().where(c.seq <= last.seq))
        self._put_mark(CHECKPOINT, last)
        return len(gone), last

    # --- helpers ---

    def _paged(self, query: Select[Any], by: Column[int]) -> Iterator[Mapping[Any, Any]]:
        """Yield rows in order, some at a time."""
        self._writes.flush()
        after = 0
        while True:
            some = query.where(by > after).order_by(by).limit(AT_ONCE)
            rows = self._connection.execute(some).mappings().all()
            yield from rows
            if len(rows) < AT_ONCE:
                return
            after = rows[-1][by.key]

    def _mark(self, name: str) -> ChainMark | None:
        row = find(self._marks, "name").first(self._connection, {"name": name})
        return ChainMark(seq=row["seq"], hash=row["hash"]) if row else None

    def _put_mark(self, name: str, mark: ChainMark) -> None:
        row = {"name": name, **vars(mark)}
        upsert(self._dialect, self._marks, "name").run(self._connection, row)


def _line(row: Mapping[Any, Any]) -> AuditLine:
    return AuditLine(**{name: row[name] for name in LINE} | {"events": tuple(row["events"])})
