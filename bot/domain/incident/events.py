"""What can happen to an incident and to the people in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bot.domain.event import ANNOUNCEMENT, CARD, FOLLOWERS, LINE, Event, ShownIn

Closing = Literal["archived", "deleted", "left", "gone"]
Edit = Literal["edited", "moved", "merged", "hidden", "kept"]


@dataclass(frozen=True, kw_only=True)
class Declared(Event):
    """Somebody declared it; or Spy (no `by`), because of an alert. Then `commander` leads it."""

    name: str
    commander: str | None = None
    """Who leads it, if not who declared it."""
    severity: str | None = None
    private: bool = False
    drill: bool = False
    services: tuple[str, ...] = ()
    next_due: datetime | None = None
    """When the first update is due (UTC)."""
    recorded: bool = False
    """Whether it was over when it was recorded: it was handled without Spy."""
    text_field: ClassVar[str] = "name"


@dataclass(frozen=True, kw_only=True)
class ChannelOpened(Event):
    channel: str
    channel_name: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ChannelRefused(Event):
    """Slack could not create the channel; `why` is Slack's error."""

    why: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class ChannelClosed(Event):
    """Spy can no longer post: the channel is archived or deleted, or Spy was removed (left) or can't see it (gone)."""

    channel: str
    how: Closing
    shown_in: ClassVar[tuple[ShownIn, ...]] = (ANNOUNCEMENT,)


@dataclass(frozen=True, kw_only=True)
class ChannelReopened(Event):
    """Spy can post in the channel again."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class ChannelMoved(Event):
    """Slack changed the channel's id."""

    channel: str
    before: str
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class MadePrivate(Event):
    """Somebody made the channel private. The incident becomes private too."""

    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


@dataclass(frozen=True, kw_only=True)
class PersonLeft(Event):
    person: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ResponderLeft(Event):
    """Somebody with command or a role left the channel or was removed. They keep it until somebody takes over."""

    person: str
    led: bool = False
    roles: tuple[str, ...] = ()
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


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
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class PhaseChanged(Event):
    phase: str
    before: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class UpdatePosted(Event):
    message: str
    next_due: datetime | None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT, FOLLOWERS)
    text_field: ClassVar[str] = "message"
    is_editable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class NoteTaken(Event):
    """A note. If a 📝 reaction made it, `message` is the `ts` of that Slack message, and `noted_by` put the reaction.

    `supersedes` is the `seq` of the timeline entry that this note corrects.
    """

    note: str
    message: str | None = None
    noted_by: str | None = None
    supersedes: int | None = None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
    text_field: ClassVar[str] = "note"
    is_editable: ClassVar[bool] = True
    can_move: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class NoteRemoved(Event):
    message: str
    supersedes: int
    substance: ClassVar[bool] = False
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class TimelineEdited(Event):
    """Somebody changed lines of the timeline. Their former state stays in the full log.

    `lines` are their numbers, and `authors` (Slack ids) wrote them. `into` is the number of the corrected line. `was`
    is its former text, or `was_at` its former time (UTC).
    """

    what: Edit
    lines: tuple[int, ...]
    authors: tuple[str, ...] = ()
    into: int | None = None
    was: str = ""
    was_at: datetime | None = None
    substance: ClassVar[bool] = False
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ImpactStated(Event):
    impact: str
    since: datetime
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
    text_field: ClassVar[str] = "impact"
    is_editable: ClassVar[bool] = True
    can_move: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class CauseSuspected(Event):
    cause: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
    text_field: ClassVar[str] = "cause"
    is_editable: ClassVar[bool] = True
    can_move: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ServicesAffected(Event):
    """The incident affects these services too."""

    services: tuple[str, ...]
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class ServicesCleared(Event):
    """The incident does not affect these services."""

    services: tuple[str, ...]
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class LinkAdded(Event):
    url: str
    title: str
    author: str = ""
    """Who wrote the linked message: a mention, or the name of a bot."""
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
    text_field: ClassVar[str] = "title"


@dataclass(frozen=True, kw_only=True)
class Resolved(Event):
    how: str = ""
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT, FOLLOWERS)
    text_field: ClassVar[str] = "how"
    is_editable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Reopened(Event):
    next_due: datetime | None = None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT, FOLLOWERS)


@dataclass(frozen=True, kw_only=True)
class StillBroken(Event):
    """Somebody says after the end that it is still broken for them. `asked` decides whether it opens again."""

    asked: str | None = None
    words: str = ""
    is_needed: ClassVar[bool] = True
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)
    text_field: ClassVar[str] = "words"
    is_editable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Cancelled(Event):
    why: str = ""
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT, FOLLOWERS)
    text_field: ClassVar[str] = "why"
    is_editable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class StepPassed(Event):
    """Somebody finished a step of the guide (`guide.Step`), with an answer or by moving on."""

    step: str
    answer: str = ""
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)
    text_field: ClassVar[str] = "answer"
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class CommandTaken(Event):
    commander: str
    before: str | None
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)


@dataclass(frozen=True, kw_only=True)
class CommandOffered(Event):
    """Command is offered. The commander stays until the successor presses *I have command*."""

    to: str
    instead_of: str | None = None
    """Who had the offer before and has not answered."""
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class CommandDeclined(Event):
    to: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class RoleGiven(Event):
    role: str
    person: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD)


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
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE, CARD, ANNOUNCEMENT)

    @property
    def is_felt(self) -> bool:
        """Whether they had any role or task."""
        return bool(self.led or self.offered or self.roles or self.follow_ups or self.postmortem)


@dataclass(frozen=True, kw_only=True)
class TeamNotified(Event):
    notice: int
    team: str
    message: str
    text_field: ClassVar[str] = "message"


@dataclass(frozen=True, kw_only=True)
class TeamNoticeSeen(Event):
    notice: int
    team: str
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class TeamNoticeFailed(Event):
    notice: int
    team: str
    why: str
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class DeliveryMended(Event):
    """Deliveries that had failed for a while work again."""

    what: str
    substance: ClassVar[bool] = False
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed(Event):
    """A delivery failed for good. `what` describes it for people."""

    what: str
    why: str
    substance: ClassVar[bool] = False
    is_needed: ClassVar[bool] = True
    shown_in: ClassVar[tuple[ShownIn, ...]] = (LINE,)


@dataclass(frozen=True, kw_only=True)
class ImageShared(Event):
    """Somebody shared an image in the channel, in the message with this `ts`.

    Spy keeps only its Slack URL, so Slack decides who can see it. `words` is its caption, and `supersedes` is the
    `seq` of the timeline entry that has the former one.
    """

    name: str
    url: str
    message: str
    words: str = ""
    supersedes: int | None = None
    text_field: ClassVar[str] = "words"
    is_editable: ClassVar[bool] = True
    can_move: ClassVar[bool] = True
