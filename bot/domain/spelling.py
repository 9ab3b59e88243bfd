"""Detect typing errors in words."""

from collections.abc import Iterable
from difflib import get_close_matches

SHORTEST, LONGEST = 4, 40
"""In characters. Shorter words are too often alike; longer ones are slow to compare."""


def is_slip(typed: str, meant: str) -> bool:
    """Whether two words differ by one typing error: a letter swapped, missing, added or wrong.

    A plural is no error: `drills` is another word than `drill`.
    """
    if typed in {meant, f"{meant}s"} or len(meant) < SHORTEST or abs(len(typed) - len(meant)) > 1:
        return False
    at = next(
        (n for n, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other),
        min(len(typed), len(meant)),
    )
    left, right = typed[at:], meant[at:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left == right[1:] or left[1:] == right


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, else None. Very long words match nothing."""
    close = get_close_matches(typed, list(known), n=1) if len(typed) <= LONGEST else []
    return close[0] if close else None


def did_you_mean(word: str | None) -> str:
    """Return the question, with a blank before it; empty if there is no such word."""
    return f" Did you mean {word}?" if word else ""
