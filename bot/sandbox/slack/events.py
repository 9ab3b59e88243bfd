"""Slack's events, and the envelope around them."""

import itertools
import uuid
from collections import defaultdict

from bot.sandbox.slack import shapes
from bot.sandbox.slack.world import (
    APP_ID,
    BOT_USER,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Json,
    SlackChannel,
    SlackMessage,
    SlackPerson,
    SlackView,
)

_numbers = itertools.count(1)


def wrapped(event: Json) -> Json:
    """Return the body around an event, with an id of its own."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{next(_numbers):06d}{uuid.uuid4().hex[:6].upper()}",
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{uuid.uuid4().hex}",
    }


def posted(channel: SlackChannel, m: SlackMessage) -> Json:
    place = {"channel": channel.id, "channel_type": channel.kind, "event_ts": m.ts}
    if not m.bot and not m.subtype:
        place["client_msg_id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, m.channel + m.ts))
    return _of(m) | place


def mentioned(channel: SlackChannel, m: SlackMessage) -> Json:
    event = posted(channel, m) | {"type": "app_mention"}
    del event["channel_type"]  # an app_mention has no channel type
    return event


def snapshot(m: SlackMessage) -> Json:
    """Copy a message, as the previous message of a later `changed`."""
    return _of(m, with_metadata=False)


def changed(channel: SlackChannel, m: SlackMessage, previous: Json, ts: str) -> Json:
    return _about(channel, "message_changed", ts) | {
        "message": _of(m, with_metadata=False) | {"source_team": TEAM_ID, "user_team": TEAM_ID},
        "previous_message": previous,
    }


def deleted(channel: SlackChannel, m: SlackMessage, ts: str) -> Json:
    about = _about(channel, "message_deleted", ts)
    return about | {"deleted_ts": m.ts, "previous_message": _of(m, with_metadata=False)}


def _of(m: SlackMessage, *, with_metadata: bool = True) -> Json:
    """Return the message as in an answer, without the app beside the bot."""
    shape = shapes.message(m, with_metadata=with_metadata)
    for key in NEVER_IN_EVENTS[m.subtype or ""]:
        shape.pop(key, None)
    return shape


NEVER_IN_EVENTS = defaultdict(
    lambda: ("app_id", "reactions"),
    bot_message=("app_id", "user", "team", "bot_profile"),
    channel_topic=("app_id", "team"),
    group_topic=("app_id", "team"),
    channel_purpose=("app_id", "team"),
)
"""By subtype, the keys that a message has in the history and not in the event."""


def _about(channel: SlackChannel, subtype: str, ts: str) -> Json:
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
    }


def reaction(kind: str, m: SlackMessage, user: str, name: str, ts: str) -> Json:
    return {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": m.channel, "ts": m.ts},
        "item_user": m.user,
        "event_ts": ts,
    }


def membership(kind: str, channel: SlackChannel, user: str, inviter: str | None, ts: str) -> Json:
    event: Json = {
        "type": kind,
        "user": user,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": TEAM_ID,
        "event_ts": ts,
    }
    return event | {"inviter": inviter} if inviter else event


def created(channel: SlackChannel, ts: str) -> Json:
    return {
        "type": "channel_created",
        "channel": {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": True,
            "created": channel.created,
            "creator": channel.creator,
            "is_shared": False,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
        },
        "event_ts": ts,
    }


def renamed(channel: SlackChannel, ts: str) -> Json:
    about = {"id": channel.id, "name": channel.name, "name_normalized": channel.name}
    kind = "group_rename" if channel.is_private else "channel_rename"
    return {
        "type": kind,
        "channel": about
        | {"is_channel": not channel.is_private, "is_mpim": False, "created": channel.created},
        "event_ts": ts,
    }


def archived(kind: str, channel: SlackChannel, user: str, ts: str) -> Json:
    """Return the event of an archived or unarchived channel; `kind` is archive or unarchive."""
    prefix = "group" if channel.is_private else "channel"
    return {"type": f"{prefix}_{kind}", "channel": channel.id, "user": user, "is_moved": 0, "event_ts": ts}


def deleted_channel(channel: SlackChannel, user: str, ts: str) -> Json:
    about: Json = {"channel": channel.id, "actor_id": user, "event_ts": ts}
    if channel.is_private:
        return {"type": "group_deleted", "date_deleted": int(float(ts)), **about}
    return {"type": "channel_deleted", **about}


def id_changed(old: str, new: str, ts: str) -> Json:
    return {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new, "event_ts": ts}


def bot_removed(channel: SlackChannel, user: str, ts: str) -> Json:
    """Return the event for a bot that was removed. Only those who stay get `member_left_channel`."""
    kind = "group_left" if channel.is_private else "channel_left"
    return {"type": kind, "channel": channel.id, "actor_id": user, "event_ts": ts}


def pin(kind: str, m: SlackMessage, user: str, ts: str) -> Json:
    item = {"type": "message", "channel": m.channel, "created": int(float(ts)), "created_by": user}
    return {
        "type": kind,
        "user": user,
        "channel_id": m.channel,
        "item": item | {"message": shapes.message(m)},
        "event_ts": ts,
    }


def home_opened(person: SlackPerson, view: SlackView | None, ts: str) -> Json:
    event = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": person.dm,
        "tab": "home",
        "event_ts": ts,
    }
    return event | ({"view": shapes.view(view)} if view else {})
