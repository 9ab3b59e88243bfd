"""Table of the outbox: add effects once, claim them by lane with a lease, retry them or give up."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from bot.adapters.database import effects
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.rows import Rows
from bot.adapters.database.statements import add_once, find
from bot.adapters.database.tables import OutboxRow
from bot.adapters.database.writes import Writes
from bot.domain.effects import Effect, PostEvent, ReleaseHeld
from bot.ports import OutboxEntry, OutboxItem, OutboxQueued, Standstill, StuckLanes


class OutboxTable(Rows):
    """The outbox.

    `has_place` returns whether an incident has a channel, or can't get one. Its effects are held until then. If that is
    not known (None), because another transaction may be opening the channel, a look is queued beside the effect.
    """

    row = OutboxRow

    def __init__(
        self, connection: Connection, writes: Writes, has_place: Callable[[int], bool | None]
    ) -> None:
        super().__init__(connection, writes)
        self._has_place = has_place
        self._new: list[tuple[Effect, datetime, datetime | None]] = []
        self._reminder_due_at: datetime | None = None

    def add(self, effects: Iterable[Effect], *, now: datetime) -> None:
        self._new.extend((effect, now, self._reminder_due_at) for effect in effects)

    @contextmanager
    def reminding(self, due_at: datetime) -> Iterator[None]:
        self._reminder_due_at = due_at
        try:
            yield
        finally:
            self._reminder_due_at = None

    def flush(self) -> bool:
        """Write the new effects. Return whether there were any."""
        if not self._new:
            return False
        rows = [row for effect, now, due_at in self._new for row in self._rows(effect, now, due_at)]
        add_once(self._dialect, self._table).run(self._connection, *rows)
        self._new.clear()
        return True

    def _rows(self, effect: Effect, now: datetime, due_at: datetime | None) -> Iterator[dict[str, object]]:
        incident = effect.needs_channel
        is_ready = incident is None or self._has_place(incident)
        yield {**self._row(effect, now, "ready" if is_ready else "held"), "reminder_due_at": due_at}
        if incident is not None and is_ready is None:
            yield self._row(ReleaseHeld(key=f"release:{effect.key}", incident=incident), now, "ready")

    def _row(self, effect: Effect, now: datetime, state: str) -> dict[str, object]:
        return {
            "key": effect.key,
            "kind": type(effect).__name__,
            "payload": effects.dump(effect),
            "lane": effect.lane,
            "slot": effect.slot,
            "needs_channel": effect.needs_channel,
            "state": state,
            "urgency": int(effect.urgency),
            "queued_at": now,
            "due_at": now,
            "attempts": 0,
            "uncertain": False,
            "reminder_due_at": None,
        }

    def claim(
        self, owner: str, *, now: datetime, lease: timedelta, limit: int, besides: Collection[int] = ()
    ) -> Sequence[OutboxItem]:
        self.flush()
        wanted = {"now": now, "by": owner, "until": now + lease, "most": limit}
        others = {f"besides_{at}": number for at, number in enumerate(besides)}
        taken = _claiming(self._table, len(others)).rows(self._connection, {**wanted, **others})
        rows = sorted(taken, key=lambda row: (row["urgency"], row["id"]))
        return [
            OutboxItem(
                id=row["id"],
                effect=effects.load(row["key"], row["kind"], row["payload"]),
                attempts=row["attempts"],
                uncertain=row["uncertain"],
                queued_at=row["queued_at"],
                reminder_due_at=row["reminder_due_at"],
            )
            for row in rows
        ]

    def fold(self, item: OutboxItem, *, now: datetime, before: datetime, limit: int) -> OutboxItem:
        """Put the lines that have waited behind an item since `before` into it, so that one message has all."""
        line = item.effect
        if not isinstance(line, PostEvent):
            return item
        found = self._connection.execute(
            _behind(self._table), {"lane": line.lane, "this": item.id, "before": before, "most": limit}
        )
        waiting = [(row.id, effects.load(row.key, row.kind, row.payload)) for row in found]
        lines = {number: effect for number, effect in waiting if isinstance(effect, PostEvent)}
        if not lines:
            return item
        for number in lines:
            self.done(number, at=now, why=f"in {line.key}")
        together = replace(item, effect=line.with_late(lines.values()))
        stored = {"kind": type(together.effect).__name__, "payload": effects.dump(together.effect)}
        self._connection.execute(update(self._table).where(self._table.c.id == item.id).values(stored))
        return together

    def done(self, item: int, *, at: datetime, why: str | None = None) -> bool:
        end = {"this": item, "state": "done", "at": at, "why": why}
        return bool(_prepared_finish(self._table).run(self._connection, end))

    def give_up(self, item: int, owner: str, *, at: datetime, why: str) -> bool:
        end = {"this": item, "state": "failed", "at": at, "why": why, "by": owner}
        return bool(self._connection.execute(_giving_up(self._table), end).rowcount)

    def renew(self, item: int, owner: str, *, until: datetime) -> bool:
        c = self._table.c
        mine = update(self._table).where(c.id == item, c.state == "sending", c.owner == owner)
        return bool(self._connection.execute(mine.values(lease_until=until)).rowcount)

    def put_back(
        self, item: int, owner: str, *, due: datetime, tried: bool, uncertain: bool, why: str
    ) -> bool:
        """Make an item ready again at `due`. Return False if its lease was lost.

        A waiting item of the same slot is deleted: this one will show the newest state.
        """
        c = self._table.c
        mine = select(c.id).where(c.id == item, c.state == "sending", c.owner == owner)
        if self._connection.execute(mine.with_for_update()).first() is None:
            return False
        slot = select(c.slot).where(c.id == item).scalar_subquery()
        waiting = and_(
            c.slot == slot, c.id != item, text("state IN ('held', 'ready')")
        )  # as the index says it
        self._connection.execute(self._table.delete().where(waiting))
        again = {
            "state": "ready",
            "due_at": due,
            "uncertain": uncertain,
            "why": why,
            "lease_until": None,
            "attempts": c.attempts - (0 if tried else 1),
        }
        self._connection.execute(update(self._table).where(c.id == item).values(again))
        return True

    def knows(self, key: str) -> bool:
        if any(effect.key == key for effect, *_ in self._new):
            return True  # not written yet: until the end nobody waits for what this session adds
        return find(self._table, "key").first(self._connection, {"key": key}) is not None

    def stuck(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Standstill]:
        found = self._connection.execute(
            _stuck(self._table), {"now": now, "late": now - lease, "most": limit}
        )
        return [
            Standstill(
                id=row.id,
                effect=effects.load(row.key, row.kind, row.payload),
                since=row.lease_until if row.state == "sending" else row.due_at,
            )
            for row in found
        ]

    def count_stuck(self, *, now: datetime, lease: timedelta) -> Mapping[str, StuckLanes]:
        found = self._connection.execute(_counted_stuck(self._table), {"now": now, "late": now - lease})
        return {row.kind: StuckLanes(count=row.lanes, since=row.since) for row in found}

    def release(self, incident: int) -> None:
        self.flush()
        self._connection.execute(_releasing(self._table), {"of": incident})

    def doubt(self, *, before: datetime) -> int:
        c = self._table.c
        waits = (
            c.done_at.is_(None),
            c.state.in_(("held", "ready")),
            c.due_at < before,
            c.uncertain.is_(False),
        )
        return int(
            self._connection.execute(update(self._table).where(*waits).values(uncertain=True)).rowcount
        )

    def next_due(self) -> datetime | None:
        c = self._table.c
        when = func.min(func.coalesce(c.lease_until, c.due_at))
        soonest = select(when).where(c.done_at.is_(None), c.state != literal("held"))
        return self._connection.execute(soonest).scalar()

    def waiting(self) -> Mapping[str, int]:
        c = self._table.c
        counted = select(c.state, func.count().label("count")).where(c.done_at.is_(None)).group_by(c.state)
        return {str(state): int(count) for state, count in self._connection.execute(counted)}

    def latest(self, *, limit: int) -> Sequence[OutboxEntry]:
        c = self._table.c
        shown = select(c.id, c.kind, c.lane, c.state, c.attempts, c.due_at, c.why)
        found = shown.order_by(c.done_at.is_not(None), c.id.desc()).limit(limit)
        return [OutboxEntry(**row) for row in self._connection.execute(found).mappings()]

    def queued(self, keys: Collection[str]) -> Sequence[OutboxQueued]:
        c, first = self._table.c, self._table.alias()
        in_lane = select(first.c.why).where(first.c.lane == c.lane, first.c.done_at.is_(None))
        why = case(
            (c.done_at.is_(None), in_lane.order_by(first.c.id).limit(1).scalar_subquery()), else_=c.why
        )
        shown = select(c.key, c.kind, c.payload, c.state, why.label("why"))
        shown = shown.where(c.key.in_(keys)).order_by(c.id)
        return [
            OutboxQueued(effect=effects.load(it.key, it.kind, it.payload), state=it.state, why=it.why)
            for it in self._connection.execute(shown)
        ]

    def forget(self, *, before: datetime, limit: int) -> int:
        return self._delete_old(self._table.c.done_at, before=before, limit=limit)


# --- cached statements --------------------------------------------------------------------------------------------


@lru_cache(maxsize=128)  # as many as there are senders, and some
def _claiming(outbox: Table, others: int) -> Prepared:
    """Claim the due items, each the first of its lane, `most` of them, for an owner (`by`) and `until` a time.

    `others` items are left out: `besides_0`, `besides_1` and so on. It runs with each look at the queue.
    """
    c, now = outbox.c, bindparam("now", type_=outbox.c.due_at.type)
    due = and_(c.state == "ready", c.due_at <= now)
    lapsed = and_(c.state == "sending", c.lease_until < now)
    left_out = [c.id != bindparam(f"besides_{at}", type_=c.id.type) for at in range(others)]
    first = (
        select(c.id)
        .where(
            text("state IN ('ready', 'sending')"),  # as the index says it
            c.done_at.is_(None),
            or_(due, lapsed),
            *left_out,
            c.id == _first_of_lane(outbox),
        )
        .order_by(c.urgency, c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=outbox)
    )
    return Prepared(
        update(outbox)
        .where(c.id.in_(first))
        .values(
            state="sending",
            owner=bindparam("by"),
            lease_until=bindparam("until", type_=c.lease_until.type),
            attempts=c.attempts + 1,
            uncertain=or_(c.uncertain, c.state == "sending"),
        )
        .returning(
            c.id, c.key, c.kind, c.payload, c.attempts, c.uncertain, c.queued_at, c.urgency, c.reminder_due_at
        )
    )


def _first_of_lane(outbox: Table) -> ScalarSelect[int]:
    """Return the first unfinished item of an item's lane. It is looked up for as few items as are wanted.

    PostgreSQL would answer `_is_first` for all that wait, before it takes the first few.
    """
    c, other = outbox.c, outbox.alias()
    unfinished = select(other.c.id).where(other.c.lane == c.lane, other.c.done_at.is_(None))
    return unfinished.order_by(other.c.id).limit(literal(1)).scalar_subquery()


def _is_first(outbox: Table) -> ColumnElement[bool]:
    """Return the condition that no earlier item of the same lane is unfinished."""
    c, earlier = outbox.c, outbox.alias()
    return ~exists().where(earlier.c.lane == c.lane, earlier.c.id < c.id, earlier.c.done_at.is_(None))


@cache
def _behind(outbox: Table) -> Select[Any]:
    """Find the lines that wait in a `lane` behind `this` item since before a time, `most` of them."""
    c, before = outbox.c, bindparam("before", type_=outbox.c.due_at.type)
    behind = and_(c.lane == bindparam("lane"), c.id > bindparam("this"), c.done_at.is_(None))
    late = and_(c.kind == literal(PostEvent.__name__), c.state == literal("ready"), c.queued_at <= before)
    found = select(c.id, c.key, c.kind, c.payload).where(behind, late)
    return found.order_by(c.id).limit(bindparam("most"))


@cache
def _finishing(outbox: Table) -> Update:
    """Finish the item `this` in a `state`, unless it is finished already."""
    c = outbox.c
    mine = update(outbox).where(c.id == bindparam("this"), c.done_at.is_(None))
    at = bindparam("at", type_=c.done_at.type)
    return mine.values(state=bindparam("state"), why=bindparam("why"), done_at=at, lease_until=None)


@cache
def _prepared_finish(outbox: Table) -> Prepared:
    return Prepared(_finishing(outbox))


@cache
def _giving_up(outbox: Table) -> Update:
    """Like `_finishing`, unless another owner than `by` has taken the item over."""
    return _finishing(outbox).where(outbox.c.owner == bindparam("by"))


@cache
def _stuck(outbox: Table) -> Select[Any]:
    """Find the first item of each lane that stands still, `most` of them, the oldest first."""
    c = outbox.c
    found = select(c.id, c.key, c.kind, c.payload, c.state, c.due_at, c.lease_until)
    return found.where(*_stands_still(outbox)).order_by(c.due_at, c.id).limit(bindparam("most"))


@cache
def _counted_stuck(outbox: Table) -> Select[Any]:
    """Count the lanes that stand still, by the kind of their first item."""
    c = outbox.c
    since = func.min(case((c.state == "sending", c.lease_until), else_=c.due_at), type_=c.due_at.type)
    found = select(c.kind, func.count().label("lanes"), since.label("since"))
    return found.where(*_stands_still(outbox)).group_by(c.kind)


def _stands_still(outbox: Table) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of a lane's first item: due since before `late`, or its lease ended before `now`."""
    c = outbox.c
    moment = {name: bindparam(name, type_=c.due_at.type) for name in ("now", "late")}
    due = and_(c.state == "ready", c.due_at < moment["late"])
    lapsed = and_(c.state == "sending", c.lease_until < moment["now"])
    return c.done_at.is_(None), or_(due, lapsed), _is_first(outbox)


@cache
def _releasing(outbox: Table) -> Update:
    """Make the items ready that waited for the channel `of` an incident."""
    held = update(outbox).where(outbox.c.needs_channel == bindparam("of"), outbox.c.state == "held")
    return held.values(state="ready")
