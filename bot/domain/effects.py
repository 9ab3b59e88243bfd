"""Work to do outside the database: messages, pages, issues.

Each effect has a key. A second try with the same key must not act twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum
from typing import Any, ClassVar, Self

from bot.domain.message import Message
from bot.domain.registering import at_start_only
from bot.domain.subject import Address, IncidentChannel, Occurrence


class Urgency(IntEnum):
    """Which effects go first in a queue."""

    NOW = 0
    SOON = 1
    LATER = 2


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing to do outside. Effects in one lane keep their order; different lanes run in parallel."""

    key: str
    urgency: ClassVar[Urgency] = Urgency.LATER
    label: ClassVar[str] = "A message"
    """Its name in the report of a failed delivery. It may contain its fields, such as `{page}`."""
    is_audited: ClassVar[bool] = False
    """Whether it changes something outside of chat, so that its outcome is in the audit log."""

    def __init_subclass__(cls) -> None:
        at_start_only("an effect")
        EFFECT_KINDS[cls.__name__] = cls

    @property
    def lane(self) -> str:
        return self.key

    @property
    def slot(self) -> str | None:
        """Effects of one slot show the current state. While one waits, a second one is not queued."""
        return None

    @property
    def needs_channel(self) -> int | None:
        """The incident whose channel must exist first."""
        return None


EFFECT_KINDS: dict[str, type[Effect]] = {}
"""All kinds of effects, by the names that the outbox stores."""


def _awaited(to: Address) -> int | None:
    """Return the incident whose channel must exist before a message can go to this address."""
    return to.incident if isinstance(to, IncidentChannel) else None


@dataclass(frozen=True, kw_only=True)
class UpsertMessage(Effect):
    """Post this message once, then keep it up to date by editing it."""

    message_type: str
    ref: int
    to: Address
    mark: str = ""
    """Separates messages of one type and `ref`: each offer of command has its own brief."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the message shows that the database does not hold: its occurrence, a start time (ISO 8601), …"""
    permalink_of: tuple[int, int] | None = None
    """The timeline entry (incident, seq) that gets this message's link once it is posted."""
    aside: bool = False
    """Whether to send it to the commander by DM, because Slack refused it in the incident's channel."""
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "A message ({message_type})"

    @classmethod
    def about(
        cls, message_type: str, ref: int, occurrence: Occurrence | str, *, to: Address, origin: str
    ) -> Self:
        """Return the message of one occurrence of a reminder. `origin` makes the key unique among refreshes."""
        return cls(
            key=f"{message_type.replace('_', '-')}:{ref}:{occurrence}:{origin}",
            message_type=message_type,
            ref=ref,
            to=to,
            mark=f":{occurrence}",
            facts={"occurrence": str(occurrence)},
        )

    @property
    def slot(self) -> str:
        return f"{self.message_type}:{self.ref}{self.mark}{'@aside' if self.aside else ''}"

    @property
    def lane(self) -> str:
        return f"posts:{self.to}" if self.needs_channel else self.slot

    @property
    def needs_channel(self) -> int | None:
        return _awaited(self.to)


@dataclass(frozen=True, kw_only=True)
class LateLine:
    """An event that is posted together with an earlier one, because both come late."""

    template: str
    facts: Mapping[str, Any]
    incident: int
    seq: int


@dataclass(frozen=True, kw_only=True)
class PostEvent(Effect):
    """Post an event once: entry `seq` of the incident's timeline. With `thread_of` (a slot) it is a reply there."""

    to: Address
    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident: int
    seq: int
    thread_of: str | None = None
    is_needed: bool = False
    """Whether people must see it even after the incident is over."""

    def with_late(self, others: Iterable["PostEvent"]) -> "PostLateEvents":
        """Return this effect with later ones of its lane in the same message."""
        late = [*others]
        needed = self.is_needed or any(it.is_needed for it in late)
        also = (*self.lines[1:], *(it.lines[0] for it in late))
        known = {it.name: getattr(self, it.name) for it in fields(PostEvent)}
        return PostLateEvents(**{**known, "is_needed": needed}, also=also)

    @property
    def lines(self) -> tuple[LateLine, ...]:
        """Return all that the message shows, in order."""
        return (LateLine(template=self.template, facts=self.facts, incident=self.incident, seq=self.seq),)

    @property
    def lane(self) -> str:
        return self.thread_of or f"posts:{self.to}"

    @property
    def needs_channel(self) -> int | None:
        return _awaited(self.to)


@dataclass(frozen=True, kw_only=True)
class PostLateEvents(PostEvent):
    """Post an event with those that have waited behind it: after an outage one message shows all of them."""

    also: tuple[LateLine, ...] = ()

    @property
    def lines(self) -> tuple[LateLine, ...]:
        return (*super().lines, *self.also)


@dataclass(frozen=True, kw_only=True)
class Post(Effect):
    """Post a finished message once: the reply to a command that all can see."""

    to: str
    message: Message
    thread: str | None = None
    asker: str | None = None
    """Who gets it by DM if the channel refuses it."""
    about: tuple[int, ...] = ()
    """The private incidents that it shows. A person who was removed from one of them gets no DM about it."""
    urgency: ClassVar[Urgency] = Urgency.SOON

    @property
    def lane(self) -> str:
        return f"posts:{self.to}"


@dataclass(frozen=True, kw_only=True)
class PostEphemeral(Effect):
    """Post a message in a channel that only one person sees. If `to` is that person's id, send it by DM."""

    to: str
    person: str
    message: Message
    thread: str | None = None
    about: tuple[int, ...] = ()
    """As in Post: a person who was removed from one of them does not get it."""
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class Respond(Effect):
    """Reply privately, through the `response_url` that came with a button press."""

    url: str
    message: Message
    person: str | None = None
    """Who gets it by DM once the URL has expired."""
    about: tuple[int, ...] = ()
    """As in Post."""
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class OpenForm(Effect):
    """Open a form for a person. Slack accepts the trigger once, within 3 s. Submitting the form runs `command`."""

    trigger: str
    person: str
    channel: str | None
    form: str
    command: str
    incident: int | None = None
    thread: str | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)
    """What the form keeps of the message or thread that it was opened from."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    urgency: ClassVar[Urgency] = Urgency.NOW


@dataclass(frozen=True, kw_only=True)
class MeetPerson(Effect):
    """Load the name, time zone and e-mail of a person Spy does not know yet."""

    person: str
    urgency: ClassVar[Urgency] = Urgency.NOW

    @property
    def lane(self) -> str:
        return f"person:{self.person}"


@dataclass(frozen=True, kw_only=True)
class ReleaseHeld(Effect):
    """Send what waits for an incident's channel, if it has one by now: it was being opened when that was queued."""

    incident: int
    urgency: ClassVar[Urgency] = Urgency.NOW


@dataclass(frozen=True, kw_only=True)
class RunRequest(Effect):
    """Run a request of a person Spy did not know, once Slack has said who they are."""

    person: str
    request: Mapping[str, Any]
    asked_at: datetime
    urgency: ClassVar[Urgency] = Urgency.NOW
    label: ClassVar[str] = "A command"

    @property
    def lane(self) -> str:
        return f"person:{self.person}"


@dataclass(frozen=True, kw_only=True)
class Notify(Effect):
    """Send a message that is rendered on delivery: to a channel, to one `person` there, or to a person by DM.

    The template gets `facts`, the `incident`, and as `words` the text of a line that was not delivered.
    """

    to: Address
    template: str
    person: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident: int | None = None
    line: PostEvent | None = None
    reports_failure: bool = False
    """Whether it tells the maintainers of a failed delivery. If it fails too, only the log has it."""
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class Unknown(Effect):
    """An effect that a newer version of Spy queued and this one can't read. `why` names the problem."""

    kind: str
    why: str
    label: ClassVar[str] = "What a newer Spy asked for ({kind})"
