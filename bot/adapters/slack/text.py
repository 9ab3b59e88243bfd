"""Shorten and split text for Slack. An escape (`&amp;`), mention, link, emoji or letter is never cut."""

import re
from collections.abc import Iterator

from bot.adapters.rendering.mrkdwn import unit_end

MORE = "…"
FENCE = "```"
_LINK = re.compile(r"<(?P<address>(?:https?://|mailto:)[^<>\n|]*)(?:\|(?P<label>[^<>\n]*))?>")
_MARK = re.compile(r"<[^<>\s][^<>\n]*>")
_LONE_AMPERSAND = re.compile("&(?!(?:amp|lt|gt);)")


def cut(text: str, limit: int) -> str:
    """Shorten to `limit` characters. A shortened text ends with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: unit_end(text, limit - len(MORE))].rstrip() + MORE


def cut_to_bytes(text: str, limit: int) -> str:
    """Shorten to `limit` bytes, counted as Slack stores the text."""
    shortened = cut(text, limit)
    while (excess := size(shortened) - limit) > 0:
        shortened = cut(shortened, len(shortened) - -(-excess // len("&amp;")))
    return shortened


def size(text: str) -> int:
    """Return a text's bytes as Slack stores it: in UTF-8, with `&`, `<` and `>` escaped outside of markup."""
    between = _MARK.sub("", text)
    escapes = len(_LONE_AMPERSAND.findall(text)) * len("amp;")
    return len(text.encode()) + escapes + (between.count("<") + between.count(">")) * len("lt;")


def pieces(text: str, limit: int) -> Iterator[str]:
    """Split a text into pieces of at most `limit` characters: at line ends, else at spaces, else anywhere.

    A block of code that is split is closed in one piece and opened again in the next.
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
    """Return a link unchanged, or only its label if it is too long for one piece: half a link does not work."""
    if len(link[0]) <= space:
        return link[0]
    return cut(link["label"] or "", space) or f"`{cut(link['address'], space - len('``'))}`"


def _blank(text: str, edge: int) -> int:
    """Return the position of the last space outside of a link; inside a link, the link's start."""
    at = text.rfind(" ", 1, edge)
    opened = text.rfind("<", 0, at)
    inside = opened > text.rfind(">", 0, at) and text.find(">", at) != -1
    return opened if inside else at
