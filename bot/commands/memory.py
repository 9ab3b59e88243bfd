"""A unit of work in memory, for tests: what is put is kept when the block ends well, else as if never put."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from bot.commands.memory_changes import Changes, Locks
from bot.commands.memory_postmortems import FollowUps, Postmortems
from bot.domain.change import Change
from bot.domain.cover import CoverRequest
from bot.domain.effects import Effect
from bot.domain.failover import Failover
from bot.domain.follow_up import FollowUp
from bot.domain.incident import Incident
from bot.domain.lock import Lock as DeployLock
from bot.domain.page import Page
from bot.domain.postmortem import Postmortem
from bot.domain.relief import WorkPeriod
from bot.domain.search import Search
from bot.domain.shift import Shift, overlapping
from bot.domain.team_notice import TeamNotice
from bot.domain.timeline import Entry
from bot.domain.timer import Timer
from bot.domain.trouble import Trouble
from bot.ports import (
    AuditEntry,
    Contact,
    OnCallCopy,
    OutboxEntry,
    OutboxItem,
    Person,
    Posted,
    Session,
    Standstill,
    TimeLimit,
    UserGroup,
)


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A row of the outbox; `state` is held (for its channel), ready, sending, done or failed."""

    id: int
    effect: Effect
    state: str
    queued_at: datetime
    due: datetime
    attempts: int = 0
    uncertain: bool = False
    owner: str | None = None
    lease_until: datetime | None = None
    done_at: datetime | None = None
    why: str | None = None

    @property
    def is_waiting(self) -> bool:
        return self.state in {"held", "ready"}

    def may_leave(self, now: datetime) -> bool:
        if self.state == "sending":
            return self.lease_until is not None and self.lease_until < now
        return self.state == "ready" and self.due <= now

    def stands_since(self, now: datetime, lease: timedelta) -> datetime | None:
        is_lapsed = self.state == "sending" and self.may_leave(now)
        if is_lapsed:
            return self.lease_until
        return self.due if self.state == "ready" and self.due < now - lease else None


@dataclass(kw_only=True)
class Kept:
    """All that is kept; its values are frozen, so that a copy of the shelves is a copy of all."""

    counters: dict[str, int] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    timeline: list[Entry] = field(default_factory=list)
    pages: dict[int, Page] = field(default_factory=dict)
    team_notices: dict[int, TeamNotice] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    on_calls: list[OnCallCopy] = field(default_factory=list)
    messages: dict[str, Posted] = field(default_factory=dict)
    outbox: dict[int, Queued] = field(default_factory=dict)
    inbound: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)
    spoken: dict[str, datetime] = field(default_factory=dict)
    shifts: dict[int, Shift] = field(default_factory=dict)
    covers: dict[int, CoverRequest] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    user_groups: dict[str, UserGroup] = field(default_factory=dict)
    periods: dict[int, WorkPeriod] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    locks: dict[int, DeployLock] = field(default_factory=dict)
    failovers: dict[int, Failover] = field(default_factory=dict)
    audit_entries: list[AuditEntry] = field(default_factory=list)
    runners: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    postmortems: dict[int, Postmortem] = field(default_factory=dict)
    follow_ups: dict[int, FollowUp] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def copied(self) -> "Kept":
        return Kept(**{it.name: copy(getattr(self, it.name)) for it in fields(self)})

    def next(self, name: str) -> int:
        self.counters[name] = self.counters.get(name, 0) + 1
        return self.counters[name]


class Memory:
    """Implements `ports.UnitOfWork`; writers take turns, as in SQLite."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._turn = Lock()

    @contextmanager
    def begin(self, limit: TimeLimit | None = None) -> Iterator[Session]:
        with self._turn:
            draft = self._kept.copied()
            yield MemorySession(draft)
            with limit.committing() if limit else nullcontext():
                self._kept = draft

    @contextmanager
    def read(self) -> Iterator[Session]:
        before = self._kept
        draft = before.copied()
        yield MemorySession(draft)
        if draft != before:
            raise RuntimeError("something was written in a read-only transaction")

    def begin_background(self) -> AbstractContextManager[Session]:
        return self.begin()

    def copied(self) -> "Memory":
        """Return another that keeps the same: what is written to one is not in the other."""
        other = Memory()
        other._kept = self._kept.copied()
        return other

    def queued(self) -> Sequence[Queued]:
        """Give the whole outbox, what is done included, in the order it was asked for."""
        return tuple(self._kept.outbox.values())


class MemorySession:
    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.incidents = Incidents(kept)
        self.timeline = Timeline(kept)
        self.pages = Pages(kept)
        self.team_notices = TeamNotices(kept)
        self.people = People(kept)
        self.on_calls = OnCalls(kept)
        self.messages = Messages(kept)
        self.outbox = Outbox(kept)
        self.inbound = Inbound(kept)
        self.timers = Timers(kept)
        self.shifts = Shifts(kept)
        self.covers = Covers(kept)
        self.contacts = Contacts(kept)
        self.user_groups = UserGroups(kept)
        self.periods = WorkPeriods(kept)
        self.changes = Changes(kept)
        self.locks = Locks(kept)
        self.failovers = Failovers(kept)
        self.postmortems = Postmortems(kept.postmortems)
        self.follow_ups = FollowUps(kept.follow_ups)
        self.troubles = Troubles(kept)

    def lock(self, section: str) -> None:
        """Nobody else is at work while this one is."""

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        holder, until = self._kept.leases.get(job, (owner, now))
        if holder != owner and until >= now:
            return False
        self._kept.leases[job] = (owner, now + lease)
        return True


# --- the records ------------------------------------------------------------------------------------------


class Records:
    def __init__(self, kept: Kept) -> None:
        self._kept = kept


class Incidents(Records):
    def reserve(self) -> int:
        return self._kept.next("incident")

    def get(self, number: int) -> Incident | None:
        return self._kept.incidents.get(number)

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        return {number for number in numbers if number in self._kept.incidents}

    look = get

    def in_channel(self, channel: str) -> Incident | None:
        return next((it for it in self._kept.incidents.values() if it.channel == channel), None)

    def open(self, *, limit: int) -> Sequence[Incident]:
        newest = sorted(self._kept.incidents.values(), key=lambda it: -it.number)
        return [it for it in newest if it.is_open][:limit]

    def search(self, wanted: Search, *, skip: int = 0, limit: int) -> Sequence[Incident]:
        return sorted(self._found(wanted), key=lambda it: -it.number)[skip : skip + limit]

    def count(self, wanted: Search) -> int:
        return len(self._found(wanted))

    def _found(self, wanted: Search) -> list[Incident]:
        paged: dict[int | None, set[str]] = {}
        for page in self._kept.pages.values():
            paged.setdefault(page.incident, set()).add(page.team or "")
        every = self._kept.incidents.values()
        return [it for it in every if wanted.finds(it, paged.get(it.number, ()))]

    def names_of_open(self) -> Sequence[tuple[int, str]]:
        return [(it.number, it.name) for it in self._kept.incidents.values() if it.is_open]

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        every = sorted(self._kept.incidents.values(), key=lambda it: it.number)
        return [it for it in every if it.resolved_at is None or it.resolved_at > since]

    def put(self, incident: Incident) -> None:
        self._kept.incidents[incident.number] = incident


class Timeline(Records):
    def append(self, entry: Entry) -> None:
        self._kept.timeline.append(replace(entry, data=to_jsonable_python(entry.data)))

    def of(self, incident: int) -> Sequence[Entry]:
        return sorted(
            (it for it in self._kept.timeline if it.incident == incident), key=lambda entry: entry.seq
        )

    def among(self, incidents: Collection[int], kinds: Collection[str]) -> Sequence[Entry]:
        found = (it for it in self._kept.timeline if it.incident in incidents and it.kind in kinds)
        return sorted(found, key=lambda it: (it.incident, it.seq))

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None:
        self._kept.timeline[:] = [
            replace(it, permalink=permalink) if (it.incident, it.seq) == (incident, seq) else it
            for it in self._kept.timeline
        ]

    def set_visibility(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        self._kept.timeline[:] = [
            replace(it, visibility=mark) if it.incident == incident and it.seq in seqs else it
            for it in self._kept.timeline
        ]


class Pages(Records):
    def reserve(self) -> int:
        return self._kept.next("page")

    def get(self, number: int) -> Page | None:
        return self._kept.pages.get(number)

    def by_key(self, key: str) -> Page | None:
        return next((it for it in self._kept.pages.values() if it.key == key), None)

    def by_pagerduty(self, pagerduty_id: str) -> Page | None:
        return next(iter(self.following(pagerduty_id)), None)

    def following(self, pagerduty_id: str) -> Sequence[Page]:
        return [it for it in self._in_order() if it.pagerduty_id == pagerduty_id]

    def of(self, incident: int) -> Sequence[Page]:
        return [it for it in self._in_order() if it.incident == incident]

    def since(self, since: datetime) -> Sequence[Page]:
        return [it for it in self._in_order() if it.requested_at >= since]

    def ringing(self) -> Sequence[Page]:
        return [it for it in self._in_order() if it.is_ringing]

    def put(self, page: Page) -> None:
        self._kept.pages[page.number] = page

    def _in_order(self) -> Sequence[Page]:
        return sorted(self._kept.pages.values(), key=lambda page: page.number)


class Shifts(Records):
    def reserve(self) -> int:
        return self._kept.next("shift")

    def get(self, number: int) -> Shift | None:
        return self._kept.shifts.get(number)

    def of(self, subject: str) -> Shift | None:
        return next((it for it in self._kept.shifts.values() if it.subject == subject), None)

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        return [it for it in self._in_order(since, until) if it.turn.schedule == schedule]

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        ever = datetime.max.replace(tzinfo=since.tzinfo)
        return [it for it in self._in_order(since, ever) if it.person == person and not it.gone_at]

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        return [it for it in self._in_order(since, until) if not it.gone_at]

    def put(self, shift: Shift) -> None:
        self._kept.shifts[shift.number] = shift

    def _in_order(self, since: datetime, until: datetime) -> Sequence[Shift]:
        found = overlapping(self._kept.shifts.values(), since, until)
        return sorted(found, key=lambda it: (it.start, it.number))


class Covers(Records):
    def reserve(self) -> int:
        return self._kept.next("cover")

    def get(self, number: int) -> CoverRequest | None:
        return self._kept.covers.get(number)

    def open(self) -> Sequence[CoverRequest]:
        found = (it for it in self._kept.covers.values() if it.is_open)
        return sorted(found, key=lambda it: (it.start, it.number))

    def put(self, cover: CoverRequest) -> None:
        self._kept.covers[cover.number] = cover


class Contacts(Records):
    def get(self, email: str) -> Contact | None:
        return self._kept.contacts.get(email)

    def put(self, contact: Contact) -> None:
        self._kept.contacts[contact.email] = contact


class UserGroups(Records):
    def get(self, group: str) -> UserGroup | None:
        return self._kept.user_groups.get(group)

    def put(self, group: UserGroup) -> None:
        self._kept.user_groups[group.id] = group


class TeamNotices(Records):
    def reserve(self) -> int:
        return self._kept.next("team_notice")

    def get(self, number: int) -> TeamNotice | None:
        return self._kept.team_notices.get(number)

    def put(self, notice: TeamNotice) -> None:
        self._kept.team_notices[notice.number] = notice


class WorkPeriods(Records):
    def reserve(self) -> int:
        return self._kept.next("period")

    def get(self, number: int) -> WorkPeriod | None:
        return self._kept.periods.get(number)

    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        mine = (it for it in self._kept.periods.values() if it.person == person)
        recent = (it for it in mine if it.ended_at is None or it.ended_at > since)
        return sorted(recent, key=lambda it: (it.started_at, it.number))

    def put(self, period: WorkPeriod) -> None:
        self._kept.periods[period.number] = period


class People(Records):
    def get(self, person: str) -> Person | None:
        return self._kept.people.get(person)

    def put(self, person: Person) -> None:
        self._kept.people[person.id] = person

    def named(self, name: str) -> Person | None:
        """Find the only one of this name, or of this first name."""
        said = name.casefold()
        every = self._kept.people.values()
        found = [
            it for it in every if it.name.casefold() == said or it.name.casefold().startswith(f"{said} ")
        ]
        found = [it for it in found if it.is_assignable] or found
        return found[0] if len(found) == 1 else None

    def unprofiled(self, *, before: datetime, limit: int) -> Sequence[Person]:
        every = self._kept.people.values()
        unasked = [it for it in every if it.profiled_at is None or it.profiled_at < before]
        return sorted(unasked, key=lambda it: (_age(it.asked_at), _age(it.profiled_at)))[:limit]


def _age(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


class OnCalls(Records):
    def copy(self) -> OnCallCopy:
        return self._kept.on_calls[-1] if self._kept.on_calls else OnCallCopy()

    def replace(self, copy: OnCallCopy) -> None:
        self._kept.on_calls[:] = [copy]


class Messages(Records):
    def get(self, slot: str) -> Posted | None:
        return self._kept.messages.get(slot)

    def put(self, slot: str, posted: Posted) -> None:
        self._kept.messages[slot] = posted

    def moved(self, channel: str, to: str) -> None:
        for slot, posted in self._kept.messages.items():
            if posted.channel == channel:
                self._kept.messages[slot] = replace(posted, channel=to, permalink=None)


class Troubles(Records):
    def get(self, key: str) -> Trouble | None:
        return self._kept.troubles.get(key)

    def put(self, trouble: Trouble) -> None:
        self._kept.troubles[trouble.key] = trouble


class Inbound(Records):
    def remember(self, request: str, *, at: datetime) -> str | None:
        if request in self._kept.inbound:
            return self._kept.inbound[request][1]
        self._kept.inbound[request] = (at, "")
        return None

    def answered(self, request: str, answer: str) -> None:
        self._kept.inbound[request] = (self._kept.inbound[request][0], answer)

    def forget(self, *, before: datetime) -> None:
        for request, (at, _) in list(self._kept.inbound.items()):
            if at < before:
                del self._kept.inbound[request]


# --- failovers --------------------------------------------------------------------------------------------


class Failovers(Records):
    def reserve(self) -> int:
        return self._kept.next("failover")

    def get(self, number: int) -> Failover | None:
        return self._kept.failovers.get(number)

    def put(self, failover: Failover) -> None:
        self._kept.failovers[failover.number] = failover

    def active(self) -> Sequence[Failover]:
        return [it for _, it in sorted(self._kept.failovers.items()) if it.is_active]

    def holder(self, lock: str) -> Failover | None:
        return next((it for it in self.active() if it.lock == lock), None)

    def last_moved(self, lock: str) -> Failover | None:
        moved = [it for _, it in sorted(self._kept.failovers.items()) if it.lock == lock and it.began]
        return moved[-1] if moved else None

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        over = [(it.ended_at, it.number, it) for it in self._kept.failovers.values() if it.ended_at]
        newest = sorted((it for it in over if it[2].plan.name == plan), key=lambda it: it[:2], reverse=True)
        return [failover for _, _, failover in newest[:limit]]

    def append(self, trace: AuditEntry) -> None:
        self._kept.audit_entries.append(trace)

    def audit_log(self, number: int) -> Sequence[AuditEntry]:
        return [it for it in self._kept.audit_entries if it.failover == number]

    def claim(self, owner: str, *, now: datetime, lease: timedelta, besides: Collection[int]) -> int | None:
        for number, failover in sorted(self._kept.failovers.items()):
            holder, until = self._kept.runners.get(number, (owner, now))
            if failover.is_to_run and number not in besides and (holder == owner or until < now):
                self._kept.runners[number] = (owner, now + lease)
                return number
        return None

    def renew(self, number: int, owner: str, *, until: datetime) -> bool:
        is_mine = number in self._kept.runners and self._kept.runners[number][0] == owner
        if is_mine:
            self._kept.runners[number] = (owner, until)
        return is_mine

    def let_go(self, number: int, owner: str) -> None:
        if self.renew(number, owner, until=datetime.min.replace(tzinfo=UTC)):
            del self._kept.runners[number]


# --- timers -----------------------------------------------------------------------------------------------


class Timers(Records):
    def replace(self, subject: str, timers: Iterable[Timer]) -> None:
        for key in [key for key, timer in self._kept.timers.items() if timer.subject == subject]:
            del self._kept.timers[key]
        self._kept.timers.update({it.key: it for it in timers if it.key not in self._kept.spoken})

    def due_subjects(self, now: datetime, limit: int) -> Sequence[str]:
        due = sorted((it for it in self._kept.timers.values() if it.due_at <= now), key=lambda it: it.due_at)
        return tuple(dict.fromkeys(it.subject for it in due))[:limit]

    def due(self, subject: str, now: datetime) -> Sequence[Timer]:
        mine = (it for it in self._kept.timers.values() if it.subject == subject and it.due_at <= now)
        return sorted(mine, key=lambda it: it.due_at)

    def spoken(self, key: str, at: datetime) -> None:
        self._kept.timers.pop(key, None)
        self._kept.spoken.setdefault(key, at)

    def put_off(self, subject: str, *, due: datetime) -> None:
        for timer in self.due(subject, due):
            self._kept.timers[timer.key] = replace(timer, due_at=due)

    def next_due(self) -> datetime | None:
        return min((it.due_at for it in self._kept.timers.values()), default=None)


# --- the outbox -------------------------------------------------------------------------------------------


class Outbox(Records):
    def add(self, effects: Iterable[Effect], *, now: datetime) -> None:
        for effect in effects:
            if not self._is_known(effect):
                state = "held" if self._needs_a_place(effect) else "ready"
                self._put(
                    Queued(
                        id=self._kept.next("outbox"),
                        effect=as_stored(effect),
                        state=state,
                        queued_at=now,
                        due=now,
                    )
                )

    def _is_known(self, effect: Effect) -> bool:
        return any(
            row.effect.key == effect.key
            or (effect.slot is not None and row.effect.slot == effect.slot and row.is_waiting)
            for row in self._kept.outbox.values()
        )

    def _needs_a_place(self, effect: Effect) -> bool:
        incident = self._kept.incidents.get(effect.needs_channel or 0)
        return effect.needs_channel is not None and not (
            incident and (incident.channel or incident.channel_refused)
        )

    def claim(
        self, owner: str, *, now: datetime, lease: timedelta, limit: int, besides: Collection[int] = ()
    ) -> Sequence[OutboxItem]:
        due = [row for row in self._first_in_lanes() if row.may_leave(now) and row.id not in besides]
        taken = sorted(due, key=lambda row: (row.effect.urgency, row.id))[:limit]
        return [self._sending(row, owner, until=now + lease) for row in taken]

    def _first_in_lanes(self) -> Iterable[Queued]:
        lanes: dict[str, Queued] = {}
        for row in self._kept.outbox.values():
            if row.done_at is None:
                lanes.setdefault(row.effect.lane, row)
        return lanes.values()

    def _sending(self, row: Queued, owner: str, *, until: datetime) -> OutboxItem:
        uncertain = row.uncertain or row.state == "sending"
        taken = replace(row, state="sending", owner=owner, lease_until=until, attempts=row.attempts + 1)
        self._put(replace(taken, uncertain=uncertain))
        return OutboxItem(
            id=row.id,
            effect=row.effect,
            attempts=row.attempts + 1,
            uncertain=uncertain,
            queued_at=row.queued_at,
        )

    def done(self, item: int, *, at: datetime) -> bool:
        return self._finish(item, "done", at, None)

    def give_up(self, item: int, *, at: datetime, why: str) -> bool:
        return self._finish(item, "failed", at, why)

    def _finish(self, item: int, state: str, at: datetime, why: str | None) -> bool:
        row = self._kept.outbox[item]
        if row.done_at is None:
            self._put(replace(row, state=state, done_at=at, why=why, lease_until=None))
        return row.done_at is None

    def knows(self, key: str) -> bool:
        return any(row.effect.key == key for row in self._kept.outbox.values())

    def standing(self, *, now: datetime, lease: timedelta) -> Sequence[Standstill]:
        since = [(row, row.stands_since(now, lease)) for row in self._first_in_lanes()]
        return [Standstill(id=row.id, effect=row.effect, since=at) for row, at in since if at]

    def put_back(
        self, item: int, owner: str, *, due: datetime, tried: bool, uncertain: bool, why: str
    ) -> bool:
        row = self._kept.outbox[item]
        if (row.state, row.owner) != ("sending", owner):
            return False
        for other in list(self._kept.outbox.values()):
            if (
                other.is_waiting
                and other.id != item
                and row.effect.slot
                and other.effect.slot == row.effect.slot
            ):
                del self._kept.outbox[other.id]
        attempts = row.attempts - (0 if tried else 1)
        self._put(
            replace(
                row,
                state="ready",
                due=due,
                attempts=attempts,
                uncertain=uncertain,
                why=why,
                lease_until=None,
            )
        )
        return True

    def release(self, incident: int) -> None:
        for row in list(self._kept.outbox.values()):
            if row.state == "held" and row.effect.needs_channel == incident:
                self._put(replace(row, state="ready"))

    def next_due(self) -> datetime | None:
        unfinished = (row for row in self._kept.outbox.values() if row.state in {"ready", "sending"})
        return min((row.lease_until or row.due for row in unfinished), default=None)

    def waiting(self) -> Mapping[str, int]:
        states = [row.state for row in self._kept.outbox.values() if row.done_at is None]
        return {state: states.count(state) for state in states}

    def latest(self, *, limit: int) -> Sequence[OutboxEntry]:
        rows = sorted(self._kept.outbox.values(), key=lambda row: (row.done_at is not None, -row.id))
        return [
            OutboxEntry(
                id=row.id,
                kind=type(row.effect).__name__,
                lane=row.effect.lane,
                state=row.state,
                attempts=row.attempts,
                due_at=row.due,
                why=row.why,
            )
            for row in rows[:limit]
        ]

    def forget(self, *, before: datetime) -> None:
        for row in list(self._kept.outbox.values()):
            if row.done_at and row.done_at < before:
                del self._kept.outbox[row.id]

    def _put(self, row: Queued) -> None:
        self._kept.outbox[row.id] = row


_ADAPTERS: dict[type[Effect], TypeAdapter[Effect]] = {}


def as_stored(effect: Effect) -> Effect:
    """Return the effect as a database gives it back: facts that JSON can't carry fail here, not in production."""
    kind = type(effect)
    adapter = _ADAPTERS.get(kind) or _ADAPTERS.setdefault(kind, TypeAdapter(kind))
    return adapter.validate_json(adapter.dump_json(effect))
