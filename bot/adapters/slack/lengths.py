"""Slack's length limits for methods and blocks, all in one place. In characters, unless stated otherwise."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.slack.text import MORE, cut, cut_to_bytes

TEXT = 4_000
"""Bytes as Slack stores them. `chat.update` refuses more; `chat.postMessage` splits a longer text without blocks."""
BLOCKS, TOGETHER = 50, 12_000  # of a message: its blocks, and the characters in all of them
SECTION, FIELD, FIELDS, HEADER, CONTEXT = 3_000, 2_000, 10, 150, 2_000
LABEL, VALUE, URL, BUTTONS = 75, 2_000, 3_000, 25
MENU, MENU_VALUE = 5, 75
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_LABEL = 100, 300, 30
VIEW_BLOCKS, VIEW_TITLE, VIEW_MEMORY = 100, 24, 3_000
VIEW_TOGETHER = 40_000
"""Characters in all blocks of a Home tab. Slack refuses a view of 250 KB; in JSON one character may take six bytes."""
QUESTION, HINT, TYPED, OPTION, OPTIONS, COMPLAINT = 2_000, 2_000, 3_000, 75, 100, 150
TABLE_ROWS, TABLE_COLUMNS, TABLES_TOGETHER = (
    100,
    20,
    10_000,
)  # rows besides the header; characters in all cells
CAPTION = 250  # ours; Slack names no limit
CHART_TITLE, CHART_LABEL, CHART_POINTS, CHARTS = 50, 20, 20, 2  # charts in one message
INVITED = 1_000  # people in one call

Shorten = Callable[[str], str]


def fitting_text(text: str) -> str:
    """Shorten a message's text. A longer text has blocks, and this is only their fallback."""
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
"""How to shorten the fields of each method. Fields that can't be shortened (names, URLs) are not listed."""


def fitted(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters, shortened to this method's limits."""
    fields = METHODS.get(method, {})
    return {name: fields[name](value) if name in fields else value for name, value in params.items()}
