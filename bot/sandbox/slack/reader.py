"""Reads the workspace, as people see it."""

from collections.abc import Callable

from bot.sandbox.slack.modals import Modals
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import Json, SlackChannel, SlackMessage, SlackPerson, SlackView


class WorkspaceReader:
    """Reads the workspace. People are found by handle or id, channels by name, #name or id. LookupError if unknown."""

    def __init__(self, state: WorkspaceState, modals: Modals) -> None:
        self.state = state
        self.modals = modals

    @property
    def channels(self) -> list[SlackChannel]:
        """All channels without the DMs."""
        with self.state.feed.lock:
            return [channel for channel in self.state.channels.values() if not channel.is_im]

    def person(self, ref: str) -> SlackPerson:
        person = self.state.person(ref)
        if person is None:
            raise LookupError(f"nobody here is called {ref}")
        return person

    def channel(self, ref: str) -> SlackChannel:
        channel = self.state.channel(ref)
        if channel is None:
            raise LookupError(
                f"no channel is called {ref}; there is {', '.join(c.name for c in self.channels)}"
            )
        return channel

    def messages(self, channel: str) -> list[SlackMessage]:
        """Return the messages, the oldest first, with replies, without ephemeral ones."""
        with self.state.feed.lock:
            return list(self.channel(channel).messages.values())

    def message(self, channel: str, ts: str) -> SlackMessage:
        """Return a message, or an ephemeral one."""
        message = self.channel(channel).messages.get(ts) or self.state.ephemerals.get(ts)
        if message is None:
            raise LookupError(f"no message {ts} in {channel}")
        return message

    def ephemerals(self, person: str) -> list[SlackMessage]:
        """Return the person's ephemeral messages, the oldest first."""
        who = self.person(person).id
        with self.state.feed.lock:
            return [m for m in self.state.ephemerals.values() if m.ephemeral_to == who]

    def visible(self, person: str) -> list[SlackMessage]:
        """Return every message that this person can read, in order of time."""
        who = self.person(person)
        with self.state.feed.lock:
            open_to = [
                c
                for c in self.state.channels.values()
                if who.id in c.members or not (c.is_private or c.is_im or who.is_guest)
            ]
            seen = [m for channel in open_to for m in channel.messages.values()]
            return sorted([*seen, *self.ephemerals(person)], key=lambda m: m.ts)

    def members(self, channel: str) -> list[str]:
        """Return the members' handles."""
        return [self.state.people[user].name for user in list(self.channel(channel).members)]

    def topic(self, channel: str) -> str:
        return self.channel(channel).topic

    def bookmarks(self, channel: str) -> list[Json]:
        return list(self.channel(channel).bookmarks.values())

    def pins(self, channel: str) -> list[SlackMessage]:
        found = self.channel(channel)
        return [found.messages[ts] for ts in list(found.pins)]

    def views(self, person: str) -> list[SlackView]:
        """Return the person's open modals, the top one last."""
        return self.modals.stack(self.person(person).id)

    def view(self, person: str, view_id: str | None = None) -> SlackView:
        """Return this modal, or the top one."""
        for view in reversed(self.views(person)):
            if view_id in (None, view.id):
                return view
        raise LookupError(f"{person} has no such modal open")

    def home(self, person: str) -> SlackView | None:
        return self.state.homes.get(self.person(person).id)

    def text_of(self, message: SlackMessage | SlackView) -> str:
        """Return the text that a person reads: blocks flattened, buttons as [Label], mentions by name."""
        if isinstance(message, SlackView):
            return self.state.reader.view(message)
        return self.state.reader.message(message)

    def wait_for(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Return once the condition holds. AssertionError with the last events if it does not."""
        self.state.feed.wait_for(condition, seconds)

    def entered(self, person: str, channel: str) -> SlackChannel:
        """Find an open channel that the person is in."""
        who, where = self.person(person), self.channel(channel)
        if who.id not in where.members:
            raise LookupError(f"{who.name} is not in #{where.name}")
        if where.is_archived:
            raise LookupError(f"#{where.name} is archived")
        return where

    def own(self, person: str, channel: str, ts: str) -> tuple[SlackChannel, SlackMessage]:
        """Find a message in such a channel that the person wrote."""
        where, message = self.entered(person, channel), self.message(channel, ts)
        if message.user != self.person(person).id:
            raise LookupError(f"{person} did not write {ts}")
        return where, message
