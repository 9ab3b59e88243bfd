"""A piece of work that was undone because it stood in another's way is simply done again."""

from collections.abc import Callable
from typing import TypeVar

from bot.ports import Conflict

T = TypeVar("T")
TRIES = 5


def retry_on_conflict(transaction: Callable[[], T]) -> T:
    """Do a whole transaction, from its beginning each time; what it gives. Contended after the fifth try."""
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except Conflict:
            continue
    return transaction()
