"""Text as a person typed it: made storable, and shortened between whole letters."""

import re
from unicodedata import category

MORE = "…"
LINE = 300
"""The most characters of a text that is kept as one line."""
SHORTENED = 60
"""How many characters of a person's words are repeated, enough to recognise them."""

_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
"""Regional indicators. Two of them form one flag."""
_ADDED = (range(0x1160, 0x1200), range(0x1F3FB, 0x1F400), range(0xE0020, 0xE0080))
"""Korean vowels and endings, skin tones, tags. They belong to the letter before them, like combining marks."""
_FURTHEST = 64
"""The most characters of one letter that is kept whole. People can type letters of any length."""


UNSEEN = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""Characters that nobody sees, as inside `[...]`. Most of them change the direction of the text around them."""
_UNKEPT = re.compile(rf"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]|[{UNSEEN}]")
"""Those, control characters, and halves of surrogate pairs, which databases reject."""

_PAIR_OR_ESCAPE = re.compile(
    r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\(?P<lost>u(?:[dD][89a-fA-F][\da-fA-F]{2}|0000))|\\."
)
"""JSON escapes: a pair of surrogates, half of one or NUL, and any other escape."""


def storable(text: str) -> str:
    """Replace what UTF-8 and PostgreSQL reject: half a surrogate pair, and NUL. Two halves are joined."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def storable_json(text: str) -> str:
    """Replace, in JSON text, the escapes of characters that UTF-8 and PostgreSQL reject."""
    return _PAIR_OR_ESCAPE.sub(lambda it: r"\ufffd" if it["lost"] else it[0], text)


def shortened(text: str, most: int = SHORTENED) -> str:
    """Return at most `most` characters, with an ellipsis if something is left out."""
    return text if len(text) <= most else text[: letter_end(text, most - len(MORE))].rstrip() + MORE


def letter_end(text: str, most: int) -> int:
    """Return the last position up to `most` that splits no letter: no emoji, flag or accented letter."""
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


def one_line(text: str, most: int = LINE) -> str:
    """Put a text on one line, without characters that nobody sees or databases reject. Cut it to `most` characters."""
    line = " ".join(_UNKEPT.sub(" ", text).split())
    return line if len(line) <= most else f"{line[: most - len(MORE)].rstrip()}{MORE}"


def quoted(words: str) -> str:
    """Return words in double quotes, as a command expects them."""
    return '"' + words.replace('"', "'") + '"'
