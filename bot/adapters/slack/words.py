"""Extract what people read in a message: its text, else (alerts, workflows) its blocks or attachments."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from bot.adapters.slack.reading import listed, maybe

DEEPEST = 5
"""The deepest nesting in Slack: a list in a quotation in a rich text."""
UNREAD = frozenset({"actions", "input"})
"""Blocks with buttons and inputs; their labels are not part of the message."""
ON_ONE_LINE = frozenset({"rich_text_section", "rich_text_preformatted", "rich_text_quote", "context"})
_TITLES = ("pretext", "author_name", "title", "text")


def words(message: Mapping[str, Any]) -> str:
    """Return the message's words, with Slack's escapes; "" if there are none."""
    return (maybe(message, "text") or "").strip() or _blocks(message) or _lines(_attachments(message))


def _blocks(of: Any) -> str:
    return _lines(_said(it, DEEPEST) for it in listed(of, "blocks"))


def _said(it: Any, depth: int) -> str:
    kind = maybe(it, "type")
    if not depth or kind in UNREAD:
        return ""
    inner = [_said(each, depth - 1) for name in ("fields", "elements") for each in listed(it, name)]
    if kind in ON_ONE_LINE:
        return (" " if kind == "context" else "").join(inner)
    return _lines((_own(it, kind), *inner)) if inner else _own(it, kind)


def _own(it: Any, kind: str | None) -> str:
    if kind == "text":
        text = maybe(it, "text") or ""
        return escape(text, quote=False)  # unlike a message's text, Slack sends it unescaped
    marks = (
        ("<@{}>", "user_id"),
        ("<#{}>", "channel_id"),
        ("<!subteam^{}>", "usergroup_id"),
        ("<!{}>", "range"),
        (":{}:", "name"),
    )
    mark = next((shape.format(found) for shape, name in marks if (found := maybe(it, name))), "")
    return mark or _first(it, ("text", "text"), ("text",), ("url",), ("title", "text"), ("alt_text",))


def _attachments(message: Mapping[str, Any]) -> Iterator[str]:
    for it in listed(message, "attachments"):
        fields = (
            ": ".join(filter(None, (maybe(each, "title"), maybe(each, "value"))))
            for each in listed(it, "fields")
        )
        lines = _lines((*(maybe(it, name) or "" for name in _TITLES), *fields, _blocks(it)))
        yield lines or maybe(it, "fallback") or ""


def _first(it: Any, *paths: tuple[str, ...]) -> str:
    return next((found for path in paths if (found := maybe(it, *path))), "")


def _lines(parts: Iterator[str] | tuple[str, ...]) -> str:
    return "\n".join(part.strip() for part in parts if part.strip())
