"""Delete what is over, in small batches: an incident with all that belongs to it, and traces of delivery."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    literal,
    or_,
    select,
    text,
    update,
)

from bot.adapters.database import tables
from bot.adapters.database.columns import begins, is_set
from bot.adapters.database.filling import fill_in
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.rows import Rows
from bot.adapters.database.statements import insert, table
from bot.adapters.database.tables import Row
from bot.domain.incident.state import WORKING
from bot.domain.paging.page import PageState
from bot.domain.retention import Ended, Pruned

MESSAGES: Mapping[str, Sequence[str]] = {
    "incident": (
        "card",
        "announcement",
        "brief",
        "reminder",
        "missed",
        "closed_channel",
        "review",
        "alike",
        "merged",
    ),
    "page": ("page", "unanswered", "also_paged", "test", "tested"),
    "failover": ("failover", "failover_question", "failover_word"),
    "team_notice": ("team_notice", "team_notice_sent"),
    "follow_up": ("follow_up",),
    "shift": ("warning", "unready", "overload", "handover", "night", "shift_brief", "stranger"),
    "cover": ("cover", "covering"),
    "work_period": ("relief", "rest"),
    "lock": ("lock", "forgotten"),
    "alert": ("alert",),
    "proposal": ("proposal",),
}
"""The lasting messages about each kind of record: their slots begin with these words, and go with the record."""
ASK = "ask"
BY_AGE = ("digest", "report", ASK)
"""The lasting messages about nothing that ends: each is of one day or month."""
TROUBLES: Mapping[str, Sequence[str]] = {
    "incident": ("announcement", "github:ExportPostmortem", "github:FileLog", "github:CopyPostmortem"),
    "follow_up": ("github:FileFollowUp",),
}
"""What keys of troubles begin with."""
SUBJECTS: Mapping[str, Sequence[str]] = {
    "incident": ("incident", "postmortem"),
    "page": ("page", "test"),
    "failover": ("failover",),
    "follow_up": ("follow-up",),
    "proposal": ("proposal",),
}
"""What timers are about."""
THEIRS = (
    tables.PageRow,
    tables.FollowUpRow,
    tables.FailoverRow,
    tables.TeamNoticeRow,
    tables.AlertRow,
    tables.FollowingRow,
    tables.ProposalRow,
)
"""The tables whose rows may belong to an incident."""
NAMES_INCIDENT = ("incident", "ref", "needs_channel")
"""Fields of a queued effect that may be the number of an incident. A wrong guess keeps an incident a little longer."""
OF_THEIR_OWN = (
    tables.PageRow,
    tables.CoverRow,
    tables.LockRow,
    tables.AlertRow,
    tables.StatusDraftRow,
    tables.ProposalRow,
)
"""The tables whose rows go by their own age."""
CONDITIONS = 200
NOT_SENT = (PageState.REQUESTED.value, PageState.DELAYED.value)


class PruningTable(Rows):
    """All tables, as pruning sees them; its own has the counts."""

    row = tables.PrunedRow

    def fill_in(self, *, limit: int) -> int:
        return fill_in(self._connection, limit=limit)

    # --- incidents ----------------------------------------------------------------------------------------

    def ended(self, *, before: datetime, private: bool, after: Ended | None, limit: int) -> Sequence[Ended]:
        c = table(tables.IncidentRow).c
        kind = is_set("private") if private else c.private.is_(False)
        is_over = c.phase.not_in([phase.value for phase in WORKING])
        found = select(c.number, c.resolved_at).where(kind, is_over, c.resolved_at < before)
        if after:
            is_later = or_(c.resolved_at > after.at, c.number > after.number)
            found = found.where(c.resolved_at >= after.at, is_later)
        found = found.order_by(c.resolved_at, c.number).limit(limit)
        return [Ended(number=number, at=at) for number, at in self._connection.execute(found)]

    def busy(self, incidents: Collection[int]) -> Collection[int]:
        failovers, follow_ups, pages = map(table, (tables.FailoverRow, tables.FollowUpRow, tables.PageRow))
        busy = {*self._undelivered()}
        for query in (
            select(failovers.c.incident).where(is_set("active")),
            select(follow_ups.c.incident).where(is_set("open")),
            select(pages.c.incident).where(pages.c.state.in_(NOT_SENT)),
        ):
            busy.update(self._connection.execute(query).scalars())
        return busy & set(incidents)

    def _undelivered(self) -> Iterator[int]:
        """Yield the incidents that an undelivered effect is about, or may be about."""
        outbox, pages = table(tables.OutboxRow), table(tables.PageRow)
        waiting = select(outbox.c.payload, outbox.c.needs_channel).where(outbox.c.done_at.is_(None))
        paged = set[int]()
        for payload, number in self._connection.execute(waiting):
            effect = json.loads(payload)
            yield from filter(None, [number, *(effect.get(name) for name in NAMES_INCIDENT)])
            paged.add(effect.get("page") or 0)
        of = select(pages.c.incident).where(pages.c.number.in_(paged))
        yield from filter(None, self._connection.execute(of).scalars())

    def remove(self, incidents: Collection[int]) -> None:
        numbers = {"incident": list(incidents)}
        for its in THEIRS:
            numbers[table(its).name] = self._of(its, incidents)
        for kind, refs in numbers.items():
            self._remove_traces(kind, refs)
        self._remove_failovers(numbers["failover"])
        self._detach_publications(incidents)
        for row, column, kind in (
            (tables.AlertRow, "number", "alert"),
            (tables.TeamNoticeRow, "number", "team_notice"),
            (tables.FollowUpRow, "number", "follow_up"),
            (tables.FollowingRow, "number", "following"),
            (tables.ProposalRow, "number", "proposal"),
            (tables.PageRow, "number", "page"),
            (tables.PostmortemRow, "incident", "incident"),
            (tables.StatusDraftRow, "incident", "incident"),
            (tables.TimelineRow, "incident", "incident"),
            (tables.IncidentRow, "number", "incident"),
        ):
            self._remove(table(row), table(row).c[column].in_(numbers[kind]))

    def _detach_publications(self, incidents: Collection[int]) -> None:
        """Keep what customers were told, without the incident that it was about."""
        publications = table(tables.PublicationRow)
        c = publications.c
        found = self._connection.execute(select(c.number, c.kept).where(c.incident.in_(incidents))).all()
        for number, kept in found:
            detached = update(publications).where(c.number == number)
            self._connection.execute(detached.values(incident=None, kept={**kept, "incident": None}))

    def _of(self, row: type[Row], incidents: Collection[int]) -> list[int]:
        c = table(row).c
        return list(self._connection.execute(select(c.number).where(c.incident.in_(incidents))).scalars())

    def _remove_traces(self, kind: str, refs: Sequence[int]) -> None:
        """Delete waiting timers and troubles, and where the messages are that nobody will edit again.

        Sent timers go by their own age.
        """
        timers, messages, troubles = map(table, (tables.TimerRow, tables.MessageRow, tables.TroubleRow))
        keys = [f"{name}:{ref}" for name in TROUBLES.get(kind, ()) for ref in refs]
        for some in _portions(keys):
            self._remove(troubles, troubles.c.key.in_(some))
        subjects = [f"{subject}:{ref}" for subject in SUBJECTS.get(kind, ()) for ref in refs]
        slots = [f"{name}:{ref}" for name in MESSAGES.get(kind, ()) for ref in refs]
        for some in _portions(subjects):
            self._remove(timers, and_(text("state = 'waiting'"), timers.c.subject.in_(some)))
        for some in _portions(slots):
            self._remove(messages, messages.c.slot.in_(some))
        if slots:
            marked = [
                {"first": f"{it}{end}", "after": f"{it}{chr(ord(end) + 1)}"} for it in slots for end in ":@"
            ]
            _dropping(self._dialect, messages).run(self._connection, *marked)

    # --- failovers ----------------------------------------------------------------------------------------

    def remove_failovers(self, *, before: datetime, limit: int) -> int:
        failovers = table(tables.FailoverRow)
        c, later = failovers.c, failovers.alias()
        is_last = ~exists().where(later.c.plan == c.plan, later.c.number > c.number)
        moved_last = and_(
            c.moved.is_(True),
            ~exists().where(later.c.lock == c.lock, later.c.moved.is_(True), later.c.number > c.number),
        )
        of_record = c.kept["incident"].as_integer()  # an older Spy fills no column
        no_incident = [c.incident.is_(None), of_record.is_(None)]
        old = select(c.number).where(
            *no_incident, c.ended_at < before, c.active.is_(False), ~is_last, ~moved_last
        )
        numbers = list(self._connection.execute(old.order_by(c.number).limit(limit)).scalars())
        self._remove_traces("failover", numbers)
        self._remove_failovers(numbers)
        return len(numbers)

    def _remove_failovers(self, numbers: Sequence[int]) -> None:
        steps, runs = table(tables.FailoverAuditRow), table(tables.FailoverRow)
        self._remove(steps, steps.c.failover.in_(numbers))
        self._remove(runs, runs.c.number.in_(numbers))

    # --- messages -----------------------------------------------------------------------------------------

    def remove_messages(self, *, before: datetime, limit: int) -> int:
        pages, covers, locks, alerts, drafts, proposals = map(table, OF_THEIR_OWN)
        released_at = locks.c.kept["released_at"].as_string()
        over = (
            (pages, [pages.c.incident.is_(None), pages.c.requested_at < before]),
            (covers, [covers.c.open.is_(False), covers.c.ends_at < before]),
            (locks, [text("NOT stands"), released_at < before.isoformat()]),
            (alerts, [alerts.c.incident.is_(None), alerts.c.told_at < before]),
            (drafts, [drafts.c.at < before]),
            (proposals, [proposals.c.proposed_at < before]),
        )
        count = self._remove_some_timers(before, limit) + self._remove_over(over, limit)
        return count + self._remove_digests(before, limit) + self._remove_troubles(before, limit)

    def remove_on_call(self, *, before: datetime, limit: int) -> int:
        shifts, periods = map(table, (tables.ShiftRow, tables.WorkPeriodRow))
        over = ((shifts, [shifts.c.ends_at < before]), (periods, [periods.c.ended_at < before]))
        return self._remove_over(over, limit)

    def _remove_over(self, over: Iterable[tuple[Table, Sequence[Any]]], limit: int) -> int:
        count = 0
        for rows, conditions in over:
            found = select(rows.c.number).where(*conditions).order_by(conditions[-1].left).limit(limit)
            numbers = list(self._connection.execute(found).scalars())
            if numbers:
                self._remove_traces(rows.name, numbers)
                count += self._remove(rows, rows.c.number.in_(numbers))
        return count

    def _remove_digests(self, before: datetime, limit: int) -> int:
        """Delete where messages of one day were posted. Slack's `ts` says when: seconds since 1970."""
        c, slots = table(tables.MessageRow).c, list[str]()
        for name in BY_AGE:
            # Slots of `ask` go on with when it was asked: an index then leaves out those that stay.
            is_one = begins(c.slot, f"{name}:", self._dialect)
            if name == ASK:
                is_sqlite, until = self._dialect == "sqlite", f"{name}:{before.timestamp():.0f}"
                is_one = and_(c.slot >= f"{name}:" if is_sqlite else is_one, c.slot < until)
            is_old = [is_one, c.ts < f"{before.timestamp():.6f}"]
            slots += self._connection.execute(select(c.slot).where(*is_old).limit(limit)).scalars()
        return self._remove(table(tables.MessageRow), c.slot.in_(slots)) if slots else 0

    def _remove_troubles(self, before: datetime, limit: int) -> int:
        """Delete troubles that are over. Those that last stay."""
        c = table(tables.TroubleRow).c
        over = select(c.key).where(c.over_at < before).order_by(c.over_at).limit(limit)
        keys = list(self._connection.execute(over).scalars())
        return self._remove(table(tables.TroubleRow), c.key.in_(keys)) if keys else 0

    def _remove_some_timers(self, before: datetime, limit: int) -> int:
        """Delete sent timers of subjects for which nothing waits: a reminder of theirs can't be due again."""
        timers, others = table(tables.TimerRow), table(tables.TimerRow).alias()
        c, incident = timers.c, table(tables.IncidentRow).c
        waits = exists().where(others.c.subject == c.subject, others.c.state == "waiting")
        is_open = [incident.resolved_at.is_(None), incident.phase.in_([phase.value for phase in WORKING])]
        at_open = select(literal("incident:") + cast(incident.number, String)).where(*is_open)
        is_sent = text("state = 'sent'")  # in the words of the index `timer_sent`
        old = select(c.key).where(is_sent, c.sent_at < before, ~waits, c.subject.not_in(at_open))
        keys = list(self._connection.execute(old.order_by(c.sent_at).limit(limit)).scalars())
        return self._remove(timers, c.key.in_(keys)) if keys else 0

    def _remove(self, rows: Table, condition: ColumnElement[bool]) -> int:
        return int(self._connection.execute(delete(rows).where(condition)).rowcount)

    # --- counts -------------------------------------------------------------------------------------------

    def add(self, kind: str, count: int, *, at: datetime) -> None:
        row = insert(self._dialect, self._table)
        known = self._table.c.count + row.excluded.count
        self._connection.execute(
            row.on_conflict_do_update(index_elements=["kind"], set_={"count": known, "at": row.excluded.at}),
            {"kind": kind, "count": count, "at": at},
        )

    def counted(self) -> Sequence[Pruned]:
        found = self._connection.execute(select(self._table).order_by(self._table.c.kind)).mappings()
        return [Pruned(**row) for row in found]


@cache
def _dropping(dialect: str, messages: Table) -> Prepared:
    """Delete the messages whose slots are between `first` and `after`, letter by letter, by an index."""
    least, below = (">=", "<") if dialect == "sqlite" else ("~>=~", "~<~")
    slot = messages.c.slot
    ours = and_(slot.bool_op(least)(bindparam("first")), slot.bool_op(below)(bindparam("after")))
    return Prepared(delete(messages).where(ours))


def _portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield some texts at a time: SQLite takes a thousand conditions in one statement."""
    for start in range(0, len(texts), CONDITIONS):
        yield texts[start : start + CONDITIONS]
