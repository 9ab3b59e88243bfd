"""The state of the workspace, and all that changes it."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from bot.sandbox.feed import BoxEvent, Feed
from bot.sandbox.slack import events
from bot.sandbox.slack.text import MessageReader
from bot.sandbox.slack.world import (
    BOT_USER,
    PEOPLE,
    USERGROUPS,
    Json,
    SlackChannel,
    SlackMessage,
    SlackPerson,
    SlackView,
    seeded_channels,
)

Emit = Callable[[Json, str], None]
EVERYWHERE = ("channel_created", "channel_rename", "channel_archive", "channel_unarchive", "channel_deleted")
CONVERTED = {
    "private": "made this channel *private*. Now, it can only be viewed or joined by invitation.",
    "public": "made this channel *public*. Any member in this workspace can see and join it.",
}
MENTION = re.compile(rf"<@{BOT_USER}(\|[^>]*)?>")


class WorkspaceState:
    """The state, guarded by the feed's lock. `emit` gets each event that the bot may see, and its channel."""

    def __init__(self, feed: Feed, emit: Emit, now: Callable[[], datetime]) -> None:
        self.feed = feed
        self._now = now
        self.people: dict[str, SlackPerson] = {person.id: person for person in PEOPLE}
        self.usergroups = dict(USERGROUPS)
        self.channels: dict[str, SlackChannel] = seeded_channels(self.now())
        self.ephemerals: dict[str, SlackMessage] = {}
        self.views: dict[str, SlackView] = {}
        self.homes: dict[str, SlackView] = {}
        self.scheduled: dict[str, Json] = {}
        self.reader = MessageReader(self.name_of)
        self._names = {c.name: c.id for c in self.channels.values() if not c.is_im}
        self._emit = emit
        self._last_ts = 0
        self._ids = itertools.count(1)

    # ---------------------------------------------------------------- finding

    def now(self) -> int:
        """Return the seconds since the epoch."""
        return int(self._now().timestamp())

    def new_ts(self) -> str:
        """Return a new timestamp, never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self._now().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, letter: str) -> str:
        return f"{letter}{next(self._ids):08d}"

    def channel(self, ref: str) -> SlackChannel | None:
        """Find a channel by id, by name with or without #, or a DM by the person's id."""
        if ref in self.channels:
            return self.channels[ref]
        if ref in self.people:
            return self.channels.get(self.people[ref].dm)
        return self.channels.get(self._names.get(ref.removeprefix("#"), ""))

    def is_taken(self, name: str) -> bool:
        return name in self._names

    def person(self, ref: str) -> SlackPerson | None:
        """Find a person by id, or by handle with or without @."""
        handle = ref.removeprefix("@")
        return self.people.get(ref) or next((p for p in self.people.values() if p.name == handle), None)

    def name_of(self, ref: str) -> str | None:
        """Return the name of a person, channel or group."""
        if ref in self.people:
            return self.people[ref].name
        if ref in self.usergroups:
            return self.usergroups[ref][0]
        return self.channels[ref].name if ref in self.channels else None

    def replies(self, channel: SlackChannel, ts: str) -> list[SlackMessage]:
        return [m for m in channel.messages.values() if m.thread_ts == ts and m.ts != ts]

    # ---------------------------------------------------------------- messages

    def post(
        self,
        channel: SlackChannel,
        user: str,
        text: str,
        *,
        blocks: list[Json] | None = None,
        metadata: Json | None = None,
        thread_ts: str | None = None,
        subtype: str | None = None,
        facts: Json | None = None,
    ) -> SlackMessage:
        with self.feed.lock:
            message = SlackMessage(
                ts=self.new_ts(),
                channel=channel.id,
                user=user,
                text=text,
                blocks=blocks or [],
                metadata=metadata,
                thread_ts=thread_ts,
                subtype=subtype,
                facts=facts or {},
            )
            channel.messages[message.ts] = message
            self._publish("posted", channel, message)
            self._send(channel, lambda: events.posted(channel, message))
            if not message.bot and MENTION.search(text):
                self._send(channel, lambda: events.mentioned(channel, message))
            return message

    def edit(
        self, channel: SlackChannel, message: SlackMessage, text: str, blocks: list[Json] | None
    ) -> None:
        """Replace text and blocks. The metadata stays unless the caller changed it before."""
        with self.feed.lock:
            previous = events.snapshot(message)
            message.text, message.blocks, message.edited = text, blocks or [], self.new_ts()
            ts = message.edited
            self._publish("edited", channel, message)
            self._send(channel, lambda: events.changed(channel, message, previous, ts))

    def delete(self, channel: SlackChannel, message: SlackMessage) -> None:
        with self.feed.lock:
            channel.messages.pop(message.ts, None)
            channel.pins.pop(message.ts, None)
            self._publish("deleted", channel, message)
            self._send(channel, lambda: events.deleted(channel, message, self.new_ts()))

    def post_ephemeral(
        self,
        channel: SlackChannel,
        to: str,
        text: str,
        *,
        blocks: list[Json] | None = None,
        thread_ts: str | None = None,
        user: str = BOT_USER,
    ) -> SlackMessage:
        """Post a message for one person. Slack does not keep it and sends no event."""
        with self.feed.lock:
            message = SlackMessage(
                ts=self.new_ts(),
                channel=channel.id,
                user=user,
                text=text,
                blocks=blocks or [],
                thread_ts=thread_ts,
                ephemeral_to=to,
            )
            self.ephemerals[message.ts] = message
            self._publish("ephemeral", channel, message, person=to)
            return message

    def edit_ephemeral(self, message: SlackMessage, text: str, blocks: list[Json] | None) -> None:
        with self.feed.lock:
            message.text, message.blocks, message.edited = text, blocks or [], self.new_ts()
            place = self.channels[message.channel]
            self._publish("ephemeral_edited", place, message, person=message.ephemeral_to or "")

    def delete_ephemeral(self, message: SlackMessage) -> None:
        with self.feed.lock:
            self.ephemerals.pop(message.ts, None)
            place = self.channels[message.channel]
            self._publish("ephemeral_deleted", place, message, person=message.ephemeral_to or "")

    def react(self, channel: SlackChannel, message: SlackMessage, user: str, name: str) -> bool:
        """Add a reaction. False if the person has it already."""
        with self.feed.lock:
            users = message.reactions.setdefault(name, [])
            if user in users:
                return False
            users.append(user)
            self._publish("reaction_added", channel, message, person=user, text=name)
            ts = self.new_ts()
            self._send(channel, lambda: events.reaction("reaction_added", message, user, name, ts))
            return True

    def unreact(self, channel: SlackChannel, message: SlackMessage, user: str, name: str) -> bool:
        with self.feed.lock:
            if user not in message.reactions.get(name, []):
                return False
            message.reactions[name].remove(user)
            if not message.reactions[name]:
                del message.reactions[name]
            self._publish("reaction_removed", channel, message, person=user, text=name)
            ts = self.new_ts()
            self._send(channel, lambda: events.reaction("reaction_removed", message, user, name, ts))
            return True

    def pin(self, channel: SlackChannel, message: SlackMessage, user: str) -> None:
        with self.feed.lock:
            channel.pins[message.ts] = {"created": self.now(), "created_by": user}
            self._publish("pinned", channel, message, person=user)
            self._send(channel, lambda: events.pin("pin_added", message, user, self.new_ts()))

    def unpin(self, channel: SlackChannel, message: SlackMessage, user: str) -> None:
        with self.feed.lock:
            channel.pins.pop(message.ts, None)
            self._publish("unpinned", channel, message, person=user)
            self._send(channel, lambda: events.pin("pin_removed", message, user, self.new_ts()))

    # ---------------------------------------------------------------- channels

    def create(self, name: str, *, is_private: bool, creator: str) -> SlackChannel:
        with self.feed.lock:
            channel = SlackChannel(
                id=self.new_id("C"), name=name, creator=creator, is_private=is_private, created=self.now()
            )
            channel.members[creator] = None
            self.channels[channel.id] = channel
            self._names[name] = channel.id
            self._publish_channel("created", channel, person=creator, text=name)
            if not is_private:
                self._send(channel, lambda: events.created(channel, self.new_ts()))
            return channel

    def add(self, channel: SlackChannel, user: str, inviter: str | None = None) -> None:
        """Add a member, who joined or was invited."""
        with self.feed.lock:
            channel.members[user] = None
            self._publish_channel("joined", channel, person=user)
            ts = self.new_ts()
            joined = "member_joined_channel"
            self._send(channel, lambda: events.membership(joined, channel, user, inviter, ts))
            facts = {"inviter": inviter} if inviter else {}
            self._notice(channel, user, "join", f"<@{user}> has joined the channel", facts)

    def remove(self, channel: SlackChannel, user: str, by: str = "") -> None:
        """Remove a member, who left or was removed. The bot gets one last event."""
        with self.feed.lock:
            ts = self.new_ts()
            self._publish_channel("left", channel, person=user)
            if user == BOT_USER:
                self._send(channel, lambda: events.bot_removed(channel, by or user, ts))
            channel.members.pop(user, None)
            self._send(channel, lambda: events.membership("member_left_channel", channel, user, None, ts))
            words = f"was removed from the channel by <@{by}>" if by else "has left the channel"
            self._notice(channel, user, "leave", f"<@{user}> {words}", {})

    def rename(self, channel: SlackChannel, name: str, user: str) -> None:
        with self.feed.lock:
            old = channel.name
            channel.previous_names.append(old)
            self._names.pop(old, None)
            self._names[name] = channel.id
            channel.name = name
            self._publish_channel("renamed", channel, person=user, text=name)
            self._send(channel, lambda: events.renamed(channel, self.new_ts()))
            text = f'<@{user}> has renamed the channel from "{old}" to "{name}"'
            self._notice(channel, user, "name", text, {"old_name": old, "name": name})

    def set_topic(self, channel: SlackChannel, topic: str, user: str) -> None:
        with self.feed.lock:
            channel.topic = topic
            self._publish_channel("topic", channel, person=user, text=topic)
            self._notice(channel, user, "topic", f"set the channel topic: {topic}", {"topic": topic})

    def set_purpose(self, channel: SlackChannel, purpose: str, user: str) -> None:
        with self.feed.lock:
            channel.purpose = purpose
            self._publish_channel("purpose", channel, person=user, text=purpose)
            text = f"set the channel description: {purpose}"
            self._notice(channel, user, "purpose", text, {"purpose": purpose})

    def archive(self, channel: SlackChannel, user: str) -> None:
        with self.feed.lock:
            self._notice(channel, user, "archive", "archived the channel", {})
            channel.is_archived = True
            self._publish_channel("archived", channel, person=user)
            self._send(channel, lambda: events.archived("archive", channel, user, self.new_ts()))

    def unarchive(self, channel: SlackChannel, user: str) -> None:
        with self.feed.lock:
            channel.is_archived = False
            self._publish_channel("unarchived", channel, person=user)
            self._send(channel, lambda: events.archived("unarchive", channel, user, self.new_ts()))
            self._notice(channel, user, "unarchive", "un-archived the channel", {})

    def delete_channel(self, channel: SlackChannel, user: str) -> None:
        """Delete a channel with all its messages."""
        with self.feed.lock:
            self._publish_channel("channel_deleted", channel, person=user, text=channel.name)
            self._send(channel, lambda: events.deleted_channel(channel, user, self.new_ts()))
            del self.channels[channel.id]
            self._names.pop(channel.name, None)

    def convert(self, channel: SlackChannel, user: str, *, to_private: bool) -> None:
        with self.feed.lock:
            channel.is_private = to_private
            kind = "private" if to_private else "public"
            self._publish_channel(f"made_{kind}", channel, person=user)
            self.post(channel, user, CONVERTED[kind], subtype=f"channel_convert_to_{kind}")

    def change_id(self, channel: SlackChannel) -> str:
        """Change the channel's id, as when it is shared with another company. The old id is gone."""
        with self.feed.lock:
            old = channel.id
            channel.id = self.new_id("C")
            self.channels = {it.id: it for it in self.channels.values()}
            self._names[channel.name] = channel.id
            ephemeral = (it for it in self.ephemerals.values() if it.channel == old)
            for message in (*channel.messages.values(), *ephemeral):
                message.channel = channel.id
            for bookmark in channel.bookmarks.values():
                bookmark["channel_id"] = channel.id
            self._publish_channel("id_changed", channel, person=channel.creator)
            self._send(channel, lambda: events.id_changed(old, channel.id, self.new_ts()))
            return channel.id

    # ---------------------------------------------------------------- events

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock for a change that has no method here, and wake those who wait."""
        with self.feed.lock:
            yield
            self.feed.touch()

    def _notice(self, channel: SlackChannel, user: str, what: str, text: str, facts: Json) -> None:
        """Post Slack's own grey line in a channel."""
        prefix = "group" if channel.is_private else "channel"
        self.post(channel, user, text, subtype=f"{prefix}_{what}", facts=facts)

    def _send(self, channel: SlackChannel, event: Callable[[], Json]) -> None:
        """Send an event if the bot may see it: its own channels, and public ones that come and go."""
        if BOT_USER in channel.members:
            self._emit(event(), channel.id)
        elif not channel.is_private and not channel.is_im:
            outside = event()
            if outside["type"] in EVERYWHERE:
                self._emit(outside, channel.id)

    def _publish(
        self, kind: str, channel: SlackChannel, m: SlackMessage, *, person: str = "", text: str = ""
    ) -> None:
        author = self.people[person or m.user].name
        words = text or self.reader.message(m)
        self.feed.publish(
            BoxEvent(kind=kind, person=author, place=channel.id, ref=m.ts, text=words, subject=m)
        )

    def _publish_channel(self, kind: str, channel: SlackChannel, *, person: str, text: str = "") -> None:
        who = self.people[person].name
        self.feed.publish(BoxEvent(kind=kind, person=who, place=channel.id, text=text, subject=channel))
