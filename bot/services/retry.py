"""Retry a transaction that the database rolled back because of a conflict."""

from collections.abc import Callable
from typing import TypeVar

from bot.ports import Conflict

T = TypeVar("T")
TRIES = 5


def retry_on_conflict(transaction: Callable[[], T]) -> T:
    """Run a transaction from its beginning until it succeeds, and return its result.

    Raises Conflict after the fifth try (`TRIES`).
    """
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except Conflict:
            continue
    return transaction()
