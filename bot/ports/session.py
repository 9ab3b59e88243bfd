"""The session: one database transaction, and the records in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.changes.change import Change, ChangeWindow
from bot.domain.changes.lock import Lock
from bot.domain.effects import Effect
from bot.domain.failover.failover import Failover
from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.shift import Shift
from bot.domain.paging.page import Page
from bot.domain.postmortem.follow_up import FollowUp
from bot.domain.postmortem.postmortem import Postmortem
from bot.domain.relief.relief import WorkPeriod
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.domain.trouble import Trouble
from bot.ports.chat import Person, Posted
from bot.ports.pager import OnCallShift
from bot.ports.time_limit import TimeLimit


@dataclass(frozen=True, kw_only=True)
class OutboxItem:
    """An effect to be delivered, with the number of tries and whether the last outcome is unknown."""

    id: int
    effect: Effect
    attempts: int
    uncertain: bool
    queued_at: datetime


@dataclass(frozen=True, kw_only=True)
class OutboxEntry:
    """An effect in the outbox. `state`: held (for its channel), ready, sending, done or failed. `why`: last error."""

    id: int
    kind: str
    lane: str
    state: str
    attempts: int
    due_at: datetime
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """An effect that is overdue since `since`. Those behind it in its lane wait too."""

    id: int
    effect: Effect
    since: datetime


@dataclass(frozen=True, kw_only=True)
class OnCallCopy:
    """PagerDuty's on-calls, as copied at `synced_at`. `trouble` is why the copy is not newer."""

    on_calls: tuple[OnCallShift, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contact:
    """An e-mail address that the pager knows, and its owner in Slack. `reported_at`: when it was reported as nobody's.

    `tried_at` is when Slack was asked and did not answer.
    """

    email: str
    person: str | None = None
    asked_at: datetime | None = None
    tried_at: datetime | None = None
    reported_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """The members of a Slack user group at `synced_at`. `trouble` is a word for why they are not newer."""

    id: str
    members: tuple[str, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


class IncidentRecords(Protocol):
    def reserve(self) -> int:
        """Return the next free number."""

    def get(self, number: int) -> Incident | None:
        """Fetch for a change, and lock the incident until the transaction ends."""

    def look(self, number: int) -> Incident | None:
        """Fetch for reading, without waiting for a lock."""

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        """Lock those that are free, without waiting. Return which; `get` then needs no further query."""

    def in_channel(self, channel: str) -> Incident | None: ...
    def open(self, *, limit: int) -> Sequence[Incident]:
        """Return open incidents, newest first."""

    def search(self, wanted: Search, *, skip: int = 0, limit: int) -> Sequence[Incident]:
        """Return matching incidents, newest first."""

    def count(self, wanted: Search) -> int: ...
    def names_of_open(self) -> Sequence[tuple[int, str]]:
        """Return the number and the name of each open incident."""

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        """Return incidents that are open or were open at some moment since then, oldest first."""

    def put(self, incident: Incident) -> None: ...


class TimelineRecords(Protocol):
    def append(self, entry: Entry) -> None: ...
    def among(self, incidents: Collection[int], kinds: Collection[str]) -> Sequence[Entry]:
        """Return entries of these kinds, by incident, then in recorded order."""

    def of(self, incident: int) -> Sequence[Entry]:
        """Return the whole timeline in recorded order."""

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None: ...
    def set_visibility(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        """Mark entries as kept or hidden. None removes the mark."""


class PageRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Page | None: ...
    def by_key(self, key: str) -> Page | None: ...
    def by_pagerduty(self, pagerduty_id: str) -> Page | None: ...
    def following(self, pagerduty_id: str) -> Sequence[Page]:
        """Return all pages with this id at the pager. Merged pages share one."""

    def of(self, incident: int) -> Sequence[Page]: ...
    def ringing(self) -> Sequence[Page]: ...
    def since(self, since: datetime) -> Sequence[Page]:
        """Return the pages requested since then, oldest first."""

    def put(self, page: Page) -> None: ...


class TeamNoticeRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> TeamNotice | None: ...
    def put(self, notice: TeamNotice) -> None: ...


class PeopleRecords(Protocol):
    def get(self, person: str) -> Person | None: ...
    def put(self, person: Person) -> None: ...
    def named(self, name: str) -> Person | None: ...
    def unprofiled(self, *, before: datetime, limit: int) -> Sequence[Person]:
        """Return people without a profile since then. Those asked about longest ago, or never, come first."""


class OnCallRecords(Protocol):
    def copy(self) -> OnCallCopy: ...
    def replace(self, copy: OnCallCopy) -> None: ...


class ShiftRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Shift | None: ...
    def of(self, subject: Subject) -> Shift | None:
        """Find a shift by `shift:<schedule>:<user>:<start>`."""

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return a schedule's shifts that overlap this time, earliest first. Includes removed shifts."""

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        """Return a person's (Slack id) shifts that end after `since`, earliest first. Excludes removed shifts."""

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return all shifts that overlap this time. Excludes removed shifts."""

    def put(self, shift: Shift) -> None: ...


class CoverRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> CoverRequest | None: ...
    def open(self) -> Sequence[CoverRequest]:
        """Return requests that are open or accepted, earliest first."""

    def put(self, cover: CoverRequest) -> None: ...


class ContactRecords(Protocol):
    """Who has which e-mail address in Slack, as of the last query."""

    def get(self, email: str) -> Contact | None: ...
    def put(self, contact: Contact) -> None: ...


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """A line of a failover's audit log. `data` has the event's own facts, `source` is where the request came from."""

    failover: int
    seq: int
    kind: str
    at: datetime
    by: str | None
    source: str
    data: Mapping[str, Any]


class FailoverRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Failover | None: ...
    def put(self, failover: Failover) -> None: ...
    def active(self) -> Sequence[Failover]:
        """Return failovers that are proposed or running, earliest first."""

    def holder(self, lock: str) -> Failover | None:
        """Return the active failover that holds a lock."""

    def last_moved(self, lock: str) -> Failover | None:
        """Return the latest failover with this lock that moved anything."""

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        """Return a plan's finished failovers, newest first."""

    def append(self, entry: AuditEntry) -> None: ...
    def audit_log(self, number: int) -> Sequence[AuditEntry]: ...
    def claim(self, owner: str, *, now: datetime, lease: timedelta, besides: Collection[int]) -> int | None:
        """Claim a failover to run that has no owner, or whose lease ran out. Skips `besides`, the caller's own."""

    def renew(self, number: int, owner: str, *, until: datetime) -> bool:
        """Extend the lease. False if another process owns it now."""

    def let_go(self, number: int, owner: str) -> None: ...


class UserGroupRecords(Protocol):
    def get(self, group: str) -> UserGroup | None: ...
    def put(self, group: UserGroup) -> None: ...


class PostmortemRecords(Protocol):
    def get(self, incident: int) -> Postmortem | None: ...
    def filed_in(self, repository: str) -> Sequence[Postmortem]:
        """Return postmortems whose issue is in a repository (owner/name)."""

    def put(self, postmortem: Postmortem) -> None: ...


class FollowUpRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> FollowUp | None: ...
    def of(self, incident: int) -> Sequence[FollowUp]:
        """Return an incident's follow-ups, also finished ones, in the order they were added."""

    def open_of(self, person: str) -> Sequence[FollowUp]:
        """Return a person's (Slack id) open follow-ups, of all incidents."""

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        """Return the newest open follow-ups."""

    def filed_as(self, repository: str, number: int) -> FollowUp | None: ...
    def filed_in(self, repository: str) -> Sequence[FollowUp]: ...
    def put(self, follow_up: FollowUp) -> None: ...


class MessageRecords(Protocol):
    def get(self, slot: str) -> Posted | None: ...
    def put(self, slot: str, posted: Posted) -> None: ...
    def moved(self, channel: str, to: str) -> None:
        """Record that a channel, with all its messages, has a new id."""


class OutboxRecords(Protocol):
    def add(self, effects: Iterable[Effect], *, now: datetime) -> None:
        """Queue effects. An effect with a known key, or whose slot is already queued, is skipped."""

    def claim(
        self, owner: str, *, now: datetime, lease: timedelta, limit: int, besides: Collection[int] = ()
    ) -> Sequence[OutboxItem]:
        """Claim due effects that are first in their lane and whose channel exists. Skips `besides`, the owner's own.

        An effect whose previous owner's lease ran out is returned as uncertain.
        """

    def done(self, item: int, *, at: datetime) -> bool:
        """Mark it as delivered. False if it was finished before; then nothing else may follow from it."""

    def give_up(self, item: int, *, at: datetime, why: str) -> bool:
        """Mark it as failed. False if it was finished before."""

    def put_back(
        self, item: int, owner: str, *, due: datetime, tried: bool, uncertain: bool, why: str
    ) -> bool:
        """Schedule another try at `due`. False if this owner no longer has it."""

    def knows(self, key: str) -> bool:
        """Return whether an effect with this key was queued in the last days."""

    def standing(self, *, now: datetime, lease: timedelta) -> Sequence[Standstill]:
        """Return the first effect of each blocked lane: due, or being sent, for longer than the lease."""

    def release(self, incident: int) -> None:
        """Release the effects that waited for this incident's channel."""

    def next_due(self) -> datetime | None: ...
    def waiting(self) -> Mapping[str, int]:
        """Count unfinished effects, by state."""

    def latest(self, *, limit: int) -> Sequence[OutboxEntry]:
        """Return unfinished effects, then finished ones, each newest first."""

    def forget(self, *, before: datetime) -> None:
        """Delete what was finished before then."""


class InboundRecords(Protocol):
    def remember(self, request: str, *, at: datetime) -> str | None:
        """Remember a request by its id. Return None if it is new, otherwise its answer ("" if none is stored yet)."""

    def answered(self, request: str, answer: str) -> None: ...
    def forget(self, *, before: datetime) -> None: ...


class WorkPeriodRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> WorkPeriod | None: ...
    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        """Return the person's work periods that ended after `since`, or still run, oldest first."""

    def put(self, period: WorkPeriod) -> None: ...


class TimerRecords(Protocol):
    """Waiting timers, and the keys of those already sent. Lock the subject before you touch its timers."""

    def replace(self, subject: Subject, timers: Iterable[Timer]) -> None:
        """Replace a subject's waiting timers. Those already sent never return. Written when the transaction ends."""

    def due_subjects(self, now: datetime, limit: int) -> Sequence[Subject]:
        """Return subjects with due timers, longest due first. Skips those that another process has locked."""

    def due(self, subject: Subject, now: datetime) -> Sequence[Timer]:
        """Return a subject's due timers."""

    def sent(self, key: str, at: datetime) -> None:
        """Record that a reminder was sent. Written when the transaction ends."""

    def put_off(self, subject: Subject, *, due: datetime) -> None:
        """Postpone all due timers of a subject until `due`, because a fault prevented sending."""

    def next_due(self) -> datetime | None: ...


class ChangeRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Change | None: ...
    def by_key(self, key: str) -> Change | None: ...
    def within(self, window: ChangeWindow, *, service: str | None = None, limit: int) -> Sequence[Change]:
        """Return the newest changes in this window, of one service or of all, newest first."""

    def put(self, change: Change) -> None: ...
    def forget(self, *, before: datetime) -> None:
        """Delete what was received before then."""


class LockRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Lock | None: ...
    def standing(self) -> Sequence[Lock]:
        """Return locks that are not released, oldest first."""

    def of(self, service: str) -> Lock | None:
        """Return the current lock of a service."""

    def put(self, lock: Lock) -> None: ...


class TroubleRecords(Protocol):
    def get(self, key: str) -> Trouble | None: ...
    def put(self, trouble: Trouble) -> None: ...


class Session(Protocol):
    """One transaction: all of it is committed, or nothing."""

    @property
    def incidents(self) -> IncidentRecords: ...
    @property
    def timeline(self) -> TimelineRecords: ...
    @property
    def pages(self) -> PageRecords: ...
    @property
    def team_notices(self) -> TeamNoticeRecords: ...
    @property
    def people(self) -> PeopleRecords: ...
    @property
    def on_calls(self) -> OnCallRecords: ...
    @property
    def shifts(self) -> ShiftRecords: ...
    @property
    def covers(self) -> CoverRecords: ...
    @property
    def contacts(self) -> ContactRecords: ...
    @property
    def failovers(self) -> FailoverRecords: ...
    @property
    def user_groups(self) -> UserGroupRecords: ...
    @property
    def messages(self) -> MessageRecords: ...
    @property
    def outbox(self) -> OutboxRecords: ...
    @property
    def inbound(self) -> InboundRecords: ...
    @property
    def timers(self) -> TimerRecords: ...
    @property
    def periods(self) -> WorkPeriodRecords: ...
    @property
    def changes(self) -> ChangeRecords: ...
    @property
    def locks(self) -> LockRecords: ...
    @property
    def postmortems(self) -> PostmortemRecords: ...
    @property
    def follow_ups(self) -> FollowUpRecords: ...
    @property
    def troubles(self) -> TroubleRecords: ...

    def lock(self, section: str) -> None:
        """Wait until no other transaction holds this section. The lock ends with the transaction."""

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        """Return whether this process has the lease of a job that one process at a time does."""


class Sessions(Protocol):
    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        """Open a transaction. It commits at the end of the block, and rolls back on an exception.

        With a limit, it raises OutOfTime instead of committing a request that was given up. If the database
        allows it, it takes no lock that others wait for before the commit, so it may raise Conflict.
        """

    def read(self) -> AbstractContextManager[Session]:
        """Open a read-only transaction on one snapshot. It waits for no writer, and no writer waits for it.

        Here `get` locks nothing, `lock` returns at once, and writing raises.
        """

    def begin_background(self) -> AbstractContextManager[Session]:
        """Open a transaction at low priority: it waits a moment while requests are being answered."""
