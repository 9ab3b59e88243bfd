"""A text as a person typed it: without what nothing can store, and cut between two letters as a reader sees them."""

import re
from unicodedata import category

MORE = "…"
SHORTENED = 60
"""Characters that are shown of what a person typed: enough to recognise it."""

_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
"""Regional indicators: two of them are one flag."""
_ADDED = (range(0x1160, 0x1200), range(0x1F3FB, 0x1F400), range(0xE0020, 0xE0080))
"""Korean vowels and endings, skin tones, tags: they belong to the letter before, as combining marks do."""
_FURTHEST = 64
"""Characters of the longest letter that is kept whole: somebody may type one of any length."""


_PAIR_OR_ESCAPE = re.compile(
    r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\(?P<lost>u(?:[dD][89a-fA-F][\da-fA-F]{2}|0000))|\\."
)
"""In JSON: a whole pair of surrogates, what stands for half of one or NUL, and any other escape."""


def storable(text: str) -> str:
    """Replace what neither UTF-8 nor PostgreSQL takes: a half of a surrogate pair, and NUL; two halves are joined."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def storable_json(text: str) -> str:
    """Replace in JSON, before it is read, the escapes of what neither UTF-8 nor PostgreSQL takes."""
    return _PAIR_OR_ESCAPE.sub(lambda it: r"\ufffd" if it["lost"] else it[0], text)


def shortened(text: str, most: int = SHORTENED) -> str:
    """Cut to at most so many characters, with an ellipsis where something is left out."""
    return text if len(text) <= most else text[: letter_end(text, most - len(MORE))].rstrip() + MORE


def letter_end(text: str, most: int) -> int:
    """Find the last place at or before `most` that cuts no letter in two: no emoji, flag or accented letter."""
    for at in range(most, max(most - _FURTHEST, 0), -1):
        if not _is_within_letter(text, at):
            return at
    return most


def _is_within_letter(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at : at + 1]
    if not (before and after):
        return False
    if ord(before) in _FLAGS and ord(after) in _FLAGS:
        return _flags_before(text, at) % 2 == 1
    return _JOINER in {before, after} or _is_added(after)


def _is_added(letter: str) -> bool:
    return category(letter) in {"Mn", "Me", "Mc"} or any(ord(letter) in some for some in _ADDED)


def _flags_before(text: str, at: int) -> int:
    start = at
    while start and ord(text[start - 1]) in _FLAGS:
        start -= 1
    return at - start


def quoted(words: str) -> str:
    """Put words in quotes, as a command takes them."""
    return '"' + words.replace('"', "'") + '"'
