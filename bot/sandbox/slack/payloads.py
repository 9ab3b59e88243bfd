"""The payloads of commands, buttons, forms and closed forms."""

from bot.sandbox.slack import shapes
from bot.sandbox.slack.world import (
    APP_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Json,
    SlackChannel,
    SlackMessage,
    SlackPerson,
    SlackView,
)

TEAM: Json = {"id": TEAM_ID, "domain": TEAM_DOMAIN}


def slash_command(
    person: SlackPerson, channel: SlackChannel, command: str, text: str, *, response_url: str, trigger_id: str
) -> Json:
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def channel_name(channel: SlackChannel) -> str:
    return "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name


def _interaction(kind: str, person: SlackPerson, trigger_id: str) -> Json:
    user = {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM_ID}
    return {
        "type": kind,
        "user": user,
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": TEAM,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(
    person: SlackPerson,
    channel: SlackChannel,
    m: SlackMessage,
    action: Json,
    *,
    response_url: str,
    trigger_id: str,
) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": m.ts,
        "channel_id": channel.id,
        "is_ephemeral": m.ephemeral_to is not None,
    }
    if m.thread_ts:
        container["thread_ts"] = m.thread_ts
    payload = _interaction("block_actions", person, trigger_id) | {
        "container": container,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }
    if m.ephemeral_to is None:  # Slack remembers no ephemeral message
        payload["message"] = shapes.message(m)
    return payload


def shortcut(person: SlackPerson, callback_id: str, *, action_ts: str, trigger_id: str) -> Json:
    payload = _interaction("shortcut", person, trigger_id)
    del payload["api_app_id"], payload["user"]["name"]
    return payload | {"callback_id": callback_id, "action_ts": action_ts}


def of_message(person: SlackPerson, channel: SlackChannel, m: SlackMessage, *, response_url: str) -> Json:
    """Return what the shortcut of a message has instead of, or beside, what the global one has."""
    return {
        "type": "message_action",
        "user": {"id": person.id, "name": person.name},
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": m.ts,
        "message": shapes.message(m),
        "response_url": response_url,
    }


def view_action(person: SlackPerson, view: SlackView, values: Json, action: Json, *, trigger_id: str) -> Json:
    return _interaction("block_actions", person, trigger_id) | {
        "container": {"type": "view", "view_id": view.id},
        "view": shapes.view(view, values),
        "actions": [action],
    }


def view_submission(person: SlackPerson, view: SlackView, values: Json, *, trigger_id: str) -> Json:
    shape = shapes.view(view, values)
    return _interaction("view_submission", person, trigger_id) | {"view": shape, "response_urls": []}


def view_closed(person: SlackPerson, view: SlackView) -> Json:
    payload = _interaction("view_closed", person, "")
    del payload["trigger_id"]
    return payload | {"view": shapes.view(view), "is_cleared": False}
