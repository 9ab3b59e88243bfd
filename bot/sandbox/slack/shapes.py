"""Slack's JSON of messages, channels, people and views."""

import time

from bot.sandbox.slack.world import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_URL,
    Json,
    SlackChannel,
    SlackMessage,
    SlackPerson,
    SlackView,
)

BOT_PROFILE: Json = {
    "id": BOT_ID,
    "deleted": False,
    "name": "spy",
    "updated": 1_700_000_000,
    "app_id": APP_ID,
    "icons": {},
    "team_id": TEAM_ID,
}


def message(m: SlackMessage, *, with_metadata: bool = True) -> Json:
    shape: Json = {"type": "message", "user": m.user, "text": m.text, "ts": m.ts, "team": TEAM_ID, **m.facts}
    if m.bot and m.subtype in (None, "bot_message"):
        shape |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": BOT_PROFILE}
    if m.subtype:
        shape["subtype"] = m.subtype
    if m.blocks:
        shape["blocks"] = m.blocks
    if m.thread_ts:
        shape["thread_ts"] = m.thread_ts
    if m.edited:
        shape["edited"] = {"user": m.user, "ts": m.edited}
    if m.metadata and with_metadata:
        shape["metadata"] = m.metadata
    if m.reactions:
        shape["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in m.reactions.items()]
    return shape


def thread_root(m: SlackMessage, replies: list[SlackMessage]) -> Json:
    """Return a message with the keys that its replies add."""
    if not replies:
        return message(m)
    users = list(dict.fromkeys(reply.user for reply in replies))
    return message(m) | {
        "thread_ts": m.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def channel(c: SlackChannel) -> Json:
    if c.is_im:
        return {
            "id": c.id,
            "created": c.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "user": c.im_user,
            "is_open": True,
            "priority": 0,
            "context_team_id": TEAM_ID,
            "updated": c.created * 1000,
        }
    return {
        "id": c.id,
        "name": c.name,
        "name_normalized": c.name,
        "is_channel": not c.is_private,
        "is_group": c.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": c.is_private,
        "is_archived": c.is_archived,
        "is_general": c.id == "C0GENERAL",
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_member": BOT_USER in c.members,
        "created": c.created,
        "updated": c.created * 1000,
        "creator": c.creator,
        "unlinked": 0,
        "context_team_id": TEAM_ID,
        "shared_team_ids": [TEAM_ID],
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "topic": {"value": c.topic, "creator": c.creator if c.topic else "", "last_set": 0},
        "purpose": {"value": c.purpose, "creator": c.creator if c.purpose else "", "last_set": 0},
        "previous_names": c.previous_names,
    }


def user_group(id_: str, handle: str, users: list[str]) -> Json:
    return {
        "id": id_,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": handle.upper(),
        "description": "",
        "handle": handle,
        "is_external": False,
        "date_create": 1_700_000_000,
        "date_update": 1_700_000_000,
        "date_delete": 0,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U0ANA",
        "updated_by": "U0ANA",
        "prefs": {"channels": [], "groups": []},
        "user_count": len(users),
    }


def person(p: SlackPerson, *, with_email: bool) -> Json:
    first, _, last = p.real_name.partition(" ")
    profile: Json = {
        "real_name": p.real_name,
        "real_name_normalized": p.real_name,
        "display_name": p.name,
        "display_name_normalized": p.name,
        "first_name": first,
        "last_name": last,
        "title": "",
        "phone": "",
        "status_text": "",
        "status_emoji": "",
        "team": TEAM_ID,
    }
    is_app = p.id == BOT_USER  # Slack does not mark Slackbot as a bot, and gives no address
    if with_email and not p.is_bot:
        profile["email"] = p.email
    if is_app:
        profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
    return {
        "id": p.id,
        "team_id": TEAM_ID,
        "name": p.name,
        "deleted": False,
        "color": "9f69e7",
        "real_name": p.real_name,
        "tz": p.tz,
        "tz_label": p.tz,
        "tz_offset": p.tz_offset,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": p.is_guest,
        "is_ultra_restricted": False,
        "is_bot": is_app,
        "is_app_user": False,
        "updated": int(time.time()),
    }


def view(v: SlackView, state: Json | None = None) -> Json:
    kept = ("type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "external_id")
    shape: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "submit": None,
        "close": None,
    }
    shape |= {key: v.body[key] for key in kept if key in v.body}
    return shape | {
        "id": v.id,
        "team_id": TEAM_ID,
        "state": {"values": state or {}},
        "hash": v.hash,
        "clear_on_close": bool(v.body.get("clear_on_close")),
        "notify_on_close": bool(v.body.get("notify_on_close")),
        "root_view_id": v.root,
        "previous_view_id": v.previous,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def permalink(m: SlackMessage) -> str:
    link = f"{TEAM_URL}archives/{m.channel}/p{m.ts.replace('.', '')}"
    is_reply = m.thread_ts and m.thread_ts != m.ts
    return f"{link}?thread_ts={m.thread_ts}&cid={m.channel}" if is_reply else link


TEAM: Json = {
    "id": TEAM_ID,
    "name": "acme",
    "domain": TEAM_DOMAIN,
    "url": TEAM_URL,
    "email_domain": "example.com",
    "icon": {"image_default": True},
    "is_verified": False,
}
