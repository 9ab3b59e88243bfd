"""The unit of work: one transaction, and the records in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.change import Change, ChangeWindow
from bot.domain.cover import CoverRequest
from bot.domain.effects import Effect
from bot.domain.failover import Failover
from bot.domain.follow_up import FollowUp
from bot.domain.incident import Incident
from bot.domain.lock import Lock
from bot.domain.page import Page
from bot.domain.postmortem import Postmortem
from bot.domain.relief import WorkPeriod
from bot.domain.search import Search
from bot.domain.shift import Shift
from bot.domain.subject import Subject
from bot.domain.team_notice import TeamNotice
from bot.domain.timeline import Entry
from bot.domain.timer import Timer
from bot.domain.trouble import Trouble
from bot.ports.chat import Person, Posted
from bot.ports.pager import OnCallShift
from bot.ports.time_limit import TimeLimit


@dataclass(frozen=True, kw_only=True)
class OutboxItem:
    """An effect on its way: how often it was tried, and whether its last outcome is unknown."""

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
    """An effect that should have left, or been back, at `since`; those behind it in its lane wait too."""

    id: int
    effect: Effect
    since: datetime


@dataclass(frozen=True, kw_only=True)
class OnCallCopy:
    """PagerDuty's on-calls as they were at `synced_at`; `trouble` is why they are not newer."""

    on_calls: tuple[OnCallShift, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contact:
    """An e-mail address the pager knows, and whose it is in Slack; `reported_at`: that it is nobody's.

    `tried_at` is when Slack was asked and did not say.
    """

    email: str
    person: str | None = None
    asked_at: datetime | None = None
    tried_at: datetime | None = None
    reported_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """Who was in a Slack user group at `synced_at`; `trouble` is the word for why that is not newer."""

    id: str
    members: tuple[str, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


class IncidentRecords(Protocol):
    def reserve(self) -> int:
        """Take the next number."""

    def get(self, number: int) -> Incident | None:
        """Fetch to change: nobody else does until this work ends."""

    def look(self, number: int) -> Incident | None:
        """Fetch to read, without waiting for whoever is changing it."""

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        """Lock those that nobody else is at, without waiting, and say which; `get` has them at hand then."""

    def in_channel(self, channel: str) -> Incident | None: ...
    def open(self, *, limit: int) -> Sequence[Incident]:
        """Newest first."""

    def search(self, wanted: Search, *, skip: int = 0, limit: int) -> Sequence[Incident]:
        """Newest first."""

    def count(self, wanted: Search) -> int: ...
    def names_of_open(self) -> Sequence[tuple[int, str]]:
        """Return the number and the name of all that are open."""

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        """Return those that are open, or were at some moment since then; oldest first."""

    def put(self, incident: Incident) -> None: ...


class TimelineRecords(Protocol):
    def append(self, entry: Entry) -> None: ...
    def among(self, incidents: Collection[int], kinds: Collection[str]) -> Sequence[Entry]:
        """Return entries of these kinds, by incident and then in the order they were kept."""

    def of(self, incident: int) -> Sequence[Entry]:
        """Return the whole timeline in the order it was kept."""

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None: ...
    def set_visibility(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        """Mark entries as kept or hidden; None takes the mark off."""


class PageRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Page | None: ...
    def by_key(self, key: str) -> Page | None: ...
    def by_pagerduty(self, pagerduty_id: str) -> Page | None: ...
    def following(self, pagerduty_id: str) -> Sequence[Page]:
        """Return all that the pager has under this id: several, where they were merged."""

    def of(self, incident: int) -> Sequence[Page]: ...
    def ringing(self) -> Sequence[Page]: ...
    def since(self, since: datetime) -> Sequence[Page]:
        """Return what was asked for since then, oldest first."""

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
        """People of whom Slack has told nothing since then; first who was asked about longest ago, or never."""


class OnCallRecords(Protocol):
    def copy(self) -> OnCallCopy: ...
    def replace(self, copy: OnCallCopy) -> None: ...


class ShiftRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Shift | None: ...
    def of(self, subject: Subject) -> Shift | None:
        """Find by `shift:<schedule>:<user>:<start>`."""

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return those of a schedule of which some part lies in between, first ones first; what is gone too."""

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        """Return what is theirs (a Slack id) and not over by then, first ones first; without what is gone."""

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return all of which some part lies in between; without what is gone."""

    def put(self, shift: Shift) -> None: ...


class CoverRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> CoverRequest | None: ...
    def open(self) -> Sequence[CoverRequest]:
        """Return those that are asked for or promised, first ones first."""

    def put(self, cover: CoverRequest) -> None: ...


class ContactRecords(Protocol):
    """Who has which e-mail address in Slack, as it was last asked."""

    def get(self, email: str) -> Contact | None: ...
    def put(self, contact: Contact) -> None: ...


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """A line of a failover's audit log: `data` is the event's own facts, `source` the way it came."""

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
        """Return those that are proposed or under way, first ones first."""

    def holder(self, lock: str) -> Failover | None:
        """Return the active one that holds a lock."""

    def last_moved(self, lock: str) -> Failover | None:
        """Return the last one of a lock that moved anything."""

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        """Return those of a plan that are over, newest first."""

    def append(self, entry: AuditEntry) -> None: ...
    def audit_log(self, number: int) -> Sequence[AuditEntry]: ...
    def claim(self, owner: str, *, now: datetime, lease: timedelta, besides: Collection[int]) -> int | None:
        """Take one that is to run, of nobody or of an owner whose lease ran out; besides those the caller is at."""

    def renew(self, number: int, owner: str, *, until: datetime) -> bool:
        """Keep what one has; False where it has another owner now."""

    def let_go(self, number: int, owner: str) -> None: ...


class UserGroupRecords(Protocol):
    def get(self, group: str) -> UserGroup | None: ...
    def put(self, group: UserGroup) -> None: ...


class PostmortemRecords(Protocol):
    def get(self, incident: int) -> Postmortem | None: ...
    def filed_in(self, repository: str) -> Sequence[Postmortem]:
        """Return those whose issue is in a repository (owner/name)."""

    def put(self, postmortem: Postmortem) -> None: ...


class FollowUpRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> FollowUp | None: ...
    def of(self, incident: int) -> Sequence[FollowUp]:
        """Return an incident's, done ones too, in the order they were added."""

    def open_of(self, person: str) -> Sequence[FollowUp]:
        """Return what somebody (a Slack id) has to do, of all incidents."""

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        """Return the newest that are not done."""

    def filed_as(self, repository: str, number: int) -> FollowUp | None: ...
    def filed_in(self, repository: str) -> Sequence[FollowUp]: ...
    def put(self, follow_up: FollowUp) -> None: ...


class MessageRecords(Protocol):
    def get(self, slot: str) -> Posted | None: ...
    def put(self, slot: str, posted: Posted) -> None: ...
    def moved(self, channel: str, to: str) -> None:
        """Keep that a channel, and all messages in it, has another id now."""


class OutboxRecords(Protocol):
    def add(self, effects: Iterable[Effect], *, now: datetime) -> None:
        """Queue effects; one whose key is known already, or whose slot already waits, adds nothing."""

    def claim(
        self, owner: str, *, now: datetime, lease: timedelta, limit: int, besides: Collection[int] = ()
    ) -> Sequence[OutboxItem]:
        """Take what is due: first in its lane, its channel there. `besides` is what the owner has under way.

        What somebody took and whose lease ran out is taken as uncertain.
        """

    def done(self, item: int, *, at: datetime) -> bool:
        """Finish it. False where it is finished already: nothing more follows from it then."""

    def give_up(self, item: int, *, at: datetime, why: str) -> bool:
        """Finish it as failed. False where it is finished already."""

    def put_back(
        self, item: int, owner: str, *, due: datetime, tried: bool, uncertain: bool, why: str
    ) -> bool:
        """Let it be tried again when due. False where this owner no longer has it."""

    def knows(self, key: str) -> bool:
        """Whether an effect of this key was asked for in the last days."""

    def standing(self, *, now: datetime, lease: timedelta) -> Sequence[Standstill]:
        """Return the first effect of each lane that stands still: due, or under way, for longer than the lease."""

    def release(self, incident: int) -> None:
        """Let go what waited for this incident's channel."""

    def next_due(self) -> datetime | None: ...
    def waiting(self) -> Mapping[str, int]:
        """Count what is not done, by state."""

    def latest(self, *, limit: int) -> Sequence[OutboxEntry]:
        """Return what is not done, and then what is; of both the newest first."""

    def forget(self, *, before: datetime) -> None:
        """Drop what was finished before then."""


class InboundRecords(Protocol):
    def remember(self, request: str, *, at: datetime) -> str | None:
        """Remember a request by its id. None when it is new; else the answer it got ("" while none is stored)."""

    def answered(self, request: str, answer: str) -> None: ...
    def forget(self, *, before: datetime) -> None: ...


class WorkPeriodRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> WorkPeriod | None: ...
    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        """Return the person's work periods that went on after then, oldest first; the last one may still run."""

    def put(self, period: WorkPeriod) -> None: ...


class TimerRecords(Protocol):
    """Timers that wait, and keys that were spoken. The subject is locked before its timers are touched."""

    def replace(self, subject: Subject, timers: Iterable[Timer]) -> None:
        """Let these be what waits for a subject; what was spoken never comes back. Written when the work ends."""

    def due_subjects(self, now: datetime, limit: int) -> Sequence[Subject]:
        """Return the subjects with something due, longest due first, without those another process works at."""

    def due(self, subject: Subject, now: datetime) -> Sequence[Timer]:
        """Return what waits of a subject and is due."""

    def spoken(self, key: str, at: datetime) -> None:
        """Keep that it was spoken. Written when the work ends."""

    def put_off(self, subject: Subject, *, due: datetime) -> None:
        """Let nothing of this subject be due before then: it could not be spoken because of a fault."""

    def next_due(self) -> datetime | None: ...


class ChangeRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Change | None: ...
    def by_key(self, key: str) -> Change | None: ...
    def within(self, window: ChangeWindow, *, service: str | None = None, limit: int) -> Sequence[Change]:
        """Return the newest of a time, of one service or of all; newest first."""

    def put(self, change: Change) -> None: ...
    def forget(self, *, before: datetime) -> None:
        """Drop what was heard before then."""


class LockRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Lock | None: ...
    def standing(self) -> Sequence[Lock]:
        """Return those that are not released, longest standing first."""

    def of(self, service: str) -> Lock | None:
        """Return the one that stands on a service."""

    def put(self, lock: Lock) -> None: ...


class TroubleRecords(Protocol):
    def get(self, key: str) -> Trouble | None: ...
    def put(self, trouble: Trouble) -> None: ...


class Session(Protocol):
    """One transaction: all of it is kept, or nothing."""

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
        """Wait until no other work is in this section; it is left when this work ends."""

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        """Whether this process may do a job that one process does at a time."""


class Sessions(Protocol):
    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        """Open a transaction: committed at the end of the block, rolled back when it raises.

        One with a limit raises OutOfTime rather than commit what was given up, and may raise Contended: it takes
        no lock that others wait for until it is committed, where the database lets it.
        """

    def read(self) -> AbstractContextManager[Session]:
        """Open a read-only transaction: it sees one moment, waits for no writer, and no writer waits for it.

        Here `get` locks nothing, `alone` returns at once, and what is written raises.
        """

    def begin_background(self) -> AbstractContextManager[Session]:
        """Open one when nobody is being answered, or after a moment: what nobody waits for comes second."""
