"""Past facts about an incident. Each event is an entry of its timeline, and messages follow from events."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

Closing = Literal["archived", "deleted", "left", "gone"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at `at` (UTC). `by` is a Slack id; None means Spy itself."""

    at: datetime
    by: str | None = None

    substance: ClassVar[bool] = True
    """Whether the timeline shows it by default. Housekeeping is stored but hidden."""
    is_needed: ClassVar[bool] = False
    """Whether people must see it even after the incident is over."""

    @classmethod
    def kind(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def text(self) -> str:
        """The words a person typed, if any."""
        return ""


# --- the incident -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Declared(Event):
    name: str
    severity: str | None = None
    private: bool = False
    drill: bool = False
    next_due: datetime | None = None
    """When the first update is due (UTC)."""

    @property
    def text(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class ChannelOpened(Event):
    channel: str
    channel_name: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ChannelRefused(Event):
    """Slack could not create the channel; `why` is Slack's error."""

    why: str


@dataclass(frozen=True, kw_only=True)
class ChannelClosed(Event):
    """Spy can no longer post: the channel is archived or deleted, or Spy was removed (left) or can't see it (gone)."""

    channel: str
    how: Closing


@dataclass(frozen=True, kw_only=True)
class ChannelReopened(Event):
    """Spy can post in the channel again."""


@dataclass(frozen=True, kw_only=True)
class ChannelMoved(Event):
    """Slack changed the channel's id."""

    channel: str
    before: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class MadePrivate(Event):
    """Somebody made the channel private. The incident becomes private too."""


@dataclass(frozen=True, kw_only=True)
class PersonLeft(Event):
    person: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PersonJoined(Event):
    person: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PersonInvited(Event):
    """Spy invites a person into the channel because they answered a page."""

    person: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class SeveritySet(Event):
    severity: str
    before: str | None
    next_due: datetime | None = None
    """When the next update is due (UTC) at the new severity."""


@dataclass(frozen=True, kw_only=True)
class PhaseChanged(Event):
    phase: str
    before: str


@dataclass(frozen=True, kw_only=True)
class UpdatePosted(Event):
    message: str
    next_due: datetime | None

    @property
    def text(self) -> str:
        return self.message


@dataclass(frozen=True, kw_only=True)
class NoteTaken(Event):
    """A note. If a 📝 reaction made it, `message` is the `ts` of that Slack message.

    `supersedes` is the `seq` of the timeline entry that this note corrects.
    """

    note: str
    message: str | None = None
    supersedes: int | None = None

    @property
    def text(self) -> str:
        return self.note


@dataclass(frozen=True, kw_only=True)
class NoteRemoved(Event):
    message: str
    supersedes: int
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ImpactStated(Event):
    impact: str
    since: datetime

    @property
    def text(self) -> str:
        return self.impact


@dataclass(frozen=True, kw_only=True)
class CauseSuspected(Event):
    cause: str

    @property
    def text(self) -> str:
        return self.cause


@dataclass(frozen=True, kw_only=True)
class ChangeSuspected(Event):
    """Somebody marked a change (by number) as suspect. The facts are copied here because the change itself expires."""

    change: int
    title: str
    url: str | None
    service: str | None
    happened_at: datetime

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, kw_only=True)
class ChangeCleared(Event):
    """A change is no longer suspect."""

    change: int
    title: str

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, kw_only=True)
class LinkAdded(Event):
    url: str
    title: str

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, kw_only=True)
class Resolved(Event):
    how: str = ""

    @property
    def text(self) -> str:
        return self.how


@dataclass(frozen=True, kw_only=True)
class Reopened(Event):
    next_due: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Cancelled(Event):
    why: str = ""

    @property
    def text(self) -> str:
        return self.why


@dataclass(frozen=True, kw_only=True)
class StepPassed(Event):
    """Somebody finished a step of the guide (`guide.Step`), with an answer or by moving on."""

    step: str
    answer: str = ""

    @property
    def text(self) -> str:
        return self.answer


# --- command ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CommandTaken(Event):
    commander: str
    before: str | None


@dataclass(frozen=True, kw_only=True)
class CommandOffered(Event):
    """Command is offered. The commander stays until the successor presses *I have command*."""

    to: str
    instead_of: str | None = None
    """Who had the offer before and has not answered."""


@dataclass(frozen=True, kw_only=True)
class CommandDeclined(Event):
    to: str


@dataclass(frozen=True, kw_only=True)
class RoleGiven(Event):
    role: str
    person: str


@dataclass(frozen=True, kw_only=True)
class PersonUnavailable(Event):
    """The person is now a bot or a deactivated account in Slack. Their roles and tasks have no owner any more."""

    person: str
    is_bot: bool = False
    led: bool = False
    offered: bool = False
    """Whether command was offered to them."""
    roles: tuple[str, ...] = ()
    follow_ups: tuple[int, ...] = ()
    postmortem: bool = False
    """Whether the postmortem was theirs to write."""

    @property
    def is_felt(self) -> bool:
        """Whether they had any role or task."""
        return bool(self.led or self.offered or self.roles or self.follow_ups or self.postmortem)


# --- pages and team notices -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PageEvent(Event):
    """Something that happened to a page. `page` is its number; `whom` is the team or person in readable form."""

    page: int
    whom: str


@dataclass(frozen=True, kw_only=True)
class PageRequested(PageEvent):
    message: str

    @property
    def text(self) -> str:
        return self.message


@dataclass(frozen=True, kw_only=True)
class PageSent(PageEvent):
    """`assigned` is the names of the people that PagerDuty pages: "" means nobody, None means unknown."""

    pagerduty_id: str
    url: str
    assigned: str | None = None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PageRingsNobody(PageEvent):
    """Nobody is on call. `as_of` (UTC) is the age of the stored on-calls; None: PagerDuty reported it for this page."""

    as_of: datetime | None = None
    manager: str | None = None
    fallback: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PageAcknowledged(PageEvent):
    """`who` is a name; `person` is the Slack id if it is known.

    `shown_as` is the PagerDuty account that acknowledged, if the person has no account of their own.
    """

    who: str
    person: str | None = None
    shown_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class PageUnanswered(PageEvent):
    """The acknowledgement expired or was withdrawn: the page rings again."""


@dataclass(frozen=True, kw_only=True)
class PageRenewed(PageEvent):
    """The acknowledgement expired and Spy renewed it for `who`, because a commander leads and updates are in time."""

    who: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PageEscalated(PageEvent):
    to: str


@dataclass(frozen=True, kw_only=True)
class PageMerged(PageEvent):
    """Somebody merged the page into another PagerDuty incident. Spy follows that one from now on."""

    into: str
    url: str
    who: str


@dataclass(frozen=True, kw_only=True)
class PageResolved(PageEvent):
    who: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PageDelayed(PageEvent):
    """PagerDuty has not accepted the page yet. Spy retries. `fallback`: other ways to reach people."""

    why: str
    fallback: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PageFailed(PageEvent):
    why: str
    fallback: tuple[str, ...] = ()
    is_needed: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class PageWithdrawn(PageEvent):
    """The incident was over before PagerDuty accepted the page, so it pages nobody."""

    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class TeamNotified(Event):
    notice: int
    team: str
    message: str

    @property
    def text(self) -> str:
        return self.message


@dataclass(frozen=True, kw_only=True)
class TeamNoticeSeen(Event):
    notice: int
    team: str


@dataclass(frozen=True, kw_only=True)
class TeamNoticeFailed(Event):
    notice: int
    team: str
    why: str


# --- deliveries -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DeliveryMended(Event):
    """Deliveries that had failed for a while work again."""

    what: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed(Event):
    """A delivery failed for good. `what` describes it for people."""

    what: str
    why: str
    substance: ClassVar[bool] = False
    is_needed: ClassVar[bool] = True


# --- reminders --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Reminded(Event):
    """A reminder was sent. `reminder` and `occurrence` name it, `mark` its cycle, and `late` is True if it was late.

    `to` is an address: the id of a person or a channel, `incident:42`, or `card:42` if only the card may show it.
    """

    reminder: str
    occurrence: str
    mark: str
    to: str
    due_at: datetime
    late: bool = False
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class Snoozed(Event):
    """The reminder moves to `until` (UTC). This is possible once per cycle."""

    reminder: str
    mark: str
    until: datetime
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ReliefPutOff(Event):
    """Somebody pressed *I'm fine*. Spy asks nobody to relieve them before `until` (UTC)."""

    until: datetime


@dataclass(frozen=True, kw_only=True)
class Hushed(Event):
    """Unsolicited posts pause until `until` (UTC). Urgent reminders still appear."""

    until: datetime
    substance: ClassVar[bool] = False


# --- after the incident -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FollowUpAdded(Event):
    """`category` is detection, escalation, recovery or prevention, or None; `due` is a day."""

    follow_up: int
    what: str
    category: str | None = None
    owner: str | None = None
    due: date | None = None

    @property
    def text(self) -> str:
        return self.what


@dataclass(frozen=True, kw_only=True)
class FollowUpDone(Event):
    """Somebody closed its issue. `who` is their GitHub name; `why` is completed, not_planned or duplicate, if known."""

    follow_up: int
    what: str
    who: str | None = None
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUpReopened(Event):
    follow_up: int
    what: str
    who: str | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUpChanged(Event):
    """The owner, due day or category changed."""

    follow_up: int
    what: str
    category: str | None = None
    owner: str | None = None
    due: date | None = None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class NothingNeeded(Event):
    """A category of follow-ups stays empty for a stated reason."""

    category: str
    because: str

    @property
    def text(self) -> str:
        return self.because


@dataclass(frozen=True, kw_only=True)
class PartWritten(Event):
    """Somebody wrote a section of the postmortem that only people can write."""

    part: str
    words: str
    substance: ClassVar[bool] = False

    @property
    def text(self) -> str:
        return self.words


@dataclass(frozen=True, kw_only=True)
class PostmortemPlanned(Event):
    """Somebody set the postmortem's owner or due time (UTC). None means the severity's default."""

    owner: str | None
    due: datetime | None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PostmortemExported(Event):
    repository: str
    number: int
    url: str
    assignee: str | None = None
    milestone: str | None = None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ReviewClosed(Event):
    """The review is over. Nothing more is due."""


@dataclass(frozen=True, kw_only=True)
class ImageShared(Event):
    """Somebody shared an image in the channel, in the message with this `ts`.

    Spy keeps only its Slack URL, so Slack decides who can see it.
    """

    name: str
    url: str
    message: str
    words: str = ""

    @property
    def text(self) -> str:
        return self.words
