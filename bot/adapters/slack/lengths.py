"""Slack's limits of length, of every method and block: the one table. In characters, unless it says otherwise."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.slack.text import MORE, cut, cut_to_bytes

TEXT = 4_000
"""Bytes, as Slack keeps them. `chat.update` takes no more; `chat.postMessage` splits what has more and no blocks."""
BLOCKS, TOGETHER = 50, 12_000  # of a message: so many blocks, and so many characters in all of them
SECTION, FIELD, FIELDS, HEADER, CONTEXT = 3_000, 2_000, 10, 150, 2_000
LABEL, VALUE, URL, BUTTONS = 75, 2_000, 3_000, 25
MENU, MENU_VALUE = 5, 75
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_LABEL = 100, 300, 30
VIEW_BLOCKS, VIEW_TITLE, VIEW_MEMORY = 100, 24, 3_000
QUESTION, HINT, TYPED, OPTION, OPTIONS, COMPLAINT = 2_000, 2_000, 3_000, 75, 100, 150
INVITED = 1_000  # people in one call

Shorten = Callable[[str], str]


def fitting_text(text: str) -> str:
    """Shorten a message's text, which only stands in for its blocks where it is longer."""
    return cut_to_bytes(text, TEXT) or MORE


def _to(limit: int) -> Shorten:
    return lambda text: cut(text, limit)


METHODS: Mapping[str, Mapping[str, Shorten]] = {
    "chat.postMessage": {"text": fitting_text},
    "chat.update": {"text": fitting_text},
    "chat.postEphemeral": {"text": fitting_text},
    "chat.scheduleMessage": {"text": fitting_text},
    "response_url": {"text": fitting_text},
    "conversations.setTopic": {"topic": _to(250)},
    "bookmarks.add": {"title": _to(255)},
}
"""What a method's fields are shortened to. What can't be shortened (a name, an address) is no field here."""


def fitted(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Shorten what is too long for this method."""
    fields = METHODS.get(method, {})
    return {name: fields[name](value) if name in fields else value for name, value in params.items()}
