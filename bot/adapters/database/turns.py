"""Whose turn it is: who answers a person goes before who delivers."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock

LULL = 0.003
"""Seconds since the last answer, after which delivery goes ahead: by then its acknowledgement has left."""
PATIENCE = 0.25
"""Seconds after which delivery goes ahead in any case, however many are asking."""


class Turns:
    """Lets answers in at once and delivery in between them; `exclusive` lets in one at a time, as SQLite does."""

    def __init__(self, *, exclusive: bool) -> None:
        self._turn: AbstractContextManager[object] = Lock() if exclusive else nullcontext()
        self._counting = Lock()
        self._answering = 0
        self._left_at = 0.0

    @contextmanager
    def at_once(self) -> Iterator[None]:
        with self._counting:
            self._answering += 1
        try:
            with self._turn:
                yield
        finally:
            with self._counting:
                self._answering -= 1
                self._left_at = time.monotonic()

    @contextmanager
    def in_a_lull(self) -> Iterator[None]:
        until = time.monotonic() + PATIENCE
        while self._is_answering() and time.monotonic() < until:
            time.sleep(LULL / 4)
        with self._turn:
            yield

    def _is_answering(self) -> bool:
        return self._answering > 0 or time.monotonic() < self._left_at + LULL
