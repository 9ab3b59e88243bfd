"""A number that people type for a page, a follow-up or a line of a timeline."""

import re

_NUMBER = re.compile(r"#?(\d{1,9})", re.ASCII)
"""The most digits that every database accepts."""


def read_number(word: str) -> int | None:
    """Return the number of `12` or `#12`; None if it is not a number, or too long."""
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None
