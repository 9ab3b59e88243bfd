"""One effect, made ready to be done: what to call, how to look whether it was done, what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.domain.effects import Effect
from bot.ports import Parcel
from bot.services.desk import Desk

PATIENCE = timedelta(hours=1)
"""How long an effect is tried before it is given up, aloud."""


def nothing(_desk: Desk, _result: Any) -> None:
    """Follow up with nothing."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """`go` and `look` call out, on a thread of their own; the others run in a transaction.

    `look` gives None when the effect was not done yet. `settle` gets what `go` or `look` gave. `struggle` hears of
    each failed try and how long it will have been in vain by the next, `surrender` of the end; both with why in a
    sentence.
    """

    go: Callable[[], Any]
    look: Callable[[], Any] | None = None
    settle: Callable[[Desk, Any], None] = nothing
    struggle: Callable[[Desk, str, timedelta], None] | None = None
    surrender: Callable[[Desk, str], None] | None = None
    patience: timedelta = PATIENCE


class Courier(Protocol):
    """Makes effects into errands, within the transaction in which they were claimed."""

    def errand(self, parcel: Parcel, desk: Desk) -> Errand | None:
        """Give None where there is nothing left to do."""


def unsupported(effect: Effect) -> LookupError:
    return LookupError(f"no courier for {type(effect).__name__}")
