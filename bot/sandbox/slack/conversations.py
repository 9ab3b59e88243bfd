"""conversations.*: create, invite, rename, read and close channels."""

import builtins
import re
from collections.abc import Callable, Sequence

from bot.sandbox.slack import shapes
from bot.sandbox.slack.call import Args, Method, ScopeOf, SlackError, by_kind, flat
from bot.sandbox.slack.reach import channel_by_id, known_person, message_in, open_channel, own_channel
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import BOT_USER, Json, SlackChannel

LONGEST_NAME, LONGEST_TOPIC, MOST_INVITED = 80, 250, 1000
WELL_NAMED = re.compile(r"[a-z0-9_-]+")
WRITE, READ, HISTORY = by_kind("write"), by_kind("read"), by_kind("history")
JOIN = ScopeOf(public="channels:join", private="channels:join", im="channels:join")


class Conversations:
    def __init__(self, state: WorkspaceState) -> None:
        self._state = state

    def table(self) -> dict[str, Method]:
        return {
            "conversations.create": Method(run=self.create, scope=WRITE, tier=2),
            "conversations.invite": Method(run=self.invite, scope=WRITE, tier=3),
            "conversations.join": Method(run=self.join, scope=JOIN, tier=3),
            "conversations.leave": Method(run=self.leave, scope=WRITE, tier=3),
            "conversations.kick": Method(run=self.kick, scope=WRITE, tier=3),
            "conversations.open": Method(run=self.open, scope=flat("im:write"), tier=3),
            "conversations.info": Method(run=self.info, scope=READ, tier=3),
            "conversations.members": Method(run=self.members, scope=READ, tier=4),
            "conversations.list": Method(run=self.list, scope=READ, tier=2),
            "conversations.history": Method(run=self.history, scope=HISTORY, tier=3),
            "conversations.replies": Method(run=self.replies, scope=HISTORY, tier=3),
            "conversations.rename": Method(run=self.rename, scope=WRITE, tier=2),
            "conversations.setTopic": Method(run=self.set_topic, scope=WRITE, tier=2),
            "conversations.setPurpose": Method(run=self.set_purpose, scope=WRITE, tier=2),
            "conversations.archive": Method(run=self.archive, scope=WRITE, tier=2),
            "conversations.unarchive": Method(run=self.unarchive, scope=WRITE, tier=2),
        }

    # ---------------------------------------------------------------- creating and archiving

    def create(self, args: Args) -> Json:
        name = self._free_name(args.text("name"))
        channel = self._state.create(name, is_private=args.flag("is_private"), creator=BOT_USER)
        return {"channel": shapes.channel(channel)}

    def rename(self, args: Args) -> Json:
        channel = open_channel(self._state, args.text("channel"))
        self._state.rename(channel, self._free_name(args.text("name")), BOT_USER)
        return {"channel": shapes.channel(channel)}

    def archive(self, args: Args) -> Json:
        channel = own_channel(self._state, args.text("channel"))
        if channel.is_archived:
            raise SlackError("already_archived")
        if channel.id == "C0GENERAL":
            raise SlackError("cant_archive_general")
        self._state.archive(channel, BOT_USER)
        return {}

    def unarchive(self, args: Args) -> Json:
        channel = own_channel(self._state, args.text("channel"))
        if not channel.is_archived:
            raise SlackError("not_archived")
        self._state.unarchive(channel, BOT_USER)
        return {}

    def set_topic(self, args: Args) -> Json:
        channel, topic = open_channel(self._state, args.text("channel")), args.text("topic")
        if len(topic) > LONGEST_TOPIC:
            raise SlackError("too_long")
        if topic != channel.topic:
            self._state.set_topic(channel, topic, BOT_USER)
        return {"channel": shapes.channel(channel)}

    def set_purpose(self, args: Args) -> Json:
        channel, purpose = open_channel(self._state, args.text("channel")), args.text("purpose")
        if len(purpose) > LONGEST_TOPIC:
            raise SlackError("too_long")
        if purpose != channel.purpose:
            self._state.set_purpose(channel, purpose, BOT_USER)
        return {"channel": shapes.channel(channel)}

    # ---------------------------------------------------------------- members

    def invite(self, args: Args) -> Json:
        """Invite all or none, unless `force` allows to skip some."""
        channel = open_channel(self._state, args.text("channel"))
        users = [user.strip() for user in args.needed("users", "no_user").split(",") if user.strip()]
        if len(users) > MOST_INVITED:
            raise SlackError("too_many_users")
        errors = [
            {"user": user, "ok": False, "error": error}
            for user in users
            if (error := self._why_not(channel, user)) is not None
        ]
        refused = {error["user"] for error in errors}
        if errors and (not args.flag("force") or len(refused) == len(users)):
            raise SlackError(str(errors[0]["error"]), errors=errors)
        for user in users:
            if user not in refused:
                self._state.add(channel, user, inviter=BOT_USER)
        return {"channel": shapes.channel(channel)} | ({"errors": errors} if errors else {})

    def _why_not(self, channel: SlackChannel, user: str) -> str | None:
        if user == BOT_USER:
            return "cant_invite_self"
        if user not in self._state.people:
            return "user_not_found"
        return "already_in_channel" if user in channel.members else None

    def join(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        if channel.is_im or channel.is_private:
            raise SlackError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise SlackError("is_archived")
        if BOT_USER in channel.members:
            warning = {"response_metadata": {"warnings": ["already_in_channel"]}}
            return {"channel": shapes.channel(channel), "warning": "already_in_channel"} | warning
        self._state.add(channel, BOT_USER)
        return {"channel": shapes.channel(channel)}

    def leave(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        if channel.id == "C0GENERAL":
            raise SlackError("cant_leave_general")
        if BOT_USER not in channel.members:
            return {"not_in_channel": True}
        self._state.remove(channel, BOT_USER)
        return {}

    def kick(self, args: Args) -> Json:
        channel = open_channel(self._state, args.text("channel"))
        user = known_person(self._state, args.text("user")).id
        if user == BOT_USER:
            raise SlackError("cant_kick_self")
        if user not in channel.members:
            raise SlackError("not_in_channel")
        self._state.remove(channel, user, BOT_USER)
        return {"errors": {}}

    def open(self, args: Args) -> Json:
        """Open a DM with one person. The box has no group DMs."""
        if args.text("channel"):
            channel = channel_by_id(self._state, args.text("channel"))
        else:
            users = args.needed("users", "users_list_not_supplied").split(",")
            if len(users) != 1:
                raise SlackError("not_enough_users" if not users else "method_not_supported_for_channel_type")
            person = known_person(self._state, users[0])
            if person.is_bot:
                raise SlackError("cannot_dm_bot")
            channel = self._state.channels[person.dm]
        shape = shapes.channel(channel) if args.flag("return_im") else {"id": channel.id}
        return {"no_op": True, "already_open": True, "channel": shape}

    # ---------------------------------------------------------------- reading

    def info(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        count = {"num_members": len(channel.members)} if args.flag("include_num_members") else {}
        return {"channel": shapes.channel(channel) | count}

    def members(self, args: Args) -> Json:
        channel = channel_by_id(self._state, args.text("channel"))
        return page("members", list(channel.members), args)

    def list(self, args: Args) -> Json:
        """List the channels. In a large workspace a bot should not need this."""
        kinds = args.text("types", "public_channel").split(",")
        seen = [c for c in self._state.channels.values() if _kind(c) in kinds and _is_seen(c)]
        if args.flag("exclude_archived"):
            seen = [c for c in seen if not c.is_archived]
        return page("channels", [shapes.channel(c) for c in seen], args)

    def history(self, args: Args) -> Json:
        channel = own_channel(self._state, args.text("channel"))
        top = [m for m in channel.messages.values() if m.thread_ts in (None, m.ts)]
        is_in = _between(*_times(args), inclusive=args.flag("inclusive"))
        found = [m for m in reversed(top) if is_in(float(m.ts))]
        limit = args.number("limit", 100)
        shown = [shapes.thread_root(m, self._state.replies(channel, m.ts)) for m in found[:limit]]
        return {
            "messages": self._stripped(shown, args),
            "has_more": len(found) > limit,
            "pin_count": len(channel.pins),
            "response_metadata": {"next_cursor": ""},
        }

    def replies(self, args: Args) -> Json:
        channel = own_channel(self._state, args.text("channel"))
        if args.text("ts") not in channel.messages:
            raise SlackError("thread_not_found")
        root = message_in(channel, args.text("ts"))
        answers = self._state.replies(channel, root.ts)
        is_in = _between(*_times(args), inclusive=args.flag("inclusive"))
        shown = page("messages", [shapes.message(m) for m in answers if is_in(float(m.ts))], args)
        messages = [shapes.thread_root(root, answers), *shown["messages"]]
        has_more = bool(shown["response_metadata"]["next_cursor"])
        return {**shown, "messages": self._stripped(messages, args), "has_more": has_more}

    def _stripped(self, messages: builtins.list[Json], args: Args) -> builtins.list[Json]:
        if args.flag("include_all_metadata"):
            return messages
        return [{key: m[key] for key in m if key != "metadata"} for m in messages]

    def _free_name(self, name: str) -> str:
        """Check a new name: valid, and not taken, even by an archived channel."""
        if not name:
            raise SlackError("invalid_name_required")
        if len(name) > LONGEST_NAME:
            raise SlackError("invalid_name_maxlength")
        if not WELL_NAMED.fullmatch(name):
            raise SlackError("invalid_name_specials")
        if not name.strip("-_"):
            raise SlackError("invalid_name_punctuation")
        if self._state.is_taken(name):
            raise SlackError("name_taken")
        return name


def _times(args: Args) -> tuple[float, float]:
    return float(args.text("oldest", "0") or 0), float(args.text("latest", "9999999999") or 0)


def _between(oldest: float, latest: float, *, inclusive: bool) -> Callable[[float], bool]:
    if inclusive:
        return lambda ts: oldest <= ts <= latest
    return lambda ts: oldest < ts < latest


def _kind(channel: SlackChannel) -> str:
    return "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"


def _is_seen(channel: SlackChannel) -> bool:
    return not channel.is_private or BOT_USER in channel.members


def page(key: str, items: Sequence[object], args: Args) -> Json:
    """Return one page. The cursor is the number of items before it."""
    start, limit = args.number("cursor", 0), args.number("limit", 100) or 100
    end = start + limit
    next_cursor = str(end) if end < len(items) else ""
    return {key: list(items[start:end]), "response_metadata": {"next_cursor": next_cursor}}
