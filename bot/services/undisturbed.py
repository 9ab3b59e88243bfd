"""A piece of work that was undone because it stood in another's way is simply done again."""

from collections.abc import Callable
from typing import TypeVar

from bot.ports import Contended

T = TypeVar("T")
TRIES = 5


def undisturbed(work: Callable[[], T]) -> T:
    """Do a whole transaction, from its beginning each time; what it gives. Contended after the fifth try."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except Contended:
            continue
    return work()
