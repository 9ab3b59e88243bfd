"""chat.*: messages, edits, ephemeral messages, links."""

from typing import Any

from bot.sandbox.slack import blocks, shapes
from bot.sandbox.slack.call import Args, Method, SlackError, flat
from bot.sandbox.slack.reach import channel_by_id, message_in, own_channel, seen_channel
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.text import stored
from bot.sandbox.slack.world import BOT_USER, Json, SlackChannel, SlackMessage

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000  # bytes, as Slack keeps them, whatever the blocks contain
LONGEST_PIECE = 4_000  # characters; a longer text without blocks becomes several messages
FURTHEST = 120 * 24 * 3600  # seconds ahead that a message may be scheduled
WRITE = flat("chat:write")


class ChatMethods:
    def __init__(self, state: WorkspaceState, scopes: set[str]) -> None:
        self._state = state
        self._scopes = scopes

    def table(self) -> dict[str, Method]:
        return {
            "chat.postMessage": Method(run=self.post, scope=WRITE, is_post=True),
            "chat.update": Method(run=self.update, scope=WRITE, tier=3),
            "chat.delete": Method(run=self.delete, scope=WRITE, tier=3),
            "chat.postEphemeral": Method(run=self.post_ephemeral, scope=WRITE, tier=4),
            "chat.getPermalink": Method(run=self.permalink),
            "chat.scheduleMessage": Method(run=self.schedule, scope=WRITE, tier=3),
            "chat.deleteScheduledMessage": Method(run=self.unschedule, scope=WRITE, tier=3),
        }

    def post(self, args: Args) -> Json:
        channel = self._writable(args.text("channel"))
        text, its_blocks = content(args)
        first, *others = [text] if its_blocks else pieces(text)
        thread_ts = self._thread(channel, args)
        message = self._state.post(
            channel, BOT_USER, first, blocks=its_blocks, metadata=metadata(args), thread_ts=thread_ts
        )
        for more in others:
            self._state.post(channel, BOT_USER, more, thread_ts=thread_ts)
        return {"channel": channel.id, "ts": message.ts, "message": shapes.message(message)}

    def update(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        message = self._own(channel, args.text("ts"), "cant_update_message")
        if channel.is_archived:
            raise SlackError("is_archived")
        text, its_blocks = content(args)
        must_fit_an_update(text)
        message.metadata = metadata(args) or message.metadata
        self._state.edit(channel, message, text, its_blocks)  # an update with text alone loses the blocks
        undelivered = {"ts", "thread_ts"}  # keys that Slack does not send here
        shape = {key: value for key, value in shapes.message(message).items() if key not in undelivered}
        return {"channel": channel.id, "ts": message.ts, "text": text, "message": shape}

    def delete(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        message = self._own(channel, args.text("ts"), "cant_delete_message")
        self._state.delete(channel, message)
        return {"channel": channel.id, "ts": message.ts}

    def post_ephemeral(self, args: Args) -> Json:
        channel = self._writable(args.text("channel"))
        user = args.needed("user", "invalid_arguments")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        text, its_blocks = content(args)
        thread_ts = args.text("thread_ts") or None
        message = self._state.post_ephemeral(channel, user, text, blocks=its_blocks, thread_ts=thread_ts)
        return {"message_ts": message.ts}

    def permalink(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        message = message_in(channel, args.text("message_ts"))
        return {"channel": channel.id, "permalink": shapes.permalink(message)}

    def schedule(self, args: Args) -> Json:
        channel = self._writable(args.text("channel"))
        at = args.number("post_at", 0)
        if at <= self._state.now():
            raise SlackError("time_in_past")
        if at > self._state.now() + FURTHEST:
            raise SlackError("time_too_far")
        text, its_blocks = content(args)
        planned: Json = {"channel": channel.id, "post_at": at, "text": text, "blocks": its_blocks}
        with self._state.change():
            id_ = self._state.new_id("Q")
            self._state.scheduled[id_] = planned
        shape = {"type": "delayed_message", "text": text, "bot_id": shapes.BOT_PROFILE["id"]}
        return {"channel": channel.id, "scheduled_message_id": id_, "post_at": at, "message": shape}

    def unschedule(self, args: Args) -> Json:
        own_channel(self._state, args.text("channel"))
        with self._state.change():
            if self._state.scheduled.pop(args.text("scheduled_message_id"), None) is None:
                raise SlackError("invalid_scheduled_message_id")
        return {}

    def _writable(self, ref: str) -> SlackChannel:
        """Return a channel of the bot, or a public one if its token may write there."""
        channel = seen_channel(self._state, ref)
        is_name = ref not in self._state.channels and ref not in self._state.people
        if BOT_USER not in channel.members and (is_name or "chat:write.public" not in self._scopes):
            raise SlackError("channel_not_found" if is_name else "not_in_channel")
        if channel.is_archived:
            raise SlackError("is_archived")
        return channel

    def _own(self, channel: SlackChannel, ts: str, error: str) -> SlackMessage:
        message = message_in(channel, ts)
        if not message.bot or message.subtype not in (None, "bot_message"):
            raise SlackError(error)
        return message

    def _thread(self, channel: SlackChannel, args: Args) -> str | None:
        ts = args.text("thread_ts")
        if not ts:
            return None
        root = channel.messages.get(ts)
        if root is None:
            raise SlackError("thread_not_found")
        return root.thread_ts or root.ts


def must_fit_an_update(text: str) -> None:
    if len(stored(text).encode()) > LONGEST_UPDATE:
        raise SlackError("msg_too_long")


def pieces(text: str) -> list[str]:
    """Split a text that is too long for one message, as Slack does."""
    return [text[at : at + LONGEST_PIECE] for at in range(0, len(text), LONGEST_PIECE)]


def content(args: Args) -> tuple[str, list[Json] | None]:
    """Check text and blocks, at least one of which is required."""
    text, raw = args.text("text"), args.json("blocks", "invalid_blocks_format")
    if len(text) > LONGEST_TEXT:
        raise SlackError("msg_too_long")
    if raw:
        return text, blocks.sound_message(raw)
    if not text.strip():
        raise SlackError("no_text")
    return text, None


def metadata(args: Args) -> Json | None:
    given: Any = args.json("metadata", "invalid_metadata_format")
    if given is None:
        return None
    is_sound = (
        isinstance(given, dict)
        and isinstance(given.get("event_type"), str)
        and bool(given["event_type"])
        and isinstance(given.get("event_payload"), dict)
    )
    if not is_sound:
        raise SlackError("invalid_metadata_format")
    return {"event_type": given["event_type"], "event_payload": given["event_payload"]}
