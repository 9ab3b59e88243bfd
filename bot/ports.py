"""What Spy needs of the world, as Protocols: chat, pager, clock, templates and a unit of work."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Literal, Protocol

from bot.domain.change import Change, Window
from bot.domain.course import Bar
from bot.domain.cover import CoverRequest
from bot.domain.effects import Effect
from bot.domain.failover import Failover
from bot.domain.follow_up import FollowUp
from bot.domain.incident import Incident
from bot.domain.lock import Lock
from bot.domain.message import Message
from bot.domain.page import Page
from bot.domain.paper import Paper
from bot.domain.plan import Action, Check, Outcome, Workflow
from bot.domain.postmortem import Postmortem
from bot.domain.relief import Stretch
from bot.domain.runbook import Reading, Runbook
from bot.domain.shift import Shift, Turn
from bot.domain.tell import Tell
from bot.domain.timeline import Entry
from bot.domain.timer import Timer

# --- failure, in three kinds ------------------------------------------------------------------------------


class Unreachable(Exception):  # noqa: N818  named for what happened
    """No answer, or an answer of trouble (5xx, reset, time-out): whether it was done is unknown."""


class Throttled(Exception):  # noqa: N818  named for what happened
    """Not done: asked to come back after `retry_after`."""

    def __init__(self, why: str, *, retry_after: timedelta) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Rejected(Exception):  # noqa: N818  named for what happened
    """Not done, and asking again will not help: `code` is the service's word, the message a sentence."""

    def __init__(self, code: str, sentence: str = "") -> None:
        super().__init__(sentence or code)
        self.code = code


class Contended(Exception):  # noqa: N818  named for what happened
    """Two transactions waited for each other, and this one was undone: it may be done again at once."""


# --- forms and words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FormField:
    """A question of a form; `kind` is line, text, choice, person or tick."""

    name: str
    label: str
    kind: str = "line"
    hint: str | None = None
    initial: str | None = None
    optional: bool = False
    options: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    title: str
    submit: str
    fields: tuple[FormField, ...]
    intro: str | None = None
    """What is being asked about; Slack mrkdwn."""


class Templates(Protocol):
    """The words. A template's name is its path below templates/, without the ending."""

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> Message:
        """Fill in a message; `names` tells a person's name by Slack id, None where it is not known."""

    def form(self, template: str, facts: Mapping[str, Any]) -> Form:
        """Fill in a form."""

    def paper(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> Paper:
        """Write a document in Markdown: `postmortem` or `follow_up`."""

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        """Draw an incident as an SVG picture."""


# --- runbooks ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FilledRunbook:
    """A runbook with its values in it: `text` is mrkdwn, ready and escaped, as much of it as a message holds."""

    text: str
    said: Mapping[str, str] = field(default_factory=dict)
    """The values by name, on one line each and escaped."""
    left_out: int = 0
    """How many blocks at its end a message does not hold."""
    url: str | None = None
    """Where the whole of it is to be read in a browser, where that is known."""


class Runbooks(Protocol):
    """The runbooks of this organisation, as their files are now."""

    def all(self) -> Sequence[Runbook]: ...
    def mistakes(self) -> Sequence[str]:
        """Say why files are left out: a line each, with file and line."""

    def find(self, name: str) -> Runbook:
        """Find by name; Refusal with the nearest where there is none."""

    def read(self, runbook: Runbook, said: Mapping[str, str]) -> Reading:
        """Take what was typed for its parameters, with Slack's own escapes."""

    def fill(
        self, runbook: Runbook, values: Mapping[str, str], incident: Mapping[str, object] | None = None
    ) -> FilledRunbook:
        """Fill it in with what `read` made of it; Refusal where that can't be done, with what to do instead."""


# --- chat -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Posted:
    """Where a message stands: channel id, Slack's ts, and its address for people."""

    channel: str
    ts: str
    permalink: str | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A person as Slack knows them; `zone` is an IANA name; a guest is no full member of this workspace."""

    name: str
    email: str | None = None
    zone: str | None = None
    is_guest: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message as a person wrote it, with Slack's own escapes."""

    text: str
    person: str | None


class Chat(Protocol):
    """Slack. Every call may raise Unreachable, Throttled or Rejected."""

    def open_room(self, name: str, *, private: bool) -> str:
        """Create a channel and give its id; Rejected with `name_taken` where the name is used."""

    def find_room(self, name: str, *, private: bool, since: datetime) -> str | None:
        """Find a channel that Spy itself created under this name since then; somebody else's is never given."""

    def invite(self, channel: str, people: Collection[str]) -> None:
        """Invite; who is in already is no error."""

    def set_topic(self, channel: str, topic: str) -> None: ...

    def bookmark(self, channel: str, title: str, url: str) -> None: ...

    def has_bookmark(self, channel: str, url: str) -> bool: ...

    def permalink(self, channel: str, ts: str | None = None) -> str:
        """Give the address of a channel or of a message in it; made here, without a call."""

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        """Post to a channel, or to a person (Slack id) by DM; `key` is the mark by which it is found again."""

    def find_post(self, to: str, *, key: str, since: datetime, thread: str | None = None) -> Posted | None:
        """Find the message that `post` made under this key."""

    def edit(self, posted: Posted, message: Message) -> None: ...

    def whisper(self, channel: str, person: str, message: Message, *, thread: str | None = None) -> None: ...

    def respond(self, url: str, message: Message) -> None: ...

    def open_form(self, trigger: str, form: Form, *, memory: Mapping[str, Any]) -> None:
        """Open a form; `memory` (JSON) comes back with the submission."""

    def join(self, channel: str) -> None:
        """Join a public channel."""

    def read(self, channel: str, ts: str) -> Said:
        """Read one message, in a thread or not."""

    def profile(self, person: str) -> Profile: ...
    def find_by_email(self, email: str) -> "Person | None":
        """Find who has this e-mail address; None where Slack knows nobody."""

    def group_members(self, group: str) -> Sequence[str]:
        """Say who is in a user group; Rejected with `no_such_subteam` where there is none of this id."""


# --- pager ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """A page as the pager has it: `status` is triggered, acknowledged or resolved; `who` made it so."""

    id: str
    url: str
    status: str
    key: str | None = None
    who: str | None = None
    at: datetime | None = None
    assigned: str | None = None


@dataclass(frozen=True, kw_only=True)
class PagerNews:
    """What the pager says happened: `kind` is acknowledged, unacknowledged, escalated, resolved or other."""

    id: str
    kind: str
    page: Ringing


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One on-call duty: `start` and `end` in UTC (None: always), `level` of the escalation policy."""

    policy: str
    level: int
    name: str
    email: str | None = None
    phone: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class Pager(Protocol):
    """PagerDuty. Every call may raise Unreachable, Throttled or Rejected."""

    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        """Page through an escalation policy; under a known key Rejected with `duplicate`."""

    def page_person(
        self, *, key: str, title: str, details: str, service: str, email: str, gently: bool = False
    ) -> Ringing:
        """Page one person, found by e-mail; Rejected with `no_such_user` where PagerDuty has none.

        `gently` is with low urgency, as a test.
        """

    def find(self, key: str) -> Ringing | None:
        """Find the page made under this key."""

    def look(self, pagerduty_id: str) -> Ringing: ...

    def answer(self, pagerduty_id: str, status: str, *, email: str | None) -> Ringing:
        """Acknowledge or resolve, in the name of the person with this e-mail where PagerDuty knows them."""

    def escalate(self, pagerduty_id: str, level: int) -> Ringing:
        """Ring this level (1 is the first) of its escalation policy."""

    def duties(self, policies: Collection[str]) -> Sequence[Duty]:
        """Say who is on call now, for these escalation policies, with a phone number where there is one."""

    def changes(self, *, since: datetime, until: datetime) -> Sequence[Change]:
        """Say what changed in a time, as others told the pager; a change's `service` is the pager's id of it."""

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        """Read schedules as they hold in the end, in whole entries; Rejected where there is no such schedule."""

    def override(self, schedule: str, *, email: str, start: datetime, end: datetime) -> Turn:
        """Put somebody, found by e-mail, on call for a while; a second time it is found, not made.

        Rejected with `no_such_user` where PagerDuty has nobody of this e-mail.
        """


# --- forge ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class IssueDraft:
    """An issue as Spy wants it; a mark stands hidden in the body, by which the issue is found again.

    `assignee` is a GitHub login, `milestone` a title; where GitHub knows neither, the issue goes without.
    """

    title: str
    body: str
    labels: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    """Labels that Spy may have set before and that hold no more."""
    assignee: str | None = None
    milestone: str | None = None
    state: Literal["open", "closed"] | None = None
    """None leaves it as people have it."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue as it stands."""

    repository: str
    number: int
    url: str
    title: str
    body: str
    state: str = "open"
    without: tuple[str, ...] = ()
    """What the forge would not take with it, in people's words: an assignee, a milestone."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A comment on an issue."""

    id: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A file of a repository: its path, and its text."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class IssueNews:
    """What a webhook says of an issue: `state` is open or closed, `reason` why it was closed, `by` a login."""

    repository: str
    number: int
    state: str
    at: datetime
    reason: str | None = None
    by: str | None = None


class Forge(Protocol):
    """GitHub. Every call may raise Unreachable, Throttled or Rejected; `gone`: no such issue any more."""

    def open_issue(self, repository: str, draft: IssueDraft) -> Issue: ...
    def find_issue(self, repository: str, mark: str, *, label: str, since: datetime) -> Issue | None:
        """Find the issue with this mark among those of a label that were touched since then."""

    def revise_issue(self, repository: str, number: int, revise: Callable[[Issue], IssueDraft]) -> Issue:
        """Read it, and let it be as `revise` says at once; labels and all else that people gave it stay."""

    def remarks(self, repository: str, number: int) -> Sequence[Remark]: ...
    def add_remark(self, repository: str, number: int, body: str) -> Remark: ...
    def edit_remark(self, repository: str, number: int, remark: Remark, body: str) -> None: ...
    def read_leaf(self, repository: str, path: str, *, branch: str) -> str | None:
        """Read a file where it is offered on this branch, else on the main one; None where it is not there."""

    def offer(
        self, repository: str, leaves: Sequence[Leaf], *, branch: str, title: str, body: str
    ) -> str | None:
        """Put files on a branch and open a pull request for it, unless there is one; give its address.

        None where the main branch has them all as they are.
        """


# --- what failovers move ----------------------------------------------------------------------------------


class Operator(Protocol):
    """Does what a plan says. Nothing here raises for what went wrong outside: that is an outcome.

    `stopped` is set when somebody aborts: what runs is then ended, its whole process group with it.
    """

    def perform(
        self, action: Action, *, mark: str, timeout: timedelta, hear: Callable[[str], None], stopped: Event
    ) -> Outcome:
        """Do it once; `hear` gets what it prints, as it comes, secrets masked. `mark` names this try, once for ever."""

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        """Look until it is green or its time is up."""

    def look(
        self, action: Workflow, *, mark: str, timeout: timedelta, hear: Callable[[str], None], stopped: Event
    ) -> Outcome:
        """Find the run of a workflow that was dispatched under this mark, if it was, and follow it to its end."""


# --- clock ------------------------------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """Give the present, aware, in UTC."""


# --- the unit of work -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """An effect on its way: how often it was tried, and whether its last outcome is unknown."""

    id: int
    effect: Effect
    attempts: int
    uncertain: bool
    queued_at: datetime


@dataclass(frozen=True, kw_only=True)
class DutyCopy:
    """PagerDuty's on-calls as they were at `synced_at`; `trouble` is why they are not newer."""

    duties: tuple[Duty, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person as Spy knows them; `profiled_at` is when Slack was last asked."""

    id: str
    name: str
    email: str | None = None
    zone: str | None = None
    profiled_at: datetime | None = None
    is_guest: bool = False


@dataclass(frozen=True, kw_only=True)
class Contact:
    """An e-mail address the pager knows, and whose it is in Slack; `reported_at`: that it is nobody's."""

    email: str
    person: str | None = None
    asked_at: datetime | None = None
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

    def hold(self, numbers: Collection[int]) -> Collection[int]:
        """Lock those that nobody else is at, without waiting, and say which; `get` has them at hand then."""

    def in_room(self, channel: str) -> Incident | None: ...
    def open(self, *, limit: int) -> Sequence[Incident]:
        """Newest first."""

    def declared_by(self, person: str, *, name: str, since: datetime) -> Sequence[Incident]:
        """Give those of this name, in whatever case its letters are."""

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        """Give those that are open, or were at some moment since then; oldest first."""

    def put(self, incident: Incident) -> None: ...


class TimelineRecords(Protocol):
    def append(self, entry: Entry) -> None: ...
    def among(self, incidents: Collection[int], kinds: Collection[str]) -> Sequence[Entry]:
        """Give entries of these kinds, by incident and then in the order they were kept."""

    def of(self, incident: int) -> Sequence[Entry]:
        """Give the whole timeline in the order it was kept."""

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None: ...
    def curate(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        """Mark entries as kept or hidden; None takes the mark off."""


class PageRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Page | None: ...
    def by_key(self, key: str) -> Page | None: ...
    def by_pagerduty(self, pagerduty_id: str) -> Page | None: ...
    def of(self, incident: int) -> Sequence[Page]: ...
    def ringing(self) -> Sequence[Page]: ...
    def since(self, since: datetime) -> Sequence[Page]:
        """Give what was asked for since then, oldest first."""

    def put(self, page: Page) -> None: ...


class TellRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Tell | None: ...
    def put(self, tell: Tell) -> None: ...


class PeopleRecords(Protocol):
    def get(self, person: str) -> Person | None: ...
    def put(self, person: Person) -> None: ...
    def named(self, name: str) -> Person | None: ...
    def unprofiled(self, *, before: datetime, limit: int) -> Sequence[Person]:
        """People whose profile was not asked for since then."""


class DutyRecords(Protocol):
    def copy(self) -> DutyCopy: ...
    def replace(self, copy: DutyCopy) -> None: ...


class ShiftRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Shift | None: ...
    def of(self, subject: str) -> Shift | None:
        """Find by `shift:<schedule>:<user>:<start>`."""

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        """Give those of a schedule of which some part lies in between, first ones first; what is gone too."""

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        """Give what is theirs (a Slack id) and not over by then, first ones first; without what is gone."""

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        """Give all of which some part lies in between; without what is gone."""

    def put(self, shift: Shift) -> None: ...


class CoverRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> CoverRequest | None: ...
    def open(self) -> Sequence[CoverRequest]:
        """Give those that are asked for or promised, first ones first."""

    def put(self, cover: CoverRequest) -> None: ...


class ContactRecords(Protocol):
    """Who has which e-mail address in Slack, as it was last asked."""

    def get(self, email: str) -> Contact | None: ...
    def put(self, contact: Contact) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A line of a failover's audit trail: `data` is the event's own facts, `source` the way it came."""

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
        """Give those that are proposed or under way, first ones first."""

    def holder(self, lock: str) -> Failover | None:
        """Give the active one that holds a lock."""

    def last_moved(self, lock: str) -> Failover | None:
        """Give the last one of a lock that moved anything."""

    def ended(self, plan: str, *, limit: int) -> Sequence[Failover]:
        """Give those of a plan that are over, newest first."""

    def append(self, trace: Trace) -> None: ...
    def trail(self, number: int) -> Sequence[Trace]: ...
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
    def put(self, postmortem: Postmortem) -> None: ...


class FollowUpRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> FollowUp | None: ...
    def of(self, incident: int) -> Sequence[FollowUp]:
        """Give an incident's, done ones too, in the order they were added."""

    def open_of(self, person: str) -> Sequence[FollowUp]:
        """Give what somebody (a Slack id) has to do, of all incidents."""

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        """Give the newest that are not done."""

    def filed_as(self, repository: str, number: int) -> FollowUp | None: ...
    def put(self, follow_up: FollowUp) -> None: ...


class MessageRecords(Protocol):
    def get(self, slot: str) -> Posted | None: ...
    def put(self, slot: str, posted: Posted) -> None: ...


class OutboxRecords(Protocol):
    def add(self, effects: Iterable[Effect], *, now: datetime) -> None:
        """Queue effects; one whose key is known already, or whose slot already waits, adds nothing."""

    def claim(self, owner: str, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Parcel]:
        """Take what is due: first in its lane, its room there.

        What another owner took and whose lease ran out is taken as uncertain. An owner's own is under way,
        whatever the clock says.
        """

    def done(self, parcel: int, *, at: datetime) -> None: ...
    def put_back(self, parcel: int, *, due: datetime, tried: bool, uncertain: bool, why: str) -> None: ...
    def give_up(self, parcel: int, *, at: datetime, why: str) -> None: ...
    def release(self, incident: int) -> None:
        """Let go what waited for this incident's channel."""

    def next_due(self) -> datetime | None: ...
    def waiting(self) -> Mapping[str, int]:
        """Count what is not done, by state."""

    def forget(self, *, before: datetime) -> None:
        """Drop what was finished before then."""


class InboundRecords(Protocol):
    def remember(self, request: str, *, at: datetime) -> str | None:
        """Remember a request by its id. None when it is new; else the answer it got ("" while none is stored)."""

    def answered(self, request: str, answer: str) -> None: ...
    def forget(self, *, before: datetime) -> None: ...


class StretchRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Stretch | None: ...
    def of(self, person: str, *, since: datetime) -> Sequence[Stretch]:
        """Give the person's stretches that went on after then, oldest first; the last one may still run."""

    def put(self, stretch: Stretch) -> None: ...


class TimerRecords(Protocol):
    """Timers that wait, and keys that were spoken. The subject is locked before its timers are touched."""

    def replace(self, subject: str, timers: Iterable[Timer]) -> None:
        """Let these be what waits for a subject; what was spoken never comes back. Written when the work ends."""

    def due_subjects(self, now: datetime, limit: int) -> Sequence[str]:
        """Give the subjects with something due, longest due first, without those another process works at."""

    def due(self, subject: str, now: datetime) -> Sequence[Timer]:
        """Give what waits of a subject and is due."""

    def spoken(self, key: str, at: datetime) -> None:
        """Keep that it was spoken. Written when the work ends."""

    def put_off(self, subject: str, *, due: datetime) -> None:
        """Let nothing of this subject be due before then: it could not be spoken because of a fault."""

    def next_due(self) -> datetime | None: ...


class ChangeRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Change | None: ...
    def by_key(self, key: str) -> Change | None: ...
    def within(self, window: Window, *, service: str | None = None, limit: int) -> Sequence[Change]:
        """Give the newest of a time, of one service or of all; newest first."""

    def put(self, change: Change) -> None: ...
    def forget(self, *, before: datetime) -> None:
        """Drop what was heard before then."""


class LockRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Lock | None: ...
    def standing(self) -> Sequence[Lock]:
        """Give those that are not released, longest standing first."""

    def of(self, service: str) -> Lock | None:
        """Give the one that stands on a service."""

    def put(self, lock: Lock) -> None: ...


class Work(Protocol):
    """One transaction: all of it is kept, or nothing."""

    @property
    def incidents(self) -> IncidentRecords: ...
    @property
    def timeline(self) -> TimelineRecords: ...
    @property
    def pages(self) -> PageRecords: ...
    @property
    def tells(self) -> TellRecords: ...
    @property
    def people(self) -> PeopleRecords: ...
    @property
    def duties(self) -> DutyRecords: ...
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
    def stretches(self) -> StretchRecords: ...
    @property
    def changes(self) -> ChangeRecords: ...
    @property
    def locks(self) -> LockRecords: ...
    @property
    def postmortems(self) -> PostmortemRecords: ...
    @property
    def follow_ups(self) -> FollowUpRecords: ...

    def alone(self, section: str) -> None:
        """Wait until no other work is in this section; it is left when this work ends."""

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        """Whether this process may do a job that one process does at a time."""


class UnitOfWork(Protocol):
    def begin(self) -> AbstractContextManager[Work]:
        """Open a transaction: committed at the end of the block, rolled back when it raises."""

    def begin_in_a_lull(self) -> AbstractContextManager[Work]:
        """Open one when nobody is being answered, or after a moment: what nobody waits for comes second."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of `spy check`: what was looked at, whether it is well, and the cure if not."""

    what: str
    well: bool
    cure: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)
