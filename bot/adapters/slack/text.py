"""Cutting text to Slack's lengths, never through an escape (`&amp;`), a mention, a link, an emoji or a letter."""

import re
from collections.abc import Iterator

from bot.adapters.rendering.mrkdwn import unit_end

MORE = "…"
FENCE = "```"
_LINK = re.compile(r"<(?P<address>(?:https?://|mailto:)[^<>\n|]*)(?:\|(?P<label>[^<>\n]*))?>")
_MARK = re.compile(r"<[^<>\s][^<>\n]*>")
_LONE_AMPERSAND = re.compile("&(?!(?:amp|lt|gt);)")


def cut(text: str, limit: int) -> str:
    """Shorten to `limit` characters, with an ellipsis where something is left out."""
    if len(text) <= limit:
        return text
    return text[: unit_end(text, limit - len(MORE))].rstrip() + MORE


def cut_to_bytes(text: str, limit: int) -> str:
    """Shorten to `limit` bytes, counted as Slack keeps the text."""
    shortened = cut(text, limit)
    while (excess := size(shortened) - limit) > 0:
        shortened = cut(shortened, len(shortened) - -(-excess // len("&amp;")))
    return shortened


def size(text: str) -> int:
    """Count the bytes of a text as Slack keeps it: `&`, `<` and `>` are escaped where they are no mark."""
    between = _MARK.sub("", text)
    escapes = len(_LONE_AMPERSAND.findall(text)) * len("amp;")
    return len(text.encode()) + escapes + (between.count("<") + between.count(">")) * len("lt;")


def pieces(text: str, limit: int) -> Iterator[str]:
    """Split at line ends where there are any, else at blanks, else between two characters.

    A block of code that is split ends in its one piece and begins anew in the next.
    """
    space = limit - len(f"{FENCE}\n\n{FENCE}") if FENCE in text else limit
    text = _LINK.sub(lambda link: _fitting(link, space), text)
    opened = ""
    while len(opened) + len(text) > limit:
        edge = unit_end(text, space) or space
        at = max(text.rfind("\n", 1, edge), 0) or max(_blank(text, edge), 0) or edge
        piece = opened + text[:at]
        is_inside = piece.count(FENCE) % 2
        yield f"{piece}\n{FENCE}" if is_inside else piece
        opened = f"{FENCE}\n" if is_inside else ""
        text = text[at:].removeprefix("\n")
    if text.strip():
        yield opened + text


def _fitting(link: re.Match[str], space: int) -> str:
    """Leave a link as it is, or show its words alone where it fits into no piece: half a link leads nowhere."""
    if len(link[0]) <= space:
        return link[0]
    return cut(link["label"] or "", space) or f"`{cut(link['address'], space - len('``'))}`"


def _blank(text: str, edge: int) -> int:
    """Find the last blank that stands in no link."""
    at = text.rfind(" ", 1, edge)
    opened = text.rfind("<", 0, at)
    inside = opened > text.rfind(">", 0, at) and text.find(">", at) != -1
    return opened if inside else at
