"""Past facts: each is one line of the timeline, and all that the world hears follows from one of them."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

Closing = Literal["archived", "deleted", "left", "gone"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened: `at` in UTC, `by` whom (a Slack id; None: Spy itself)."""

    at: datetime
    by: str | None = None

    substance: ClassVar[bool] = True
    """Whether a latecomer should hear of it: housekeeping is kept, but not told."""
    is_needed: ClassVar[bool] = False
    """Whether somebody must read its line even when the incident is over."""

    @classmethod
    def kind(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def text(self) -> str:
        """What a person typed, if anything."""
        return ""


# --- the incident -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Declared(Event):
    name: str
    severity: str | None = None
    private: bool = False
    drill: bool = False
    next_due: datetime | None = None
    """When the first update is promised by."""

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
    """Slack gave no channel, and will not: `why` is its word for it."""

    why: str


@dataclass(frozen=True, kw_only=True)
class ChannelClosed(Event):
    """The channel takes nothing: it was archived or deleted, or Spy was taken out (left) or can't see it (gone)."""

    channel: str
    how: Closing


@dataclass(frozen=True, kw_only=True)
class ChannelReopened(Event):
    """The channel takes what Spy says again."""


@dataclass(frozen=True, kw_only=True)
class ChannelMoved(Event):
    """Slack gave the channel another id."""

    channel: str
    before: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class MadePrivate(Event):
    """Somebody made the channel private, and the incident with it."""


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
    """Spy brings somebody into the channel: they answered a page."""

    person: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class SeveritySet(Event):
    severity: str
    before: str | None
    next_due: datetime | None = None
    """When the next update is promised by, now that it is this bad."""


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
    """A note; `message` is the ts of the Slack message it was made from, when a 📝 made it.

    `supersedes` is the `seq` of the timeline entry whose words this one corrects.
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
    """Somebody marked a change (its number) as suspect; the facts stay here when the change itself is forgotten."""

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
    """A change that was suspected is not any more."""

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
    """Somebody said that a step of the guide is done (`guide.Step`): by an answer, or by moving on without one."""

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
    """Command is offered; it has not moved until the successor says *I have command*."""

    to: str
    instead_of: str | None = None
    """Who had the offer until now, and has not answered."""


@dataclass(frozen=True, kw_only=True)
class CommandDeclined(Event):
    to: str


@dataclass(frozen=True, kw_only=True)
class RoleGiven(Event):
    role: str
    person: str


@dataclass(frozen=True, kw_only=True)
class PersonUnavailable(Event):
    """Slack says that somebody is a bot, or that their account is deactivated: what they had to do is nobody's."""

    person: str
    is_bot: bool = False
    led: bool = False
    offered: bool = False
    """Whether command was offered to them."""
    roles: tuple[str, ...] = ()
    follow_ups: tuple[int, ...] = ()
    postmortem: bool = False
    """Whether it was theirs to write."""

    @property
    def is_felt(self) -> bool:
        """Whether they had anything to do."""
        return bool(self.led or self.offered or self.roles or self.follow_ups or self.postmortem)


# --- pages and tells --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PageEvent(Event):
    """Something that happened to a page: `page` is its number, `whom` the team or person as people say it."""

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
    """`assigned` is whom it rings, by the names that PagerDuty gives; "" is nobody, None not known."""

    pagerduty_id: str
    url: str
    assigned: str | None = None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PageRingsNobody(PageEvent):
    """Nobody is on call: as PagerDuty said at `as_of` (UTC), else (None) as it answered to the page itself."""

    as_of: datetime | None = None
    manager: str | None = None
    fallback: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PageAcknowledged(PageEvent):
    """`who` is the name of who did, `person` their Slack id where it is known.

    `shown_as` is the account in whose name PagerDuty has it, where it has none for who did.
    """

    who: str
    person: str | None = None
    shown_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class PageUnanswered(PageEvent):
    """The acknowledgement lapsed or was taken back: it rings again."""


@dataclass(frozen=True, kw_only=True)
class PageRenewed(PageEvent):
    """The acknowledgement lapsed while somebody leads and updates in time, and was given anew in the name of `who`."""

    who: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PageEscalated(PageEvent):
    to: str


@dataclass(frozen=True, kw_only=True)
class PageMerged(PageEvent):
    """Somebody merged it into another incident of PagerDuty's, which is followed from now on."""

    into: str
    url: str
    who: str


@dataclass(frozen=True, kw_only=True)
class PageResolved(PageEvent):
    who: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PageDelayed(PageEvent):
    """PagerDuty has not taken the page yet; Spy keeps trying. `fallback`: how to reach people meanwhile."""

    why: str
    fallback: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PageFailed(PageEvent):
    why: str
    fallback: tuple[str, ...] = ()
    is_needed: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class PageWithdrawn(PageEvent):
    """The incident was over before PagerDuty took the page: it rings nobody."""

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


# --- what could not be said -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DeliveryMended(Event):
    """What could not be delivered for a while is delivered again."""

    what: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed(Event):
    """Something the world should have heard was refused for good: `what` in people's words."""

    what: str
    why: str
    substance: ClassVar[bool] = False
    is_needed: ClassVar[bool] = True


# --- what Spy remembered ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Reminded(Event):
    """A timer spoke: which duty and occurrence (`mark` is its spell), to whom, and whether it was late.

    `to` is an address: a person's or a channel's id, incident:42, or card:42 where the channel was to be left in peace.
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
    """This reminder is moved to `until`; possible once until it starts anew."""

    reminder: str
    mark: str
    until: datetime
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ReliefPutOff(Event):
    """Somebody said *I'm fine*: nobody is asked to relieve them before then."""

    until: datetime


@dataclass(frozen=True, kw_only=True)
class Hushed(Event):
    """Unsolicited posts rest until then; safety reminders don't."""

    until: datetime
    substance: ClassVar[bool] = False


# --- afterwards -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FollowUpAdded(Event):
    """`category` is detection, escalation, recovery or prevention, where it was said; `due` a day."""

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
    """`who` closed its issue, as GitHub names them; `why`: completed, not_planned or duplicate, where GitHub says."""

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
    """Who does it, until when, or what it is for, is another now."""

    follow_up: int
    what: str
    category: str | None = None
    owner: str | None = None
    due: date | None = None
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class NothingNeeded(Event):
    """A category of follow-ups stays empty, for a reason."""

    category: str
    because: str

    @property
    def text(self) -> str:
        return self.because


@dataclass(frozen=True, kw_only=True)
class PartWritten(Event):
    """A part of the postmortem that only a person can write."""

    part: str
    words: str
    substance: ClassVar[bool] = False

    @property
    def text(self) -> str:
        return self.words


@dataclass(frozen=True, kw_only=True)
class PostmortemPlanned(Event):
    """Somebody said who writes the postmortem, or until when (UTC; None: as the severity says)."""

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
    """The review is over: nothing is asked for any more."""


@dataclass(frozen=True, kw_only=True)
class ImageShared(Event):
    """A picture that somebody shared in the channel, in the message with this ts.

    Kept is where it is in Slack (`url`), for those who may see it there: Spy copies and publishes no picture.
    """

    name: str
    url: str
    message: str
    words: str = ""

    @property
    def text(self) -> str:
        return self.words
