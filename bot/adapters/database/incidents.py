"""Tables of incidents and their timelines, with their queries."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    TextClause,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)

from bot.adapters.database import tables
from bot.adapters.database.adapter import Adapter
from bot.adapters.database.columns import is_set
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.rows import Rows, readable
from bot.adapters.database.statements import (
    add,
    count_opened,
    find_entries,
    find_free,
    find_open_named,
    find_private,
    mark_line,
    table,
)
from bot.adapters.database.table import Table, plain
from bot.adapters.database.tables import IS_EDIT, OPENED_RUNBOOK
from bot.adapters.database.timeline_events import event_of
from bot.adapters.database.writes import Writes
from bot.domain.event import Event
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import bare_name
from bot.domain.incident.reminder_events import Reminded
from bot.domain.incident.search import OVER, Search
from bot.domain.incident.state import WORKING
from bot.domain.incident.timeline import ALL_LINES, HIDDEN, KEPT, Entry, WantedLines

ENTRY = tuple(column for column in table(tables.TimelineRow).c if column.name != "id")
"""The columns of an entry."""
TIMELINE = Prepared(select(*ENTRY).where(table(tables.TimelineRow).c.incident == bindparam("of")))
LAST_LINE = Prepared(
    select(table(tables.TimelineRow).c.seq)
    .where(table(tables.TimelineRow).c.incident == bindparam("of"))
    .order_by(table(tables.TimelineRow).c.seq.desc())
    .limit(literal(1))
)
LAST_OPEN_LINES = Prepared(
    select(
        table(tables.IncidentRow).c.number,
        select(func.max(table(tables.TimelineRow).c.seq))
        .where(table(tables.TimelineRow).c.incident == table(tables.IncidentRow).c.number)
        .scalar_subquery()
        .label("line"),
    ).where(table(tables.IncidentRow).c.phase.in_([literal(it.value) for it in WORKING]))
)


def _lists(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Return the condition that a JSON list of strings contains this value."""
    return cast(column, String).contains(json.dumps(value), autoescape=True)


class IncidentTable(Table[Incident]):
    row, adapter = tables.IncidentRow, Adapter(Incident)
    fields = (
        "name",
        "declared_by",
        "phase",
        "severity",
        "private",
        "told",
        "channel",
        "declared_at",
        "opened_at",
        "resolved_at",
    )
    lock = is_read_once = True

    def _columns(self, value: Incident) -> dict[str, Any]:
        offered_to = value.command_offered_to
        services = (*value.services, *(it.service for it in value.suspects))
        words = (value.name, value.impact, value.cause, value.resolution, *services)
        return {
            **super()._columns(value),
            "seen_by": [*value.members, offered_to] if offered_to else value.members,
            "bare_name": bare_name(value.name),
            "words": "\n".join(filter(None, words)).casefold(),
        }

    def look(self, number: int) -> Incident | None:
        return self._get(number, lock=False)

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        c = self._table.c
        query = select(c.kept).where(c.number.in_(numbers)).order_by(c.number)
        held = {it.number: it for it in self._all(query.with_for_update(skip_locked=True))}
        self._known.update(held)
        return set(held)

    def hold(self, number: int) -> bool:
        """Lock one if it is free, without waiting. Return whether this transaction has it."""
        if number not in self._known:
            self._known |= {it.number: it for it in self._read(find_free(self._table), {"number": number})}
        return number in self._known

    def in_channel(self, channel: str) -> Incident | None:
        return self._one(channel=channel)

    def may_be_private(self, *, channel: str | None, person: str, since: datetime) -> bool:
        concerned = {"channel": channel, "person": json.dumps(person), "since": since}
        return find_private(self._table).value(self._connection, concerned) is not None

    def open(self, *, limit: int) -> Sequence[Incident]:
        return self._where(self._is_open, order=[self._table.c.number.desc()], limit=limit)

    def search(self, wanted: Search, *, skip: int = 0, limit: int) -> Sequence[Incident]:
        c = self._table.c
        # almost all are past ones: the newest are found from the end, without an index
        phase = ~self._is_open if wanted.is_any_past else None
        newest = select(c.number).where(*self._conditions(wanted, phase=phase)).order_by(c.number.desc())
        shown = newest.offset(skip).limit(limit)  # found in an index, without reading the records
        return self._where(c.number.in_(shown), order=[c.number.desc()])

    def private_shown(self, *, past: int, limit: int) -> Sequence[Incident]:
        c = self._table.c
        public = self.search(Search(seen_by="", phases=OVER), limit=past)
        oldest = public[-1].number if len(public) == past else 0
        newest = [c.number.desc()]
        is_new = and_(c.number >= oldest, ~self._is_open)
        open_ones = self._where(self._is_open, c.private.is_(True), order=newest, limit=limit)
        return [*open_ones, *self._where(is_new, c.private.is_(True), order=newest, limit=limit)]

    def resembling(self, wanted: Search, words: Sequence[str], *, limit: int) -> Sequence[Incident]:
        c = self._table.c
        has = [c.words.contains(word, autoescape=True) for word in words]
        most = sum((case((it, 1), else_=0) for it in has[1:]), case((has[0], 1), else_=0)).desc()
        found = select(c.number).where(*self._conditions(wanted), or_(*has)).order_by(most, c.number.desc())
        return self._where(c.number.in_(found.limit(limit)), order=[c.number.desc()])

    def count(self, wanted: Search) -> int:
        self.flush()
        query = select(func.count()).select_from(self._table).where(*self._conditions(wanted))
        return int(self._connection.execute(query).scalar_one())

    @property
    def _is_open(self) -> ColumnElement[bool]:
        return self._table.c.phase.in_([phase.value for phase in WORKING])

    def _conditions(
        self, wanted: Search, *, phase: ColumnElement[bool] | None = None
    ) -> Iterator[ColumnElement[bool] | TextClause]:
        """Yield what must hold. `phase` replaces the condition that an index of phases answers."""
        c, pages = self._table.c, table(tables.PageRow)
        yield c.phase.in_(sorted(wanted.phases)) if phase is None else phase
        is_theirs = _lists(c.seen_by, wanted.seen_by)
        yield is_theirs if wanted.only_members else or_(c.private.is_(False), is_theirs)
        if wanted.private is not None:
            yield is_set("private") if wanted.private else c.private.is_(False)
        if wanted.below is not None:
            yield c.number < wanted.below
        if wanted.severity:
            yield c.severity == wanted.severity
        if wanted.since:
            yield func.coalesce(c.resolved_at, c.opened_at) >= wanted.since
        if wanted.until:
            yield c.opened_at < wanted.until
        if wanted.people:
            yield or_(*(_lists(c.seen_by, person) for person in wanted.people))
        if wanted.service:
            yield _lists(c.kept["services"], wanted.service)
        if wanted.team:
            paged = select(pages.c.number).where(pages.c.incident == c.number, pages.c.team == wanted.team)
            yield or_(paged.exists(), _lists(c.told, wanted.team))
        for word in wanted.words:
            yield c.words.contains(word.casefold(), autoescape=True)

    def count_opened(self, person: str, *, since: datetime) -> int:
        self.flush()
        counted = count_opened(self._table)
        return int(counted.value(self._connection, {"person": person, "since": since}))

    def open_named(self, names: Collection[str]) -> Sequence[Incident]:
        self.flush()
        wanted = {f"name_{at}": name for at, name in enumerate([*names, ""])}
        found = self._read(find_open_named(self._table, len(wanted)), wanted)
        return [it for it in found if bare_name(it.name) in names]  # an older Spy left the column empty

    def named(self, name: str, *, limit: int) -> Sequence[Incident]:
        c = self._table.c
        return self._where(c.bare_name == name, order=[c.number.desc()], limit=limit)

    def count_shown(self) -> int:
        self.flush()
        c = self._table.c
        is_drill = func.coalesce(c.kept["drill"].as_boolean(), false())
        query = select(func.count()).where(self._is_open, c.private.is_(False), is_drill.is_(False))
        return int(self._connection.execute(query).scalar_one())

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        c = self._table.c
        found = self._all(select(c.kept).where(or_(c.resolved_at.is_(None), c.resolved_at > since)))
        return sorted(found, key=lambda it: it.number)

    def among(self, numbers: Collection[int]) -> Sequence[Incident]:
        return self._where(self._table.c.number.in_(list(numbers))) if numbers else ()

    def declared_between(self, since: datetime, until: datetime) -> Sequence[Incident]:
        c = self._table.c
        return self._where(c.declared_at >= since, c.declared_at < until, order=[c.declared_at, c.number])


def _is_among(entry: Entry, kinds: Collection[str], reminder: str) -> bool:
    is_reminded = bool(reminder) and entry.kind == Reminded.kind() and entry.data["reminder"] == reminder
    return entry.kind in kinds or is_reminded


class TimelineTable(Rows):
    """The append-only timeline. New entries are written with one statement at the session's end."""

    row, adapter = tables.TimelineRow, Adapter(Entry)

    def __init__(self, connection: Connection, writes: Writes) -> None:
        super().__init__(connection, writes)
        self._new: list[Entry] = []
        self._has_visibility = False
        """Whether a changed visibility is not written yet."""

    def append(self, entry: Entry) -> None:
        self._new.append(entry)

    def of(self, incident: int) -> Sequence[Entry]:
        self._write_marks()
        entries = self._readable(TIMELINE.rows(self._connection, {"of": incident}))
        entries += [entry for entry in self._new if entry.incident == incident]
        return sorted(entries, key=lambda entry: entry.seq)

    def among(
        self, incidents: Collection[int], kinds: Collection[str], *, reminder: str = ""
    ) -> Sequence[Entry]:
        self._write_marks()
        if len(incidents) == 1 and not reminder:
            stored = self._of_kinds(next(iter(incidents)), kinds)
        else:
            stored = self._among(incidents, kinds, reminder)
        new = [it for it in self._new if it.incident in incidents and _is_among(it, kinds, reminder)]
        return sorted([*stored, *new], key=lambda entry: (entry.incident, entry.seq))

    def _of_kinds(self, incident: int, kinds: Collection[str]) -> list[Entry]:
        wanted = {"of": incident} | {f"kind_{at}": kind for at, kind in enumerate(kinds)}
        return self._readable(find_entries(ENTRY, len(kinds)).rows(self._connection, wanted))

    def _among(self, incidents: Collection[int], kinds: Collection[str], reminder: str) -> list[Entry]:
        c = self._table.c
        wanted: ColumnElement[bool] = c.kind.in_(list(kinds))
        if reminder:
            is_its = c.data["reminder"].as_string() == reminder
            wanted = or_(wanted, and_(c.kind == Reminded.kind(), is_its))
        return self._found(c.incident.in_(list(incidents)), wanted)

    def events(self, incident: int) -> Sequence[tuple[Entry, Event | None]]:
        return [(entry, event_of(entry)) for entry in self.of(incident)]

    def last_lines(self, incidents: Collection[int]) -> Mapping[int, int]:
        found = (LAST_LINE.value(self._connection, {"of": number}) for number in incidents)
        return {number: line or 0 for number, line in zip(incidents, found, strict=True)}

    def last_open_lines(self) -> Mapping[int, int]:
        return {it["number"]: it["line"] for it in LAST_OPEN_LINES.rows(self._connection, {})}

    def after(self, incident: int, line: int, *, limit: int) -> Sequence[Entry]:
        self._write_all()
        c = self._table.c
        return self._found(c.incident == incident, c.seq > line, limit=limit)

    def window(
        self,
        incident: int,
        wanted: WantedLines = ALL_LINES,
        *,
        limit: int,
        among: Collection[int] | None = None,
    ) -> Sequence[int]:
        self._write_all()
        c = self._table.c
        some = [] if among is None else [c.seq.in_(list(among))]
        found = select(c.seq).where(*self._is_visible(incident), *some, *self._conditions(wanted))
        newest = found.order_by(c.occurred_at.desc(), c.seq.desc()).limit(limit)
        return list(self._connection.execute(newest).scalars())

    def tally(self, incident: int) -> Sequence[tuple[str, str | None, int]]:
        self._write_all()
        c = self._table.c
        query = select(c.kind, c.actor, func.count()).where(*self._is_visible(incident))
        found = self._connection.execute(query.group_by(c.kind, c.actor))
        return [(kind, actor, count) for kind, actor, count in found]

    def visible(
        self, incident: int, *, without: Collection[str] = (), latest: int | None = None
    ) -> Sequence[int]:
        self._write_all()
        c = self._table.c
        found = select(c.seq).where(*self._is_visible(incident), c.kind.not_in(list(without)))
        newest = found.order_by(c.occurred_at.desc(), c.seq.desc()).limit(latest)
        return list(self._connection.execute(newest).scalars())[::-1]

    def _is_visible(self, incident: int) -> Sequence[ColumnElement[bool]]:
        """Return the conditions of the lines that a timeline shows."""
        c = self._table.c
        superseded = select(c.supersedes).where(
            c.incident == incident, c.supersedes.is_not(None), text(f"({IS_EDIT})")
        )
        return [
            c.incident == incident,
            or_(c.substance.is_(True), c.visibility == KEPT),
            func.coalesce(c.visibility, "") != HIDDEN,
            c.seq.not_in(superseded),
        ]

    def _conditions(self, wanted: WantedLines) -> Iterator[ColumnElement[bool]]:
        c = self._table.c
        if wanted.kinds:
            yield c.kind.in_(wanted.kinds)
        if wanted.person:
            yield c.actor == wanted.person
        for word, people in zip_longest(wanted.words.split(), wanted.named, fillvalue=()):
            named = [it for person in people for it in self._names(person)]
            yield or_(c.text.icontains(str(word), autoescape=True), *named)
        if wanted.before:
            at, line = wanted.before
            yield or_(c.occurred_at < at, and_(c.occurred_at == at, c.seq < line))
        if wanted.until:
            yield c.occurred_at <= wanted.until

    def _names(self, person: str) -> Iterator[ColumnElement[bool]]:
        """Yield how a line can name a person: who did it, in its words, or in what it is about."""
        c = self._table.c
        yield c.actor == person
        yield c.text.contains(f"<@{person}>", autoescape=True)
        yield _lists(c.data, person)

    def with_edits(self, incident: int, lines: Collection[int]) -> Sequence[Entry]:
        self._write_all()
        c = self._table.c
        edits = and_(c.incident == incident, text(f"({IS_EDIT})"))
        corrected = select(c.supersedes).where(edits, c.supersedes.is_not(None))
        wanted = union_all(select(c.seq).where(edits), corrected)
        return self._found(c.incident == incident, or_(c.seq.in_(list(lines)), c.seq.in_(wanted)))

    def recorded_since(self, incident: int, at: datetime) -> Sequence[Entry]:
        self._write_all()
        c = self._table.c
        return self._found(c.incident == incident, c.recorded_at >= at)

    def made_from(self, incident: int, kind: str, message: str) -> Sequence[int]:
        self._write_all()
        c = self._table.c
        is_its = [c.kind == kind, c.data["message"].as_string() == message]
        return list(self._connection.execute(select(c.seq).where(c.incident == incident, *is_its)).scalars())

    def known_messages(self, incident: int, kind: str, messages: Collection[str]) -> Collection[str]:
        self._write_all()
        c = self._table.c
        message = c.data["message"].as_string()
        is_its = [c.incident == incident, c.kind == kind, message.in_(list(messages))]
        return set(self._connection.execute(select(message).where(*is_its)).scalars())

    def opened_runbooks(self, *, limit: int) -> Sequence[tuple[int, str]]:
        self._write_all()
        c = self._table.c
        opened = select(c.incident, c.data["runbook"].as_string()).where(text(OPENED_RUNBOOK))
        return [(n, name) for n, name in self._connection.execute(opened.order_by(c.id.desc()).limit(limit))]

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None:
        self.flush()
        line = {"of": incident, "line": seq, "permalink": permalink}
        mark_line(self._table).run(self._connection, line)

    def set_visibility(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        if seqs:
            rows = [{"of": incident, "line": seq, "visibility": mark} for seq in seqs]
            self._writes.add(mark_line(self._table), *rows)
            self._has_visibility = True

    def _found(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
        c = self._table.c
        query = select(*ENTRY).where(*conditions).order_by(c.incident, c.seq).limit(limit)
        return self._readable(map(dict, self._connection.execute(query).mappings()))

    def _readable(self, rows: Iterable[dict[str, Any]]) -> list[Entry]:
        return list(readable(self.adapter.validate_python, rows, self._table.name))

    def _write_all(self) -> None:
        self.flush()
        self._write_marks()

    def _write_marks(self) -> None:
        if self._has_visibility:
            self.flush()
            self._writes.flush()
            self._has_visibility = False

    def flush(self) -> None:
        if self._new:
            rows = [plain(self.adapter.dump_python(it)) for it in self._new]
            add(self._table).run(self._connection, *rows)
            self._new.clear()
