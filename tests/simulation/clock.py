"""Simulated time. Tasks are greenlets that give way at each pause, and the clock jumps to the next of them.

Nothing sleeps and no threads run, so that a seed decides everything: which task runs when, and where one dies.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from greenlet import getcurrent, greenlet

from bot.testing import NOON


class Death(BaseException):
    """The end of a process that nobody has asked for."""


class Host(Protocol):
    """What runs a task. A task whose host is dead dies at its next pause; one whose host is stopped waits."""

    name: str
    is_dead: bool
    stopped_until: float


class World:
    """The host of what never dies: people, Slack, the pager, and the faults themselves."""

    name, is_dead, stopped_until = "world", False, 0.0


WORLD = World()


class Task:
    """Something that runs in simulated time. `result` is what it returned; None if it died."""

    def __init__(self, clock: "Clock", act: Callable[[], Any], host: Host) -> None:
        self.host = host
        self.is_outside = False
        """Whether it is under way in the network, where a stopped process can't hold it up."""
        self.is_over = False
        self.result: Any = None
        self._clock, self._act = clock, act
        self._awaited_by: list[Task] = []
        self._greenlet = greenlet(self._run, parent=clock.hub)

    def _run(self) -> None:
        try:
            if not self.host.is_dead:
                self.result = self._act()
        except Death:
            self.result = None
        except Exception as error:  # noqa: BLE001  the world reports it
            self._clock.failed(self, error)
        finally:
            self.is_over = True
            for task in self._awaited_by:
                self._clock.resume(task, 0)

    def proceed(self) -> None:
        """Run until its next pause."""
        if not self.is_over:
            self._greenlet.switch()

    def kill(self) -> None:
        """End it where it is."""
        if self._greenlet:
            self._greenlet.throw(Death)

    def awaited_by(self, task: "Task") -> None:
        self._awaited_by.append(task)


class Clock:
    """The true time, and what happens when."""

    def __init__(self, failed: Callable[[Task, Exception], None]) -> None:
        self.seconds = 0.0
        """Since the beginning of the world."""
        self.failed = failed
        self.hub = getcurrent()
        self.current: Task | None = None
        self.before_waiting: Callable[[], None] = lambda: None
        """Called whenever all tasks of a moment have run, before time goes on."""
        self.is_stopped = False
        self._queue: list[tuple[float, int, Task]] = []
        self._numbers = count()
        self._tasks: dict[Task, None] = {}

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def spawn(self, act: Callable[[], Any], *, after: float = 0.0, host: Host = WORLD) -> Task:
        """Begin a task in so many seconds."""
        task = Task(self, act, host)
        self._tasks[task] = None
        self.resume(task, after)
        return task

    def resume(self, task: Task, after: float) -> None:
        heappush(self._queue, (self.seconds + after, next(self._numbers), task))

    def pause(self, seconds: float, *, outside: bool = False) -> None:
        """Let the current task wait. With `outside`, a stopped host does not make it wait longer."""
        task = self._mine()
        task.is_outside = outside
        self.resume(task, seconds)
        self._give_way(task)

    def join(self, other: Task) -> Any:
        """Let the current task wait until another is over, and return its result."""
        task = self._mine()
        if not other.is_over:
            other.awaited_by(task)
            self._give_way(task)
        return other.result

    def run(self, until: float) -> None:
        """Run all tasks up to a time, unless it is stopped."""
        while True:
            if not self._queue or self._queue[0][0] > self.seconds:
                self.before_waiting()
            if self.is_stopped or not self._queue or self._queue[0][0] > until:
                break
            at, _, task = heappop(self._queue)
            if task.host.stopped_until > at and not task.is_outside and not task.host.is_dead:
                heappush(self._queue, (task.host.stopped_until, next(self._numbers), task))
                continue
            self.seconds = max(self.seconds, at)
            self.current = task
            task.proceed()
            self.current = None
            if task.is_over:
                self._tasks.pop(task, None)
        self.seconds = max(self.seconds, until)

    def end(self) -> None:
        """End what is left."""
        for task in list(self._tasks):
            task.kill()

    def _mine(self) -> Task:
        assert self.current, "only a task can wait"
        if self.current.host.is_dead:
            raise Death
        return self.current

    def _give_way(self, task: Task) -> None:
        self.hub.switch()
        if task.host.is_dead:
            raise Death


class Machine:
    """The clock of the machine that the processes run on. It may be wrong, and be set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def monotonic(self) -> float:
        return self._clock.seconds
