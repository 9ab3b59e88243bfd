"""Threads that run requests. One that hangs is abandoned, and another replaces it."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Any, TypeVar

T = TypeVar("T")

RUSH = 2.0
"""Seconds that a rush goes on after more than could be done came last."""


class RequestThreads:
    """A pool of threads. Unlike `ThreadPoolExecutor`, it neither waits for a hanging thread nor counts it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._count = self._idle = 0
        """Threads, and how many of them wait for a task. A thread that was woken is idle until it has looked."""
        self._left: set[Future[Any]] = set()
        self._waits_since: float | None = None
        """Since when always some task has waited."""
        self._rush_until = 0.0
        self._running = 0
        """Tasks that run, without those that were left."""

    def submit(self, task: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._waits_since is None:
                self._waits_since = time.monotonic()
            self._waiting.append((future, task))
            if self._idle >= len(self._waiting):
                self._lock.notify()
                return future
        self._grow()
        return future

    def is_full(self, *, after: float) -> bool:
        """Return whether more comes than can be done: some tasks have always waited for so many seconds.

        From then on it is a rush, until for RUSH seconds it was not full. In a rush half of the threads work, because
        each more would slow down all who are answered, and it is full once a task waits for each of them.
        """
        with self._lock:
            if self._waits_since is None or len(self._waiting) < self._side_by_side:
                return False
            now = time.monotonic()
            is_full = self._is_rush or now >= self._waits_since + after
            if is_full:
                self._rush_until = now + RUSH
            return is_full

    @property
    def _is_rush(self) -> bool:
        return time.monotonic() < self._rush_until

    @property
    def _side_by_side(self) -> int:
        """Return how many tasks may run now."""
        return max(1, self._most // 2) if self._is_rush else self._most

    def leave(self, future: Future[Any]) -> None:
        """Replace the thread that runs this future."""
        with self._lock:
            if future.done():
                return
            self._left.add(future)
            self._count -= 1
            self._running -= 1
        self._grow()

    def _grow(self) -> None:
        with self._lock:
            if not self._waiting or self._count >= self._most:
                return
            self._count += 1
        Thread(target=self._run, name="request", daemon=True).start()

    def _run(self) -> None:
        while True:
            future, task = self._next()
            if future.set_running_or_notify_cancel():
                _fulfil(future, task)
            with self._lock:
                self._running -= future not in self._left
                if future in self._left:
                    self._left.remove(future)
                    return
            del future, task  # an idle thread keeps no request in memory

    def _next(self) -> tuple[Future[Any], Callable[[], Any]]:
        with self._lock:
            while not self._waiting or self._running >= self._side_by_side:
                self._idle += 1
                self._lock.wait()
                self._idle -= 1
            task = self._waiting.popleft()
            self._running += 1
            if not self._waiting:
                self._waits_since = None
            return task


def _fulfil(future: Future[Any], task: Callable[[], Any]) -> None:
    try:
        result = task()
    except Exception as error:  # noqa: BLE001  it is raised again where the result is asked for
        future.set_exception(error)
    except BaseException as error:  # noqa: BLE001  what would end a program ends here
        future.set_exception(RuntimeError(f"it raised {type(error).__name__}"))
    else:
        future.set_result(result)
