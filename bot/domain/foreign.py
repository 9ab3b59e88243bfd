"""Make text from other systems harmless: it notifies nobody, links to nothing, and stays on its line.

What a person typed in Slack is not foreign: there a mention is meant.
"""

import re

from bot.domain.text import LINE, UNSEEN, one_line

WORD, URL = 80, 500
"""The most characters kept of a short word. A longer URL is left out."""

_ADDRESS = re.compile(rf"https?://(?:(?![{UNSEEN}<>|\"])[\x21-\x7e\xa1-\ud7ff\ue000-\U0010ffff])+")
"""An address has no `<`, `>`, `|` or `"` (RFC 3986): one that has them was made to look like Slack's markup."""
_MARK = re.compile(r"<(?=[@#!]|[a-z][a-z0-9+.-]*:)([^<>]*)(>?)", re.IGNORECASE)
"""Slack's markup, or the beginning of it. Escaped, people see it as it was sent."""
_LINK = re.compile(r"(?<=\w)(?=://)|(?<=\bwww)(?=\.)|(?<=\bmailto:)", re.IGNORECASE)
"""Where a zero-width space keeps Slack and GitHub from making a link."""
_FENCE = re.compile("`{3,}")


def inert(text: str, most: int = LINE) -> str:
    """Return a text as one line without a mention, a link or a block of code."""
    line = _FENCE.sub(lambda found: "'" * len(found[0]), one_line(text, most))
    return _LINK.sub("\u200b", unmarked(line))


def unmarked(text: str) -> str:
    """Return a text in which Slack's markup is escaped. An address that it shows stays a link."""
    return _MARK.sub(lambda found: f"&lt;{found[1]}{'&gt;' if found[2] else ''}", text)


def address(url: str | None) -> str | None:
    """Return a web address; None if it is not one, or is too long to show."""
    return url if url and len(url) <= URL and _ADDRESS.fullmatch(url) else None
