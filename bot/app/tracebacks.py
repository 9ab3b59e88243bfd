"""Tracebacks for the log, without what people wrote.

An exception's message may quote a text (`invalid literal: '…'`). It is left out, unless it is known to quote none.
File, line, code and the exception's type stay: they show where a fault is.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType

from bot.domain.shown_errors import shown_message

DEEPEST = 10
"""How many exceptions of one chain are shown."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def rendered(exc_info: ExcInfo) -> str:
    """Return the traceback of an exception and of those that caused it."""
    chain = list(_chain(exc_info[1]))[:DEEPEST]
    return "\n".join(_one(error) for error in reversed(chain))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    parts = "".join(f"\n{rendered((type(it), it, it.__traceback__))}" for it in inside)
    return f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}: {shown_message(error)}{parts}"
