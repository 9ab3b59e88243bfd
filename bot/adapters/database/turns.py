"""Order transactions: answers to people go before background delivery."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Condition
from typing import Protocol

from bot.ports import Late, TimeLimit

QUIET_TIME = 0.003
"""Seconds after the last answer before delivery starts: by then its acknowledgement has been sent."""
PATIENCE = 0.25
"""Seconds after which anyone who waits for a turn goes ahead in any case."""
UNHURRIED = 0.5
"""The same for who only reads, and what nobody waits for."""


class TurnTaking(Protocol):
    """Decides when a transaction begins."""

    def at_once(self, limit: TimeLimit) -> AbstractContextManager[None]: ...
    def in_quiet_time(self) -> AbstractContextManager[None]: ...
    def give_way(self) -> None: ...


class Turns:
    """Starts answers at once, and delivery in between. With `exclusive`, one transaction runs at a time.

    Exclusive turns avoid conflicts between SQLite's writers. The database handles those that remain, so a turn
    longer than PATIENCE seconds is overtaken, and one that hangs blocks nobody.
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
        """Wait for a turn to answer a person. Raise Late if it does not come in time."""
        self._answering.add(limit)
        try:
            with self._turn(limit.begin_by if not limit.conflicts else limit.until):
                yield
        finally:
            self._answering.discard(limit)
            self._left_at = time.monotonic()

    @contextmanager
    def in_quiet_time(self) -> Iterator[None]:
        self._wait_for_quiet(PATIENCE, every=QUIET_TIME / 4)
        with self._turn(float("inf")):
            yield

    def give_way(self) -> None:
        """Wait while requests are being answered, but no longer than UNHURRIED seconds."""
        self._wait_for_quiet(UNHURRIED, every=QUIET_TIME)

    def _wait_for_quiet(self, most: float, *, every: float) -> None:
        until = time.monotonic() + most
        while self._is_answering() and time.monotonic() < until:
            time.sleep(every)

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
