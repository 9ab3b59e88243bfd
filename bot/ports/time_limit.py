"""How long a request may take. It commits in time, or it is given up and never commits."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Self

from bot.domain.plugin import PluginVersion


def _always(_doing: str) -> bool:
    return True


def _nothing() -> None:
    pass


class OutOfTime(Exception):  # noqa: N818  named for what happened
    """The request was given up. Nothing of it is saved."""


class Late(OutOfTime):
    """The request waited so long that it was not started."""


class TimeLimit:
    """Decides, across threads, whether a request commits or is given up: never both."""

    def __init__(
        self, until: float, *, begin_by: float | None = None, admit: Callable[[str], bool] = _always
    ) -> None:
        """Take times on the monotonic clock. `admit` tells whether a piece of plugin code may run."""
        self.until = until
        self.begin_by = until if begin_by is None else begin_by
        self.doing = ""
        """The command, or whatever else is foreign code, that it is at."""
        self.plugin: PluginVersion | None = None
        """The team's plugin that this code is of, if it is not Spy's own."""
        self.conflicts = 0
        """How many tries at it ended in a conflict."""
        self._admit = admit
        self._lock = Lock()
        self._is_committing = self._is_given_up = False
        self._release: Callable[[], None] = _nothing

    @classmethod
    def of(cls, seconds: float) -> Self:
        return cls(time.monotonic() + seconds)

    @classmethod
    def none(cls) -> Self:
        """Return a limit that never ends."""
        return cls(math.inf)

    def left(self) -> float:
        """Return the seconds that are left; 0 if it was given up."""
        return 0.0 if self._is_given_up else max(self.until - time.monotonic(), 0.0)

    @property
    def is_given_up(self) -> bool:
        return self._is_given_up

    def enter(self, doing: str, plugin: PluginVersion | None = None) -> bool:
        """Note which plugin code runs now. False if too many calls of it hang. Raises OutOfTime once given up."""
        self.check()
        self.doing, self.plugin = doing, plugin
        return self._admit(doing)

    def leave(self) -> None:
        """Note that the plugin code has ended: what hangs from now on is the database."""
        self.doing, self.plugin = "", None

    def check(self) -> None:
        """Raise OutOfTime if the request was given up."""
        if self._is_given_up:
            raise OutOfTime

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Commit inside this block. Raises OutOfTime if the request was given up; afterwards it can't be."""
        with self._lock:
            self.check()
            self._is_committing = True
        try:
            yield
        except BaseException:
            self._is_committing = False
            raise

    def give_up(self) -> bool:
        """Give the request up. False if it is committing or has committed."""
        with self._lock:
            if self._is_committing:
                return False
            self._is_given_up = True
        return True

    def let_go(self) -> None:
        """Release what a request that was given up holds. May wait for the request's current statement."""
        with self._lock:
            self._release()

    @contextmanager
    def holding(self, release: Callable[[], None]) -> Iterator[None]:
        """Hold a resource inside this block. If the request is given up, another thread calls `release`."""
        self.check()
        self._release = release
        try:
            yield
        finally:
            with self._lock:
                self._release = _nothing
