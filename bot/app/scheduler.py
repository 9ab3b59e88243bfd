"""Run stateless jobs at intervals, each in a thread of its own. No reminder is kept here."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread

import structlog

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], None]
    first: timedelta = timedelta()
    """How long after the start of the scheduler it runs first."""
    _woken: Event = field(default_factory=Event)

    def wake(self) -> None:
        """Run it now, or once more if it is running."""
        self._woken.set()

    def repeat(self, stopping: Event) -> None:
        """Run it at its interval and when it is woken. Missed runs are made up by one."""
        due = time.monotonic() + self.first.total_seconds()
        while not stopping.is_set():
            if self._woken.wait(max(0.0, due - time.monotonic())):
                self._woken.clear()
            else:
                due = max(due + self.every.total_seconds(), time.monotonic())
            if not stopping.is_set():
                self._guarded()

    def _guarded(self) -> None:
        try:
            self.run()
        except Exception:
            log.exception("a job failed; it runs again at its next interval", job=self.name)


class Scheduler:
    """Runs each job, and then again at its interval. A slow run delays only its own next run."""

    def __init__(self, *jobs: Job) -> None:
        self._jobs = jobs
        self._stopping = Event()
        self._threads = [
            Thread(target=job.repeat, args=(self._stopping,), name=job.name, daemon=True) for job in jobs
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Start no more runs, and wait for the running ones."""
        self._stopping.set()
        for job in self._jobs:
            job.wake()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
