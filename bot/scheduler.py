"""A metronome: stateless jobs at intervals, none of which is a duty by itself; it waits by the monotonic clock.

A library that goes by the machine's clock stands still for an hour when that is set back by one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

import structlog

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], None]


class Scheduler:
    """Runs each job at once and then at its interval; a slow run delays its next one, and only that."""

    def __init__(self, *jobs: Job) -> None:
        self._stopping = Event()
        self._threads = [Thread(target=self._beat, args=(job,), name=job.name, daemon=True) for job in jobs]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Begin no more runs, and wait for those under way."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _beat(self, job: Job) -> None:
        every, due = job.every.total_seconds(), time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            _run(job)
            due = max(due + every, time.monotonic())


def _run(job: Job) -> None:
    try:
        job.run()
    except Exception:
        log.exception("a job failed; it runs again at its next interval", job=job.name)
