"""What an incident needs done in Slack: its channel, its people, its bookmarks."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.effects import Effect, Urgency


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
class ArchiveChannel(ChannelEffect):
    label: ClassVar[str] = "The archiving of the channel of INC-{incident}"


@dataclass(frozen=True, kw_only=True)
class SetTopic(ChannelEffect):
    label: ClassVar[str] = "The channel's topic"


@dataclass(frozen=True, kw_only=True)
class AddBookmark(ChannelEffect):
    """Add a bookmark to the channel. Without a `url` it links to the announcement."""

    title: str
    url: str | None = None
    label: ClassVar[str] = "The bookmark {title}"


@dataclass(frozen=True, kw_only=True)
class Welcome(ChannelEffect):
    """Show the tldr to a new member of the channel, visible only to them, once they have joined."""

    person: str
    label: ClassVar[str] = "The welcome of <@{person}>"

    @property
    def lane(self) -> str:
        return member(self.incident, self.person)


def member(incident: int, person: str) -> str:
    """Return the lane of one person in one incident's channel."""
    return f"member:{incident}:{person}"


@dataclass(frozen=True, kw_only=True)
class ReadMembers(ChannelEffect):
    """Read who is in a private incident's channel, and correct who may see the incident."""

    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The members of the channel of INC-{incident}"


@dataclass(frozen=True, kw_only=True)
class ReadMessage(Effect):
    """Read the message that got a 📝 reaction, to store it as a note."""

    incident: int
    channel: str
    ts: str
    by: str
    label: ClassVar[str] = "The note from a message"


@dataclass(frozen=True, kw_only=True)
class SayCommand(Effect):
    """Run a command in a person's name in the incident's channel, for a milestone."""

    incident: int
    command: str
    person: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The command `{command}`"


@dataclass(frozen=True, kw_only=True)
class Backfill(Effect):
    """Read a page of a channel's history into an incident's timeline, from the newest message back, with its threads.

    `after` and `before` are each a Slack `ts`: what was said between them is still to be read. With a `thread`, it is
    read from its `cursor` on; `roots` are the threads to read after it, then the channel goes on at `before`.
    The other facts count what earlier pages had.
    """

    incident: int
    channel: str
    by: str
    asked: str
    """Identifies the request, as its pages share it."""
    after: str
    before: str
    until: str = ""
    """The `ts` before which it all was said; empty in what an older Spy has queued."""
    thread: str | None = None
    cursor: str | None = None
    roots: tuple[str, ...] = ()
    is_last: bool = False
    """Whether the channel has no more before `before`."""
    added: int = 0
    known: int = 0
    read: int = 0
    asked_threads: int = 0
    threads: int = 0
    """How many threads were asked for, and of how many the replies were not read."""
    first: str | None = None
    last: str | None = None
    """The `ts` of the oldest and the newest line that were added."""
    label: ClassVar[str] = "The messages of <#{channel}> for INC-{incident}"

    @property
    def lane(self) -> str:
        return f"backfill:{self.channel}"
