"""Slack, as Spy needs it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.domain.message import Message
from bot.domain.zone import known_zone
from bot.ports.words import Form

SLACKBOT = "USLACKBOT"
"""Slackbot, which Slack does not mark as a bot. It has the same id in each workspace."""


@dataclass(frozen=True, kw_only=True)
class Posted:
    """Where a message is: channel id, Slack's ts, and its address for people."""

    channel: str
    ts: str
    permalink: str | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A person as Slack knows them. A guest is no full member of this workspace.

    `zone` is an IANA name; None if Slack gives none that this machine knows.
    """

    name: str
    email: str | None = None
    zone: str | None = None
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", known_zone(self.zone))


@dataclass(frozen=True, kw_only=True)
class PersonMessage:
    """A message as a person wrote it, with Slack's own escapes."""

    text: str
    person: str | None


@dataclass(frozen=True, kw_only=True)
class PastMessage:
    """What was said in a channel, with Slack's own escapes. `person` is None for an app without a user id."""

    ts: str
    text: str
    person: str | None
    permalink: str | None = None


@dataclass(frozen=True, kw_only=True)
class HistoryPage:
    """Some of what was said in a channel, oldest first.

    `read` counts what Slack returned: that is more than `messages`. `before` is where the next page ends (a `ts`);
    None if this was the last one. A thread's pages go on with `cursor` instead. `threads` are those whose replies are
    not in it, by the `ts` of their first message.
    """

    messages: Sequence[PastMessage] = ()
    read: int = 0
    before: str | None = None
    cursor: str | None = None
    threads: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person as Spy knows them; `zone` as in Profile.

    `profiled_at` is when Slack last answered who they are. `asked_at` is when Spy last asked.
    """

    id: str
    name: str
    email: str | None = None
    zone: str | None = None
    profiled_at: datetime | None = None
    asked_at: datetime | None = None
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", known_zone(self.zone))

    @property
    def is_confirmed(self) -> bool:
        """Return whether Slack has said who they are."""
        return self.profiled_at is not None

    @property
    def is_assignable(self) -> bool:
        """Return whether they can be given a task. Bots and deactivated accounts can't."""
        return not (self.is_bot or self.is_deactivated)


class Chat(Protocol):
    """Slack. Every call may raise Unreachable, Throttled or Rejected."""

    def create_channel(self, name: str, *, private: bool) -> str:
        """Create a channel and return its id. Rejected with `name_taken` if the name is used."""

    def find_channel(self, name: str, *, private: bool, since: datetime) -> str | None:
        """Find a channel that Spy itself created under this name since then. Never returns someone else's."""

    def invite(self, channel: str, people: Collection[str]) -> None:
        """Invite people. Someone who is already in the channel is no error."""

    def channel_members(self, channel: str) -> Collection[str]:
        """Return the people in a channel that Spy is in, without Spy. All of them, or it raises."""

    def archive(self, channel: str) -> None:
        """Archive a channel. One that is archived already is no error."""

    def set_topic(self, channel: str, topic: str) -> None: ...

    def bookmark(self, channel: str, title: str, url: str) -> None: ...

    def has_bookmark(self, channel: str, url: str) -> bool: ...

    def permalink(self, channel: str, ts: str | None = None) -> str:
        """Return the address of a channel or of a message in it. Computed without a call."""

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        """Post to a channel, or to a person (Slack id) by DM. `key` is the mark by which `find_post` finds it."""

    def find_post(self, to: str, *, key: str, since: datetime, thread: str | None = None) -> Posted | None:
        """Find the message that `post` made under this key."""

    def edit(self, posted: Posted, message: Message) -> None: ...

    def post_ephemeral(
        self, channel: str, person: str, message: Message, *, thread: str | None = None
    ) -> None: ...

    def respond(self, url: str, message: Message) -> None: ...

    def open_form(self, trigger: str, form: Form, *, memory: Mapping[str, Any]) -> None:
        """Open a form. `memory` (JSON) comes back with the submission."""

    def publish_home(self, person: str, message: Message, *, replaces: str | None = None) -> str | None:
        """Show a message on a person's Home tab. Return by what Slack knows this state, if it says so.

        Rejected with `hash_conflict` if the tab shows another state than `replaces`, and with `not_enabled` if the
        app has no Home tab.
        """

    def join(self, channel: str) -> None:
        """Join a public channel."""

    def read(self, channel: str, ts: str) -> PersonMessage:
        """Read one message, also in a thread."""

    def history(self, channel: str, *, after: str, before: str) -> HistoryPage:
        """Read the newest page of what was said between two `ts`, in a channel that Spy is in.

        Left out: what Spy said or was told, who came and went, what has no words, and replies in threads.
        """

    def replies(
        self, channel: str, thread: str, *, after: str, before: str, cursor: str | None = None
    ) -> HistoryPage:
        """Read a page of the replies in a thread, oldest first, as `history` does. Its first message is left out."""

    def profile(self, person: str) -> Profile: ...
    def phone(self, person: str) -> str | None:
        """Return the phone number in a person's profile; None without one. The caller must not store it."""

    def people(self) -> Iterator[Sequence[Person]]:
        """Yield everyone in the workspace, some at a time."""

    def find_by_email(self, email: str) -> Person | None:
        """Return the person with this e-mail address; None if Slack knows nobody."""

    def group_members(self, group: str) -> Sequence[str]:
        """Return the members of a user group. Rejected with `no_such_subteam` if there is no group of this id."""

    def set_group_members(self, group: str, people: Sequence[str]) -> None:
        """Replace the members of a user group, at least one. Rejected with `no_such_subteam` as above."""
