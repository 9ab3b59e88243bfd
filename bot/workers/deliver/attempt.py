"""One effect, made ready to be done: what to call, how to look whether it was done, what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.ports import OutboxItem
from bot.services.transaction import Transaction

PATIENCE = timedelta(hours=1)
"""How long an effect is tried before it is given up, aloud."""


def nothing(_tx: Transaction, _result: Any) -> None:
    """Follow up with nothing."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How one try of an effect is made.

    `call` and `find_earlier` call out, on a thread of their own. The others run in a short transaction and render
    nothing. `find_earlier` returns None when the effect was not done yet. `on_success` gets the result of either.
    `on_retry` gets, after each failed try, the reason in a sentence and how long it will have failed by the next try.
    """

    call: Callable[[], Any]
    find_earlier: Callable[[], Any] | None = None
    on_success: Callable[[Transaction, Any], None] = nothing
    on_retry: Callable[[Transaction, str, timedelta], None] | None = None
    patience: timedelta = PATIENCE


class Handler(Protocol):
    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Make the effect ready, in a read-only transaction. None where there is nothing left to do."""

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        """Say that it will not be done, and why in a sentence. Renders nothing: what it asks for is rendered later."""
