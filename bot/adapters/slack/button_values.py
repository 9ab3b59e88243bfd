"""What Slack keeps in a button, and sends when it is pressed: a command, and what is to come back with it."""

import json
from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.lengths import VALUE


def value(say: str, memory: Mapping[str, Any]) -> str:
    """Return a button's value. The memory is left out if there is no room for it."""
    whole = json.dumps({**memory, "say": say}, ensure_ascii=False) if memory else say
    return whole if len(whole) <= VALUE else say


def pressed(value: str) -> tuple[str, Mapping[str, Any]]:
    """Return the command of a button's value, and its memory."""
    try:
        found = json.loads(value) if value.startswith("{") else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("say"), str):
        return value, {}
    return found.pop("say"), found
