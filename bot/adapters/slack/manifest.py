"""The Slack app's manifest. Paste it into Slack to create the app with all its settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.adapters.slack.shortcuts import SHORTCUTS, Shortcut

SCOPES = (
    "app_mentions:read",  # @spy …
    "bookmarks:read",
    "bookmarks:write",
    "channels:history",  # `spy …` in a channel; finding our own messages
    "channels:join",
    "channels:manage",  # create, invite, set the topic
    "channels:read",  # who joins, what is renamed
    "chat:write",
    "commands",
    "files:read",  # the name and address of a picture shared in a channel
    "groups:history",
    "groups:read",
    "groups:write",  # private incidents
    "im:history",
    "im:write",
    "reactions:read",  # 📝
    "usergroups:read",  # members of the groups in `permissions:`
    "usergroups:write",  # a team's `oncall_group:`
    "users:read",
    "users:read.email",  # PagerDuty knows people by e-mail
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_archive",  # changes of an incident's channel
    "channel_created",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
)
DESCRIPTION, HINT = 140, 1_000


@dataclass(frozen=True, kw_only=True)
class SlashCommand:
    """A slash command. `name` has no slash; `usage` is the hint that Slack shows while a person types."""

    name: str
    description: str
    usage: str = ""


def manifest(
    commands: Sequence[SlashCommand], *, mode: Literal["socket", "http"], request_url: str | None = None
) -> dict[str, Any]:
    """Return the manifest.

    `request_url` is the public URL of `spy run`, `https://…/slack/events`. Raise ValueError if mode is http
    without it.
    """
    if mode == "http" and not request_url:
        raise ValueError("a manifest for http needs the address at which Slack reaches Spy")
    url = {"request_url": request_url} if mode == "http" else {}
    return {
        "display_information": {
            "name": "Spy",
            "description": "Runs incidents, and looks after the people who run them.",
            "background_color": "#1d1c1d",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "spy", "always_online": True},
            "shortcuts": [_shortcut(it) for it in SHORTCUTS],
            "slash_commands": [_slash(command, url.get("request_url")) for command in commands],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def _shortcut(shortcut: Shortcut) -> dict[str, Any]:
    return {
        "name": shortcut.name,
        "type": shortcut.kind,
        "callback_id": shortcut.callback,
        "description": shortcut.description,
    }


def _slash(command: SlashCommand, url: str | None) -> dict[str, Any]:
    """Return one command. With `should_escape`, people and channels arrive as ids, which never change."""
    slash: dict[str, Any] = {
        "command": f"/{command.name}",
        "description": command.description[:DESCRIPTION],
        "should_escape": True,
    }
    if command.usage:
        slash["usage_hint"] = command.usage[:HINT]
    return slash | ({"url": url} if url else {})
