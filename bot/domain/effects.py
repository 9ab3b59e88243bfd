"""What is to be done outside: an effect has a key, and a second try under the same key must not act twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, ClassVar, Self

from bot.domain.message import Message
from bot.domain.subject import incident_addressed


class Urgency(IntEnum):
    """What goes first when there is a queue."""

    NOW = 0
    SOON = 1
    LATER = 2


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing to be done outside; effects of one lane keep their order, lanes run side by side."""

    key: str
    urgency: ClassVar[Urgency] = Urgency.LATER
    label: ClassVar[str] = "A message"
    """What it is called where people read that it was not delivered; may name its fields."""

    @property
    def lane(self) -> str:
        return self.key

    @property
    def slot(self) -> str | None:
        """Effects of one slot show the present state: while one waits, a second adds nothing."""
        return None

    @property
    def needs_channel(self) -> int | None:
        """The incident whose channel must exist first."""
        return None


def incident_channel(number: int) -> str:
    """Address an incident's channel before its Slack id is known."""
    return f"incident:{number}"


# --- the incident channel ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateChannel(Effect):
    incident: int
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The channel of INC-{incident}"


@dataclass(frozen=True, kw_only=True)
class ChannelEffect(Effect):
    incident: int

    @property
    def needs_channel(self) -> int:
        return self.incident


@dataclass(frozen=True, kw_only=True)
class Invite(ChannelEffect):
    people: tuple[str, ...]
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The invitation of {people}"

    @property
    def lane(self) -> str:
        return member(self.incident, self.people[0]) if len(self.people) == 1 else self.key


@dataclass(frozen=True, kw_only=True)
class SetTopic(ChannelEffect):
    label: ClassVar[str] = "The channel's topic"


@dataclass(frozen=True, kw_only=True)
class AddBookmark(ChannelEffect):
    """Pin a link above the channel; without a `url` it is the announcement."""

    title: str
    url: str | None = None
    label: ClassVar[str] = "The bookmark {title}"


@dataclass(frozen=True, kw_only=True)
class Welcome(ChannelEffect):
    """Return a newcomer to the channel the tldr, visible to them alone, once they are in it."""

    person: str
    label: ClassVar[str] = "The welcome of <@{person}>"

    @property
    def lane(self) -> str:
        return member(self.incident, self.person)


def member(incident: int, person: str) -> str:
    """Name the lane of one person in one incident's channel."""
    return f"member:{incident}:{person}"


@dataclass(frozen=True, kw_only=True)
class ReadMessage(Effect):
    """Read the message that a 📝 was put on, to make a note of it."""

    incident: int
    channel: str
    ts: str
    by: str
    label: ClassVar[str] = "The note from a message"


# --- messages ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class UpsertMessage(Effect):
    """See to it that the message of this message type exists and tells the present state: posted once, then edited."""

    message_type: str
    ref: int
    to: str
    mark: str = ""
    """Tells apart two messages of one message type and ref: each offer of command has a brief of its own."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What it says that can't be read afresh: which occurrence it is, since when (ISO) …"""
    permalink_of: tuple[int, int] | None = None
    """The timeline entry (incident, seq) whose link this message is, once it is posted."""
    aside: bool = False
    """Whether to show it to who leads, by DM: Slack did not take it into the incident's channel."""
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "A message ({message_type})"

    @property
    def slot(self) -> str:
        return f"{self.message_type}:{self.ref}{self.mark}{'@aside' if self.aside else ''}"

    @property
    def lane(self) -> str:
        return f"posts:{self.to}" if self.needs_channel else self.slot

    @property
    def needs_channel(self) -> int | None:
        return incident_addressed(self.to)


@dataclass(frozen=True, kw_only=True)
class PostEvent(Effect):
    """Tell a fact once: entry `seq` of the incident's timeline. `thread_of` a slot makes it a reply there."""

    to: str
    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident: int
    seq: int
    thread_of: str | None = None
    is_needed: bool = False
    """Whether somebody must read it even when the incident is over."""

    @property
    def lane(self) -> str:
        return self.thread_of or f"posts:{self.to}"

    @property
    def needs_channel(self) -> int | None:
        return incident_addressed(self.to)


@dataclass(frozen=True, kw_only=True)
class Post(Effect):
    """Post words that are ready, once: the answer to a visible ask."""

    to: str
    message: Message
    thread: str | None = None
    asker: str | None = None
    """Who gets it by DM where the channel does not take it."""
    urgency: ClassVar[Urgency] = Urgency.SOON

    @property
    def lane(self) -> str:
        return f"posts:{self.to}"


@dataclass(frozen=True, kw_only=True)
class PostEphemeral(Effect):
    """Say something in a channel that only one person sees; to a person's own id it goes by DM."""

    to: str
    person: str
    message: Message
    thread: str | None = None
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class Respond(Effect):
    """Answer, privately, through the `response_url` that came with a press."""

    url: str
    message: Message
    person: str | None = None
    """Who gets it by DM where the address takes it no more."""
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class OpenForm(Effect):
    """Open a form for who asked; Slack takes the trigger once, within 3 s. `command` is said when it is sent."""

    trigger: str
    person: str
    channel: str | None
    form: str
    command: str
    incident: int | None = None
    thread: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    urgency: ClassVar[Urgency] = Urgency.NOW


@dataclass(frozen=True, kw_only=True)
class SayCommand(Effect):
    """Say a command in somebody's name, in the incident's channel: what a milestone does."""

    incident: int
    command: str
    person: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The command `{command}`"


@dataclass(frozen=True, kw_only=True)
class MeetPerson(Effect):
    """Learn the name, zone and e-mail of somebody Spy meets for the first time."""

    person: str


@dataclass(frozen=True, kw_only=True)
class Notify(Effect):
    """Tell something, rendered when it leaves: in a channel, or to one `person` there; to their own id, by DM.

    The template gets `facts`, the `incident`, and as `words` the text of a line that could not be said.
    """

    to: str
    template: str
    person: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident: int | None = None
    line: PostEvent | None = None
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class Unknown(Effect):
    """An effect that this Spy can't read, since a newer one asked for it; `why` is what it can't read."""

    kind: str
    why: str
    label: ClassVar[str] = "What a newer Spy asked for ({kind})"


# --- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PageEffect(Effect):
    page: int
    urgency: ClassVar[Urgency] = Urgency.NOW

    @property
    def lane(self) -> str:
        return f"page:{self.page}"


@dataclass(frozen=True, kw_only=True)
class SendPage(PageEffect):
    label: ClassVar[str] = "Page {page}"


@dataclass(frozen=True, kw_only=True)
class AnswerPage(PageEffect):
    """Acknowledge or resolve a page in PagerDuty, from chat."""

    answer: str
    by: str
    label: ClassVar[str] = "The answer to page {page} ({answer})"

    @classmethod
    def given(cls, page: int, answer: str, *, by: str, at: datetime) -> Self:
        """Return the answer of somebody at a moment: the same one at another moment is another one."""
        key = f"answer-page:{page}:{answer}:{int(at.timestamp() * 1000)}"
        return cls(key=key, page=page, answer=answer, by=by)


@dataclass(frozen=True, kw_only=True)
class EscalatePage(PageEffect):
    """Ring the next level of its escalation policy: nobody answered."""

    level: int
    label: ClassVar[str] = "The escalation of page {page}"


@dataclass(frozen=True, kw_only=True)
class FindResponder(PageEffect):
    """Find who acknowledged a page, by PagerDuty's id of them, among the people of Slack."""

    user: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The invitation of who acknowledged page {page}"

    @property
    def lane(self) -> str:
        return self.key


@dataclass(frozen=True, kw_only=True)
class MakeOverride(Effect):
    """Put who promised to cover on call, in PagerDuty's schedule."""

    cover: int
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The override for cover {cover}"

    @property
    def lane(self) -> str:
        return f"cover:{self.cover}"


# --- afterwards -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PostmortemEffect(Effect):
    """What GitHub gets of an incident, one after the other; `by` asked for it, and hears what became of it."""

    incident: int
    by: str | None = None

    @property
    def lane(self) -> str:
        return f"postmortem:{self.incident}"


@dataclass(frozen=True, kw_only=True)
class FileFollowUp(PostmortemEffect):
    """See to it that this follow-up is an issue that tells its present state."""

    follow_up: int
    reopens: bool = False
    """Whether it was taken up again in chat: else an issue that people closed stays closed."""
    label: ClassVar[str] = "Follow-up {follow_up}, as an issue"


@dataclass(frozen=True, kw_only=True)
class ExportPostmortem(PostmortemEffect):
    """See to it that the postmortem's issue tells the present state, but for what people wrote in it."""

    label: ClassVar[str] = "The export of the postmortem"


@dataclass(frozen=True, kw_only=True)
class FileLog(PostmortemEffect):
    """Put the full log, where it did not fit into the issue (`overflow`), into its comments."""

    overflow: bool = True
    label: ClassVar[str] = "The full log of the postmortem"


@dataclass(frozen=True, kw_only=True)
class CopyPostmortem(PostmortemEffect):
    """Offer the document to another repository, by a pull request."""

    label: ClassVar[str] = "The copy of the postmortem"
