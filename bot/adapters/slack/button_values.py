"""What Slack keeps in a button, and sends when it is pressed: a command, with its origin if there is one."""

import json
from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.lengths import VALUE
from bot.domain.incident.origin import Origin, remembered


def value(say: str, origin: Mapping[str, Any]) -> str:
    """Return a button's value. The origin is left out if there is no room for it."""
    whole = json.dumps({"say": say, "origin": dict(origin)}, ensure_ascii=False) if origin else say
    return whole if len(whole) <= VALUE else say


def pressed(value: str) -> tuple[str, Origin | None]:
    """Return the command of a button's value, and what it declares an incident from."""
    try:
        found = json.loads(value) if value.startswith("{") else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("say"), str):
        return value, None
    return found["say"], remembered(found.get("origin"))
