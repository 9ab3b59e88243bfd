"""Whose turn it is: who answers a person goes before who delivers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from bot.ports import Late, TimeLimit

QUIET_TIME = 0.003
"""Seconds since the last answer, after which delivery goes ahead: by then its acknowledgement has left."""
PATIENCE = 0.25
"""Seconds after which delivery goes ahead in any case, however many are asking; and whoever else waits for a turn."""


class Turns:
    """Lets answers in at once and delivery in between them; `exclusive` lets in one at a time.

    An exclusive turn saves SQLite's writers from conflicts, and the database itself settles those that are left:
    so who holds one for longer than `PATIENCE` is overtaken, and one that hangs holds up nobody.
    """

    def __init__(self, *, exclusive: bool) -> None:
        self._exclusive = exclusive
        self._changed = Condition()
        self._holder: object | None = None
        self._held_since = 0.0
        self._answering: set[TimeLimit] = set()
        self._left_at = 0.0

    @contextmanager
    def at_once(self, limit: TimeLimit) -> Iterator[None]:
        """Raises Late where the turn does not come in time."""
        self._answering.add(limit)
        try:
            with self._turn(limit.begin_by if not limit.conflicts else limit.until):
                yield
        finally:
            self._answering.discard(limit)
            self._left_at = time.monotonic()

    @contextmanager
    def in_quiet_time(self) -> Iterator[None]:
        until = time.monotonic() + PATIENCE
        while self._is_answering() and time.monotonic() < until:
            time.sleep(QUIET_TIME / 4)
        with self._turn(float("inf")):
            yield

    def _is_answering(self) -> bool:
        is_asked = any(not limit.is_given_up for limit in tuple(self._answering))
        return is_asked or time.monotonic() < self._left_at + QUIET_TIME

    @contextmanager
    def _turn(self, until: float) -> Iterator[None]:
        if not self._exclusive:
            yield
            return
        mine = object()
        with self._changed:
            while not self._take(mine):
                now = time.monotonic()
                if now >= until:
                    raise Late
                self._changed.wait(min(self._held_since + PATIENCE, until) - now)
        try:
            yield
        finally:
            with self._changed:
                if self._holder is mine:
                    self._holder = None
                    self._changed.notify()

    def _take(self, mine: object) -> bool:
        now = time.monotonic()
        if self._holder is not None and now < self._held_since + PATIENCE:
            return False
        self._holder, self._held_since = mine, now
        return True
