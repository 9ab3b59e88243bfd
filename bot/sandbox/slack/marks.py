"""bookmarks.*, pins.* and reactions.*."""

import re

from bot.sandbox.feed import BoxEvent
from bot.sandbox.slack import shapes
from bot.sandbox.slack.call import Args, Method, SlackError, flat
from bot.sandbox.slack.reach import message_in, open_channel, own_channel
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import APP_ID, BOT_USER, TEAM_ID, Json, SlackChannel, SlackMessage

EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


class Marks:
    def __init__(self, state: WorkspaceState) -> None:
        self._state = state

    def table(self) -> dict[str, Method]:
        bookmarks, pins, reactions = flat("bookmarks:write"), flat("pins:write"), flat("reactions:write")
        return {
            "bookmarks.add": Method(run=self.add_bookmark, scope=bookmarks, tier=2),
            "bookmarks.edit": Method(run=self.edit_bookmark, scope=bookmarks, tier=2),
            "bookmarks.remove": Method(run=self.remove_bookmark, scope=bookmarks, tier=2),
            "bookmarks.list": Method(run=self.bookmarks, scope=flat("bookmarks:read"), tier=3),
            "pins.add": Method(run=self.add_pin, scope=pins, tier=2),
            "pins.remove": Method(run=self.remove_pin, scope=pins, tier=2),
            "pins.list": Method(run=self.pins, scope=flat("pins:read"), tier=2),
            "reactions.add": Method(run=self.react, scope=reactions, tier=3),
            "reactions.remove": Method(run=self.unreact, scope=reactions, tier=2),
            "reactions.get": Method(run=self.reactions, scope=flat("reactions:read"), tier=3),
        }

    # ---------------------------------------------------------------- bookmarks

    def add_bookmark(self, args: Args) -> Json:
        channel = open_channel(self._state, args.text("channel_id"))
        title = args.needed("title", "invalid_arguments")
        if args.text("type") != "link":
            raise SlackError("invalid_bookmark_type")
        now = self._state.now()
        bookmark: Json = {
            "id": self._state.new_id("Bk"),
            "channel_id": channel.id,
            "title": title,
            "link": self._link(args),
            "emoji": args.text("emoji"),
            "icon_url": "",
            "entity_id": None,
            "type": "link",
            "date_created": now,
            "date_updated": 0,
            "rank": "a",
            "last_updated_by_user_id": BOT_USER,
            "last_updated_by_team_id": TEAM_ID,
            "shortcut_id": None,
            "app_id": APP_ID,
        }
        with self._state.change():
            channel.bookmarks[bookmark["id"]] = bookmark
        self._publish("bookmark_added", channel, bookmark)
        return {"bookmark": bookmark}

    def edit_bookmark(self, args: Args) -> Json:
        channel, bookmark = self._bookmark(args)
        with self._state.change():
            if "link" in args.values:
                bookmark["link"] = self._link(args)
            bookmark |= {key: args.text(key) for key in ("title", "emoji") if args.text(key)}
            bookmark["date_updated"] = self._state.now()
        self._publish("bookmark_changed", channel, bookmark)
        return {"bookmark": bookmark}

    def remove_bookmark(self, args: Args) -> Json:
        channel, bookmark = self._bookmark(args)
        with self._state.change():
            del channel.bookmarks[bookmark["id"]]
        self._publish("bookmark_removed", channel, bookmark)
        return {}

    def bookmarks(self, args: Args) -> Json:
        channel = own_channel(self._state, args.text("channel_id"))
        return {"bookmarks": list(channel.bookmarks.values())}

    def _bookmark(self, args: Args) -> tuple[SlackChannel, Json]:
        channel = open_channel(self._state, args.text("channel_id"))
        bookmark = channel.bookmarks.get(args.text("bookmark_id"))
        if bookmark is None:
            raise SlackError("not_found")
        return channel, bookmark

    def _link(self, args: Args) -> str:
        link = args.text("link")
        if not link.startswith(("https://", "http://")):
            raise SlackError("invalid_link")
        return link

    def _publish(self, kind: str, channel: SlackChannel, bookmark: Json) -> None:
        text = f"{bookmark['title']} {bookmark['link']}"
        ref, name = bookmark["id"], self._state.people[BOT_USER].name
        self._state.feed.publish(BoxEvent(kind=kind, person=name, place=channel.id, ref=ref, text=text))

    # ---------------------------------------------------------------- pins

    def add_pin(self, args: Args) -> Json:
        channel, message = self._message(args)
        if message.ts in channel.pins:
            raise SlackError("already_pinned")
        self._state.pin(channel, message, BOT_USER)
        return {}

    def remove_pin(self, args: Args) -> Json:
        channel, message = self._message(args)
        if message.ts not in channel.pins:
            raise SlackError("no_pin")
        self._state.unpin(channel, message, BOT_USER)
        return {}

    def pins(self, args: Args) -> Json:
        channel = own_channel(self._state, args.text("channel"))
        items = [
            {"type": "message", "channel": channel.id, "message": shapes.message(channel.messages[ts])} | pin
            for ts, pin in channel.pins.items()
        ]
        return {"items": items}

    # ---------------------------------------------------------------- reactions

    def react(self, args: Args) -> Json:
        name = args.needed("name", "invalid_name")
        channel, message = self._message(args)
        if not EMOJI.fullmatch(name):
            raise SlackError("invalid_name")
        if not self._state.react(channel, message, BOT_USER, name):
            raise SlackError("already_reacted")
        return {}

    def unreact(self, args: Args) -> Json:
        channel, message = self._message(args)
        if not self._state.unreact(channel, message, BOT_USER, args.needed("name", "invalid_name")):
            raise SlackError("no_reaction")
        return {}

    def reactions(self, args: Args) -> Json:
        channel, message = self._message(args)
        shape = shapes.message(message) | {"permalink": shapes.permalink(message)}
        return {"type": "message", "channel": channel.id, "message": shape}

    def _message(self, args: Args) -> tuple[SlackChannel, SlackMessage]:
        channel = open_channel(self._state, args.text("channel"))
        return channel, message_in(channel, args.needed("timestamp", "no_item_specified"))
