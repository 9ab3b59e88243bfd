"""One effect, ready to be tried: what to call, how to find an earlier try, what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.ports import OutboxItem
from bot.services.transaction import Transaction

PATIENCE = timedelta(hours=1)
"""How long an effect is retried. After that it is given up and reported."""

STALE = timedelta(minutes=1)
"""After this time nobody expects that a command still runs."""


def nothing(_tx: Transaction, _result: Any) -> None:
    """Do nothing after success."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How one try of an effect is made.

    `call` and `find_earlier` call out, on a thread of their own. The others run in a short transaction and render
    nothing. `find_earlier` returns None if the effect was not done yet. `on_success` gets the result of either.
    `on_retry` runs after each failed try. It gets the reason in a sentence and how long the effect will have failed
    by the next try.
    """

    call: Callable[[], Any]
    find_earlier: Callable[[], Any] | None = None
    on_success: Callable[[Transaction, Any], None] = nothing
    on_retry: Callable[[Transaction, str, timedelta], None] | None = None
    patience: timedelta = PATIENCE


class Handler(Protocol):
    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Prepare the effect, in a read-only transaction. Return None if there is nothing left to do."""

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        """Report that it will not be done, with the reason in a sentence. Renders nothing: that happens later."""
