"""APScheduler as a metronome: it runs stateless jobs at intervals, and keeps no reminders itself."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from threading import Event, Thread

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

OFTEN = timedelta(seconds=1)
"""What runs more often has a thread of its own: APScheduler would take longer to start it than it takes."""

log = structlog.get_logger()


def _not_started() -> None:
    pass


@dataclass(kw_only=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], None]
    first: timedelta = timedelta()
    """How long after the start of the scheduler it runs first."""
    waking: Callable[[], None] = field(default=_not_started, init=False)
    """Set by the scheduler when it starts."""
    trouble: str = field(default="", init=False)
    """The error of its last run; "" if it went well."""

    def wake(self) -> None:
        """Run it now, unless it is running."""
        self.waking()


class SteadyTime(tzinfo):
    """A time zone whose time counts from its creation, by the monotonic clock: the machine's clock can't set it back.

    APScheduler asks its time zone for the time, and accepts no clock in another way.
    """

    def __init__(self) -> None:
        self._start = datetime.now(UTC).replace(tzinfo=None)
        self._began = time.monotonic()

    def fromutc(self, _machines: datetime) -> datetime:
        return self._start.replace(tzinfo=self) + timedelta(seconds=time.monotonic() - self._began)

    def utcoffset(self, _moment: datetime | None) -> timedelta:
        return timedelta()

    def dst(self, _moment: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, _moment: datetime | None) -> str:
        return "steady"


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires after a first wait, then at each interval. Missed runs are made up by one."""

    def __init__(self, interval: timedelta, first: timedelta) -> None:
        self._interval, self._first = interval, first

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return max(previous + self._interval, now) if previous else now + self._first


class Scheduler:
    """Runs each job, and then again at its interval. A slow run delays only its own next run."""

    def __init__(self, *jobs: Job, often: timedelta = OFTEN) -> None:
        # it warns about each interval that a slow run skips
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._time = SteadyTime()
        self._jobs = [it for it in jobs if it.every >= often]
        self._stopping = Event()
        self._threads = [
            Thread(target=self._repeat, args=(it,), name=it.name, daemon=True)
            for it in jobs
            if it.every < often
        ]
        self._ticks = BackgroundScheduler(
            timezone=self._time,
            executors={"default": ThreadPoolExecutor(max(1, len(self._jobs)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        for job in self._jobs:
            self._ticks.add_job(_guarded, Every(job.every, job.first), args=[job], id=job.name)
            job.waking = partial(self._run_now, job.name)
        self._ticks.start()
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        return bool(self._ticks.running) and all(it.is_alive() for it in self._threads)

    def stop(self) -> None:
        """Start no more runs, and wait for the running ones."""
        self._stopping.set()
        if not self._ticks.running:
            return
        self._ticks.shutdown(wait=True)
        for thread in self._threads:
            thread.join()

    def _run_now(self, name: str) -> None:
        if not self._stopping.is_set():
            self._ticks.modify_job(name, next_run_time=datetime.now(self._time))

    def _repeat(self, job: Job) -> None:
        """Run a frequent job until the scheduler stops."""
        due = time.monotonic() + job.first.total_seconds()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            _guarded(job)
            due = max(due + job.every.total_seconds(), time.monotonic())


def _guarded(job: Job) -> None:
    """Run a job. The same error in a row is logged once."""
    try:
        job.run()
    except Exception as error:
        if repr(error) != job.trouble:
            log.exception("a job failed; it runs again at its next interval", job=job.name)
        job.trouble = repr(error)
        return
    if job.trouble:
        log.info("a job runs again", job=job.name)
    job.trouble = ""
