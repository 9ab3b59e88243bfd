"""A number by which people name what Spy keeps: a page, a follow-up, a line of a timeline."""

import re

_NUMBER = re.compile(r"#?(\d{1,9})", re.ASCII)
"""As many digits as every database counts."""


def read_number(word: str) -> int | None:
    """Read `12` or `#12`; None where it is no number, or one that nothing can have."""
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None
