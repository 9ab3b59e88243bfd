"""Tables of incidents, pages, people, the timeline and more, with their queries."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, String, cast, func, or_, select, text, update

from bot.adapters.database import tables
from bot.adapters.database.rows import readable
from bot.adapters.database.statements import add, add_once, find, find_recent, insert, table, upsert
from bot.adapters.database.table import Table, plain
from bot.adapters.database.writes import Writes
from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.domain.incident.state import WORKING
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.incident.timeline import Entry
from bot.domain.paging.page import Page, PageState
from bot.domain.relief.relief import WorkPeriod
from bot.ports import Conflict, OnCallCopy, Person, Posted


def _lists(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Return the condition that a JSON list of strings contains this value."""
    return cast(column, String).contains(json.dumps(value), autoescape=True)


class IncidentTable(Table[Incident]):
    row, adapter, key = tables.IncidentRow, TypeAdapter(Incident), "number"
    lock = is_read_once = True

    def look(self, number: int) -> Incident | None:
        if number in self._known:
            return self._known[number]
        return next(iter(self._read(find(self._table, self.key, lock=False), {self.key: number})), None)

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        query = select(self._table).where(self._table.c.number.in_(numbers)).order_by(self._table.c.number)
        held = {it.number: it for it in self._all(query.with_for_update(skip_locked=True))}
        self._known.update(held)
        return set(held)

    def in_channel(self, channel: str) -> Incident | None:
        found = self._read(find(self._table, "channel", lock=self.lock), {"channel": channel})
        return next(iter(self._with_changed(found, lambda it: it.channel == channel)), None)

    def open(self, *, limit: int) -> Sequence[Incident]:
        c = self._table.c
        query = select(self._table).where(c.phase.in_([phase.value for phase in WORKING]))
        return self._all(query.order_by(c.number.desc()).limit(limit))

    def search(self, wanted: Search, *, skip: int = 0, limit: int) -> Sequence[Incident]:
        c = self._table.c
        query = select(self._table).where(*self._conditions(wanted))
        return self._all(query.order_by(c.number.desc()).offset(skip).limit(limit))

    def count(self, wanted: Search) -> int:
        self.flush()
        query = select(func.count()).select_from(self._table).where(*self._conditions(wanted))
        return int(self._connection.execute(query).scalar_one())

    def _conditions(self, wanted: Search) -> Iterator[ColumnElement[bool]]:
        c, pages = self._table.c, table(tables.PageRow)
        yield c.phase.in_(sorted(wanted.phases))
        yield or_(
            c.private.is_(False), _lists(c.members, wanted.seen_by), c.command_offered_to == wanted.seen_by
        )
        if wanted.private is not None:
            yield c.private.is_(wanted.private)
        if wanted.severity:
            yield c.severity == wanted.severity
        if wanted.since:
            yield func.coalesce(c.resolved_at, c.reopened_at, c.declared_at) >= wanted.since
        if wanted.team:
            paged = select(pages.c.number).where(pages.c.incident == c.number, pages.c.team == wanted.team)
            yield or_(paged.exists(), _lists(c.told, wanted.team))
        for word in wanted.words:
            yield or_(
                *(it.icontains(word, autoescape=True) for it in (c.name, c.impact, c.cause, c.resolution))
            )

    def names_of_open(self) -> Sequence[tuple[int, str]]:
        self.flush()
        c = self._table.c
        query = select(c.number, c.name).where(c.phase.in_([phase.value for phase in WORKING]))
        return [(number, name) for number, name in self._connection.execute(query)]

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        c = self._table.c
        query = select(self._table).where(or_(c.resolved_at.is_(None), c.resolved_at > since))
        return self._all(query.order_by(c.number))


class PageTable(Table[Page]):
    row, adapter, key = tables.PageRow, TypeAdapter(Page), "number"

    def by_key(self, key: str) -> Page | None:
        return self._one(key=key)

    def by_pagerduty(self, pagerduty_id: str) -> Page | None:
        return self._one(pagerduty_id=pagerduty_id)

    def following(self, pagerduty_id: str) -> Sequence[Page]:
        return sorted(self._by(pagerduty_id=pagerduty_id), key=lambda page: page.number)

    def of(self, incident: int) -> Sequence[Page]:
        found = self._written(find(self._table, "incident", lock=self.lock), {"incident": incident})
        pages = self._with_changed(found, lambda it: it.incident == incident)
        return sorted(pages, key=lambda page: page.number)

    def ringing(self) -> Sequence[Page]:
        states = (PageState.SENT.value, PageState.ACKNOWLEDGED.value)
        return self._all(select(self._table).where(self._table.c.state.in_(states)))

    def since(self, since: datetime) -> Sequence[Page]:
        c = self._table.c
        return self._all(select(self._table).where(c.requested_at >= since).order_by(c.number))


class TeamNoticeTable(Table[TeamNotice]):
    row, adapter, key = tables.TeamNoticeRow, TypeAdapter(TeamNotice), "number"


class WorkPeriodTable(Table[WorkPeriod]):
    row, adapter, key = tables.WorkPeriodRow, TypeAdapter(WorkPeriod), "number"

    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        found = self._read(find_recent(self._table), {"person": person, "since": since})
        recent = self._with_changed(
            found, lambda it: it.person == person and (it.ended_at is None or it.ended_at > since)
        )
        return sorted(recent, key=lambda it: (it.started_at, it.number))


class PersonTable(Table[Person]):
    row, adapter, key = tables.PersonRow, TypeAdapter(Person), "id"
    is_read_once = True

    def named(self, name: str) -> Person | None:
        said = name.casefold()
        lowered = func.lower(self._table.c.name)
        query = select(self._table).where(
            or_(lowered == said, lowered.like(f"{_literal(said)} %", escape="\\"))
        )
        c = self._table.c
        query = query.order_by(c.is_deactivated, c.is_bot)  # prefer people who are active
        found = self._with_changed(
            self._read(query.limit(2 + len(self._changed))),
            lambda it: f"{it.name.casefold()} ".startswith(f"{said} "),
        )
        found = [it for it in found if it.is_assignable] or found
        return found[0] if len(found) == 1 else None

    def unprofiled(self, *, before: datetime, limit: int) -> Sequence[Person]:
        told, asked = self._table.c.profiled_at, self._table.c.asked_at
        query = select(self._table).where(or_(told.is_(None), told < before))
        return self._all(query.order_by(asked.nulls_first(), told.nulls_first()).limit(limit))


def _literal(said: str) -> str:
    return said.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class TimelineTable:
    """The append-only timeline. New entries are written with one statement at the session's end."""

    adapter = TypeAdapter(Entry)

    def __init__(self, connection: Connection, writes: Writes) -> None:
        self._connection = connection
        self._writes = writes
        self._table = table(tables.TimelineRow)
        self._new: list[Entry] = []
        self._has_visibility = False
        """Whether a changed visibility is not written yet."""

    def append(self, entry: Entry) -> None:
        self._new.append(entry)

    def of(self, incident: int) -> Sequence[Entry]:
        self._write_marks()
        rows = self._connection.execute(find(self._table, "incident"), {"incident": incident}).mappings()
        entries = list(readable(self.adapter, map(_without_id, rows), self._table.name))
        entries += [entry for entry in self._new if entry.incident == incident]
        return sorted(entries, key=lambda entry: entry.seq)

    def among(self, incidents: Collection[int], kinds: Collection[str]) -> Sequence[Entry]:
        self.flush()
        self._write_marks()
        c = self._table.c
        query = select(self._table).where(c.incident.in_(list(incidents)), c.kind.in_(list(kinds)))
        rows = self._connection.execute(query.order_by(c.incident, c.seq)).mappings()
        return list(readable(self.adapter, map(_without_id, rows), self._table.name))

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None:
        self.flush()
        c = self._table.c
        found = update(self._table).where(c.incident == incident, c.seq == seq)
        self._connection.execute(found.values(permalink=permalink))

    def set_visibility(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        c = self._table.c
        found = update(self._table).where(c.incident == incident, c.seq.in_(list(seqs)))
        self._writes.add(found.values(visibility=mark))
        self._has_visibility = True

    def _write_marks(self) -> None:
        if self._has_visibility:
            self.flush()
            self._writes.flush()
            self._has_visibility = False

    def flush(self) -> None:
        if self._new:
            self._connection.execute(add(self._table), [plain(it, self.adapter) for it in self._new])
            self._new.clear()


def _without_id(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items() if name != "id"}


class OnCallCopyTable:
    """PagerDuty's on-calls, as last read; one row."""

    adapter = TypeAdapter(OnCallCopy)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = table(tables.OnCallCopyRow)

    def copy(self) -> OnCallCopy:
        row = self._connection.execute(select(self._table)).mappings().first()
        return self.adapter.validate_python(_without_id(row)) if row else OnCallCopy()

    def replace(self, copy: OnCallCopy) -> None:
        row = {"id": 1, **self.adapter.dump_python(copy)}
        self._connection.execute(upsert(self._connection, self._table, "id"), [row])


class MessageTable:
    """Where each lasting message was posted."""

    adapter = TypeAdapter(Posted)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = table(tables.MessageRow)

    def get(self, slot: str) -> Posted | None:
        row = self._connection.execute(find(self._table, "slot"), {"slot": slot}).mappings().first()
        return Posted(channel=row["channel"], ts=row["ts"], permalink=row["permalink"]) if row else None

    def put(self, slot: str, posted: Posted) -> None:
        row = {"slot": slot, **self.adapter.dump_python(posted)}
        self._connection.execute(upsert(self._connection, self._table, "slot"), [row])

    def moved(self, channel: str, to: str) -> None:
        here = update(self._table).where(self._table.c.channel == channel)
        self._connection.execute(here.values(channel=to, permalink=None))


class InboundTable:
    """Handled requests by id, so that each is handled once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = table(tables.InboundRow)
        self._new: dict[str, dict[str, Any]] = {}

    def remember(self, request: str, *, at: datetime) -> str | None:
        if request in self._new:
            return str(self._new[request]["answer"])
        known = self._connection.execute(find(self._table, "id"), {"id": request}).mappings().first()
        if known:
            return str(known["answer"])
        self._new[request] = {"id": request, "at": at, "answer": ""}
        return None

    def answered(self, request: str, answer: str) -> None:
        self._new[request]["answer"] = answer

    def flush(self) -> None:
        """Write the new requests. Raise Conflict if another session handled one: a retry then finds its answer."""
        for row in self._new.values():
            if not self._connection.execute(add_once(self._connection, self._table, "id"), row).first():
                raise Conflict(f"{row['id']} came twice at the same time")
        self._new.clear()

    def forget(self, *, before: datetime) -> None:
        self.flush()
        self._connection.execute(self._table.delete().where(self._table.c.at < before))


def take_lease(connection: Connection, job: str, owner: str, *, now: datetime, until: datetime) -> bool:
    """Take or renew a job's lease. Return False if another process has it."""
    leases = table(tables.LeaseRow)
    statement = insert(connection, leases)
    free = or_(leases.c.owner == owner, leases.c.until < now)
    taken = statement.on_conflict_do_update(
        index_elements=["job"],
        set_={"owner": statement.excluded.owner, "until": statement.excluded.until},
        where=free,
    ).returning(leases.c.job)
    row = {"job": job, "owner": owner, "until": until}
    return connection.execute(taken, row).first() is not None


def wait_alone(connection: Connection, section: str) -> None:
    """Take a PostgreSQL advisory lock until the transaction ends. SQLite needs none: its writers take turns."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:section))"), {"section": section})
