"""What a person asked, by whatever way it came, and what they are answered."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bot.domain.message import Message


class Source(StrEnum):
    """The ways of speaking to Spy. A mention, a plain message and a DM are answered where they stand."""

    SLASH = "slash"
    MENTION = "mention"
    PLAIN = "plain"
    DM = "dm"
    BUTTON = "button"
    FORM = "form"
    REACTION = "reaction"
    TERMINAL = "terminal"


VISIBLE = frozenset({Source.MENTION, Source.PLAIN, Source.DM})


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. `id` is Slack's (trigger or event id): the same one is acted on once, and answered again.

    `text` is the command without the way's own prefix (`/incident me "x"` arrives as `incident me "x"`, a
    `/spy …` or `spy …` without the `spy`), with Slack's escapes (`<@U0ANA|ana>`, `&lt;`) as they came.
    """

    id: str
    text: str
    user: str
    source: Source
    user_name: str | None = None
    channel: str | None = None
    thread: str | None = None
    message: str | None = field(default=None, compare=False)
    """The message that says it, where it is one: of all its versions one is done, and once."""
    trigger: str | None = None
    response_url: str | None = None
    incident: int | None = None
    """The incident it is about, where a form or button knows it; else the router finds it by the channel."""
    given: Mapping[str, str] = field(default_factory=dict)
    """A form's fields by name: they fill the command's slots."""
    arrived_at: float = field(default_factory=time.monotonic, compare=False)
    """When it came, on the monotonic clock: its time runs from then."""

    @property
    def may_ask_back(self) -> bool:
        """Whether a button was pressed, so that a form can ask for the words that a button can't say."""
        return self.source is Source.BUTTON and self.trigger is not None


@dataclass(frozen=True, kw_only=True)
class Response:
    """What goes back in the acknowledgement: nothing, a message to the asker, or (`shared`) one to the channel.

    `complaints` are a form's: field name → sentence; the form stays open and shows them.
    """

    message: Message | None = None
    shared: bool = False
    complaints: Mapping[str, str] = field(default_factory=dict)


# --- what Spy notices without being asked -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something seen in a channel; `id` is Slack's event id."""

    id: str
    channel: str
    arrived_at: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True, kw_only=True)
class Joined(Notice):
    person: str


@dataclass(frozen=True, kw_only=True)
class Reacted(Notice):
    """An emoji (its name, without colons) put on a message (ts)."""

    person: str
    ts: str
    emoji: str


@dataclass(frozen=True, kw_only=True)
class Unreacted(Reacted):
    pass


@dataclass(frozen=True, kw_only=True)
class Edited(Notice):
    person: str
    ts: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Automated(Notice):
    """A workflow wants something of Spy: its words, without the way's own prefix."""

    words: str


@dataclass(frozen=True, kw_only=True)
class Deleted(Notice):
    ts: str


@dataclass(frozen=True, kw_only=True)
class Shared(Notice):
    """Pictures shared in a message (ts): the name of each, and its address for those who may see it in Slack."""

    person: str
    ts: str
    text: str
    images: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Renamed(Notice):
    name: str


@dataclass(frozen=True, kw_only=True)
class Left(Notice):
    """Somebody left the channel, or was taken out of it."""

    person: str


@dataclass(frozen=True, kw_only=True)
class PutOut(Notice):
    """Spy itself was taken out of the channel; `by` whom, where Slack says so."""

    private: bool
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClosedNotice(Notice):
    """The channel was archived or deleted (`how`)."""

    how: Literal["archived", "deleted"]
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReopenedNotice(Notice):
    """The channel was unarchived, or Spy was brought back into it."""

    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class MadePrivateNotice(Notice):
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class MovedNotice(Notice):
    """The channel goes by another id now."""

    to: str
