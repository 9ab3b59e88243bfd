"""How long a request may take: it is committed in time, or it is given up and never committed."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Self


def _always(_doing: str) -> bool:
    return True


def _nothing() -> None:
    pass


class OutOfTime(Exception):  # noqa: N818  named for what happened
    """The request was given up: nothing of it is kept."""


class Late(OutOfTime):
    """It waited so long that it was not begun."""


class TimeLimit:
    """Decides, whatever threads ask, whether a request is committed or given up: never both."""

    def __init__(
        self, until: float, *, begin_by: float | None = None, admit: Callable[[str], bool] = _always
    ) -> None:
        """Take moments on the monotonic clock. `admit` tells whether a piece of foreign code may be run."""
        self.until = until
        self.begin_by = until if begin_by is None else begin_by
        self.doing = ""
        """The command, or whatever else is foreign code, that it is at."""
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
        """Return all the time there is."""
        return cls(math.inf)

    def left(self) -> float:
        """Return the seconds that are left; 0 when it was given up."""
        return 0.0 if self._is_given_up else max(self.until - time.monotonic(), 0.0)

    @property
    def is_given_up(self) -> bool:
        return self._is_given_up

    def enter(self, doing: str) -> bool:
        """Return what is done now; False where it must not be, since too many of it hang. OutOfTime once given up."""
        self.check()
        self.doing = doing
        return self._admit(doing)

    def check(self) -> None:
        """Raise OutOfTime where it was given up."""
        if self._is_given_up:
            raise OutOfTime

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Commit inside this. Raises OutOfTime where it was given up; from here on it can't be."""
        with self._lock:
            self.check()
            self._is_committing = True
        try:
            yield
        except BaseException:
            self._is_committing = False
            raise

    def give_up(self) -> bool:
        """Return it up, and let go of what it holds; False where it is being committed, or was."""
        with self._lock:
            if self._is_committing:
                return False
            self._is_given_up = True
        return True

    def let_go(self) -> None:
        """Release what a given up request holds. It may have to wait for the request's own statement."""
        with self._lock:
            self._release()

    @contextmanager
    def holding(self, release: Callable[[], None]) -> Iterator[None]:
        """Hold something inside this that `release` takes away, from another thread, if the request is given up."""
        self.check()
        self._release = release
        try:
            yield
        finally:
            with self._lock:
                self._release = _nothing
