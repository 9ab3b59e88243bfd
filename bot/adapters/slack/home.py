"""Render a person's Home tab as Slack's view, and read that somebody opened it."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.blocks import view_blocks
from bot.adapters.slack.reading import maybe, part, required
from bot.commands.request import HomeOpened
from bot.domain.message import Message

HOME = "home"


def view(message: Message) -> dict[str, Any]:
    return {"type": HOME, "blocks": view_blocks(message)}


def opened(body: Mapping[str, Any], _bot: str) -> HomeOpened | None:
    """Return that a person opened their Home tab. Slack also says when they open the messages with Spy."""
    event = part(body, "event")
    if maybe(event, "tab") != HOME:
        return None
    return HomeOpened(
        id=required(body, "event_id"),
        channel=maybe(event, "channel") or "",
        person=required(event, "user"),
        mark=maybe(event, "view", "hash"),
    )
