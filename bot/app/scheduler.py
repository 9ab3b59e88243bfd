"""APScheduler as a metronome: it runs stateless jobs at intervals, and keeps no reminders itself."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], None]


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
    """Fires at once, then at each interval. Missed runs are made up by one."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return max(previous + self._interval, now) if previous else now


class Scheduler:
    """Runs each job at once and then at its interval. A slow run delays only its own next run."""

    def __init__(self, *jobs: Job) -> None:
        # it warns about each interval that a slow run skips
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._jobs = jobs
        self._ticks = BackgroundScheduler(
            timezone=SteadyTime(),
            executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        for job in self._jobs:
            self._ticks.add_job(_guarded, Every(job.every), args=[job], id=job.name)
        self._ticks.start()

    def is_alive(self) -> bool:
        return bool(self._ticks.running)

    def stop(self) -> None:
        """Start no more runs, and wait for the running ones."""
        if self._ticks.running:
            self._ticks.shutdown(wait=True)


def _guarded(job: Job) -> None:
    try:
        job.run()
    except Exception:
        log.exception("a job failed; it runs again at its next interval", job=job.name)
