"""One effect, made ready to be done: what to call, how to look whether it was done, what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.domain.effects import Effect
from bot.ports import Parcel
from bot.services.transaction import Transaction

PATIENCE = timedelta(hours=1)
"""How long an effect is tried before it is given up, aloud."""


def nothing(_tx: Transaction, _result: Any) -> None:
    """Follow up with nothing."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """`go` and `look` call out, on a thread of their own; the others run in a short transaction and render nothing.

    `look` gives None when the effect was not done yet. `settle` gets what `go` or `look` gave. `struggle` hears of
    each failed try, with why in a sentence, and how long it will have been in vain by the next.
    """

    go: Callable[[], Any]
    look: Callable[[], Any] | None = None
    settle: Callable[[Transaction, Any], None] = nothing
    struggle: Callable[[Transaction, str, timedelta], None] | None = None
    patience: timedelta = PATIENCE


class Courier(Protocol):
    def errand(self, parcel: Parcel, tx: Transaction) -> Errand | None:
        """Make the effect ready, in a read-only transaction. None where there is nothing left to do."""

    def gave_up(self, parcel: Parcel, tx: Transaction, why: str) -> None:
        """Say that it will not be done, and why in a sentence. Renders nothing: what it asks for is rendered later."""


def unsupported(effect: Effect) -> LookupError:
    return LookupError(f"no courier for {type(effect).__name__}")
