"""What a person asked, from any source, and the response."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from bot.domain.incident.origin import Origin
from bot.domain.message import Message
from bot.domain.proposal import ProposalApproval
from bot.ports import Form


class Source(StrEnum):
    """Where a request comes from. A mention, a plain message and a DM are answered where they were written."""

    SLASH = "slash"
    MENTION = "mention"
    PLAIN = "plain"
    DM = "dm"
    BUTTON = "button"
    FORM = "form"
    REACTION = "reaction"
    SHORTCUT = "shortcut"
    TERMINAL = "terminal"
    WEB = "web"
    API = "api"
    AGENT = "agent"


AT_ONCE = frozenset({Source.SLASH, Source.TERMINAL, Source.WEB, Source.API, Source.AGENT})
"""The sources whose acknowledgement can hold an answer."""
TEXT_ONLY = frozenset({Source.TERMINAL, Source.API, Source.AGENT})
"""Those that show an answer as text, so that tables and charts are in the acknowledgement too."""
PROGRAMS = frozenset({Source.API, Source.AGENT})
"""The sources of programs that act for a person, by a token."""
VISIBLE = frozenset({Source.MENTION, Source.PLAIN, Source.DM})
SAID_THERE = frozenset(
    {Source.SLASH, Source.MENTION, Source.PLAIN, Source.BUTTON, Source.REACTION, Source.SHORTCUT}
)
"""The sources that prove that the person is in the request's channel. A form only remembers where it was opened."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. `id` is Slack's trigger or event id: a repeated id gets the same answer and is not run again.

    `text` is the command without its source's prefix: `/incident me "x"` arrives as `incident me "x"`, and `/spy …`
    or `spy …` without the `spy`. Slack's escapes (`<@U0ANA|ana>`, `&lt;`) are kept.
    """

    id: str
    text: str
    user: str
    source: Source
    user_name: str | None = None
    channel: str | None = None
    thread: str | None = None
    message: str | None = field(default=None, compare=False)
    """The message with the command, if it is one. Of all its edited versions, only one runs, once."""
    trigger: str | None = None
    response_url: str | None = None
    incident: int | None = None
    """The incident it is about, if a form or button knows it. Otherwise the router finds it by the channel."""
    origin: Origin | None = None
    """The message it is about, or the thread in which it was written."""
    asked: Mapping[str, Any] | None = None
    """Who had asked somebody to run it, if a button of that message was pressed: see `Permissions.ask`."""
    is_private: bool = False
    """Whether its channel is private, or may be: what was said there is not repeated elsewhere."""
    given: Mapping[str, str] = field(default_factory=dict)
    """A form's fields by name. They fill the command's slots."""
    arrived_at: float = field(default_factory=time.monotonic, compare=False)
    """When it arrived, on the monotonic clock. Its time limit counts from then."""
    is_unasked: bool = False
    """Whether a milestone runs it in this person's name."""

    agent: str = ""
    """The machine that speaks in this person's name, by the name of its key. It reads, and proposes what changes."""
    means: str = ""
    """The usage line of the command that the words must mean, if a program chose the command."""
    only_reads: bool = False
    """Whether a command that does not only read is refused."""
    approval: ProposalApproval | None = None
    """What makes a machine's command run: a person approved it."""

    is_confirmed: bool = False
    """Whether Slack was asked who the person is, if Spy did not know it."""

    @property
    def is_answered_at_once(self) -> bool:
        """Return whether the acknowledgement can hold the answer. One that waited for Slack comes after it."""
        return self.source in AT_ONCE and not self.is_confirmed

    @property
    def may_ask_back(self) -> bool:
        """Return whether a button was pressed, so that a form can ask for the missing words."""
        return self.source is Source.BUTTON and self.trigger is not None


def asked_for(memory: Any) -> Mapping[str, Any] | None:
    """Return who had asked for a command, as a button kept it; None if nobody had."""
    return memory if isinstance(memory, Mapping) and isinstance(memory.get("key"), str) else None


@dataclass(frozen=True, kw_only=True)
class OpenedForm:
    """A form to fill in on the page where it was asked for. Its fields fill the slots of `command`."""

    form: Form
    command: str
    incident: int | None = None


@dataclass(frozen=True, kw_only=True)
class Response:
    """The acknowledgement: nothing, a message to the asker, or (`shared`) one to the channel; on a page also a form.

    `complaints` are a form's errors: field name → sentence. The form stays open and shows them.
    """

    message: Message | None = None
    form: OpenedForm | None = None
    shared: bool = False
    is_refusal: bool = field(default=False, compare=False)
    complaints: Mapping[str, str] = field(default_factory=dict)
    waits: bool = field(default=False, compare=False)
    """Whether Slack is asked first who asks, and it is run after that."""
    queued: tuple[str, ...] = field(default=(), compare=False)
    """The keys of the effects that it queued, when it was run. A repeated request has none."""


@cache
def stored_request() -> TypeAdapter[Request]:
    """Return what stores a request for later, and reads it. It is built when it is first needed: that takes a while."""
    return TypeAdapter(Request)


# --- what Spy notices without being asked -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that happened in a channel. `id` is Slack's event id."""

    id: str
    channel: str
    arrived_at: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True, kw_only=True)
class HomeOpened(Notice):
    """A person opened their Home tab. `mark` is by what Slack knows the state that it shows, if there is any."""

    person: str
    mark: str | None = None


@dataclass(frozen=True, kw_only=True)
class Joined(Notice):
    person: str


@dataclass(frozen=True, kw_only=True)
class Reacted(Notice):
    """Someone put an emoji (its name, without colons) on a message (ts)."""

    person: str
    ts: str
    emoji: str


@dataclass(frozen=True, kw_only=True)
class Unreacted(Reacted):
    pass


@dataclass(frozen=True, kw_only=True)
class WrittenNotice(Notice):
    """A person wrote what is no command. The router passes on only words in the channel of a merged incident."""

    person: str


@dataclass(frozen=True, kw_only=True)
class Edited(Notice):
    person: str
    ts: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Automated(Notice):
    """A workflow asks for a command: its words, without the source's prefix."""

    words: str


@dataclass(frozen=True, kw_only=True)
class Deleted(Notice):
    ts: str


@dataclass(frozen=True, kw_only=True)
class Shared(Notice):
    """Pictures were shared in a message (ts): each has a name, and an address for people who may see it in Slack."""

    person: str
    ts: str
    text: str
    images: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Renamed(Notice):
    name: str


@dataclass(frozen=True, kw_only=True)
class Left(Notice):
    """Somebody left the channel or was removed from it."""

    person: str


@dataclass(frozen=True, kw_only=True)
class PutOut(Notice):
    """Spy itself was removed from the channel; `by` whom, if Slack says so."""

    private: bool
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClosedNotice(Notice):
    """The channel was archived or deleted (`how`)."""

    how: Literal["archived", "deleted"]
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReopenedNotice(Notice):
    """The channel was unarchived, or Spy was added to it again."""

    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class MadePrivateNotice(Notice):
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class MovedNotice(Notice):
    """The channel has a new id."""

    to: str
