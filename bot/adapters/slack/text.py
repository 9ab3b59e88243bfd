"""Cutting text to Slack's lengths, never through an entity (`&amp;`), a mention or a link (`<@U0ANA>`)."""

import re
from collections.abc import Iterator

UNIT = re.compile(r"<[^<>\n]*>|&(?:amp|lt|gt);|.", re.DOTALL)
MORE = "…"
FENCE = "```"


def cut(text: str, limit: int) -> str:
    """Shorten to `limit` characters, with an ellipsis where something is left out."""
    if len(text) <= limit:
        return text
    return text[: _edge(text, limit - len(MORE))].rstrip() + MORE


def pieces(text: str, limit: int) -> Iterator[str]:
    """Split at line ends where there are any, else at blanks, else between two characters.

    A block of code that is split ends in its one piece and begins anew in the next.
    """
    room = limit - len(f"{FENCE}\n\n{FENCE}") if FENCE in text else limit
    opened = ""
    while len(opened) + len(text) > limit:
        edge = _edge(text, room)
        at = max(text.rfind("\n", 1, edge), 0) or max(_blank(text, edge), 0) or edge
        piece = opened + text[:at]
        is_inside = piece.count(FENCE) % 2
        yield f"{piece}\n{FENCE}" if is_inside else piece
        opened = f"{FENCE}\n" if is_inside else ""
        text = text[at:].removeprefix("\n")
    if text.strip():
        yield opened + text


def _blank(text: str, edge: int) -> int:
    """Find the last blank that stands in no link."""
    at = text.rfind(" ", 1, edge)
    opened = text.rfind("<", 0, at)
    inside = opened > text.rfind(">", 0, at) and text.find(">", at) != -1
    return opened if inside else at


def _edge(text: str, limit: int) -> int:
    """Find the last place at or before `limit` that cuts nothing in two; a unit too long for it is cut anyway."""
    start = max(text.rfind("<", 0, limit), 0)
    for match in UNIT.finditer(text, start):
        if match.end() > limit:
            return match.start() or limit
        if match.end() == limit:
            break
    return limit
