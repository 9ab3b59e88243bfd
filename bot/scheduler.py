"""APScheduler, as a metronome: stateless jobs at intervals, none of which is a duty by itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], None]


class Scheduler:
    """Runs each job at once and then at its interval; a slow run delays its next one, and only that."""

    def __init__(self, *jobs: Job) -> None:
        logging.getLogger("apscheduler").setLevel(
            logging.ERROR
        )  # it warns of every beat that a slow run skips
        self._jobs = jobs
        self._ticks = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        self._ticks.start()
        for job in self._jobs:
            self._ticks.add_job(_guarded, args=[job], id=job.name)
            self._ticks.add_job(_guarded, "interval", args=[job], seconds=job.every.total_seconds())

    def is_alive(self) -> bool:
        return bool(self._ticks.running)

    def stop(self) -> None:
        self._ticks.shutdown(wait=True)


def _guarded(job: Job) -> None:
    try:
        job.run()
    except Exception:
        log.exception("a job failed; it runs again at its next interval", job=job.name)
