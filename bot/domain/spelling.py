"""Whether a word was meant for another one."""

from collections.abc import Iterable
from difflib import get_close_matches

SHORTEST, LONGEST = 4, 40
"""In letters: among shorter words any two are alike, and longer ones take long to compare."""


def is_slip(said: str, meant: str) -> bool:
    """Whether one slip of a finger lies between two words: a letter swapped, left out, added or another one.

    A plural is no slip: `drills` is another word than `drill`.
    """
    if said in {meant, f"{meant}s"} or len(meant) < SHORTEST or abs(len(said) - len(meant)) > 1:
        return False
    at = next(
        (n for n, (one, other) in enumerate(zip(said, meant, strict=False)) if one != other),
        min(len(said), len(meant)),
    )
    left, right = said[at:], meant[at:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left == right[1:] or left[1:] == right


def nearest(said: str, known: Iterable[str]) -> str | None:
    """Return the one of the known words that was probably meant; a long word was none of them."""
    close = get_close_matches(said, list(known), n=1) if len(said) <= LONGEST else []
    return close[0] if close else None
