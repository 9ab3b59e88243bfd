"""Jobs at intervals: each at once and again, whatever one of them does."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from structlog.testing import capture_logs

from bot.app.scheduler import OFTEN, Job, Scheduler, SteadyTime

PATIENCE = 10.0
SOON = timedelta(milliseconds=1)
both = pytest.mark.parametrize("often", [timedelta(), OFTEN], ids=["by APScheduler", "in a thread"])


class Beats:
    """A job that counts its runs, and fails in the first ones."""

    def __init__(self, *, fails: int = 0) -> None:
        self.runs, self.was_run = 0, Event()
        self._fails = fails

    def run(self) -> None:
        self.runs += 1
        if self.runs <= self._fails:
            raise RuntimeError("a bug")
        if self.runs > self._fails + 2:
            self.was_run.set()


@both
def test_a_job_runs_again_and_again_though_another_hangs(often: timedelta):
    beats, released = Beats(), Event()

    def hangs() -> None:
        released.wait(PATIENCE)

    scheduler = Scheduler(
        Job(name="hangs", every=SOON, run=hangs),
        Job(name="beats", every=SOON, run=beats.run),
        often=often,
    )
    scheduler.start()

    assert beats.was_run.wait(PATIENCE)
    assert scheduler.is_alive()
    released.set()
    scheduler.stop()
    assert not scheduler.is_alive()


@both
def test_a_job_that_fails_runs_again(often: timedelta):
    beats = Beats(fails=1)
    scheduler = Scheduler(Job(name="fails", every=SOON, run=beats.run), often=often)
    scheduler.start()

    assert beats.was_run.wait(PATIENCE)
    scheduler.stop()


def test_an_error_that_comes_again_and_again_is_logged_once():
    beats = Beats(fails=3)
    with capture_logs() as logs:
        scheduler = Scheduler(Job(name="fails", every=SOON, run=beats.run), often=OFTEN)
        scheduler.start()
        assert beats.was_run.wait(PATIENCE)
        scheduler.stop()

    assert [it["event"] for it in logs] == [
        "a job failed; it runs again at its next interval",
        "a job runs again",
    ]


def test_one_that_was_never_started_stops_at_once():
    Scheduler(Job(name="beats", every=SOON, run=Beats().run)).stop()


def test_the_time_of_jobs_goes_on_though_the_machines_clock_is_set_back():
    steady = SteadyTime()
    began = datetime.now(steady)

    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=steady)

    assert began <= steady.fromutc(an_hour_ago) < began + timedelta(minutes=30)


def test_a_job_waits_its_first_wait():
    beats, late = Beats(fails=-3), Beats(fails=-3)
    scheduler = Scheduler(
        Job(name="late", every=OFTEN, first=timedelta(hours=1), run=late.run),
        Job(name="beats", every=OFTEN, run=beats.run),
    )
    scheduler.start()

    assert beats.was_run.wait(PATIENCE)
    scheduler.stop()
    assert late.runs == 0


def test_a_woken_job_runs_before_its_interval_is_over():
    beats = Beats(fails=-3)
    job = Job(name="beats", every=timedelta(hours=1), first=timedelta(hours=1), run=beats.run)
    scheduler = Scheduler(job)
    scheduler.start()

    job.wake()

    assert beats.was_run.wait(PATIENCE)
    scheduler.stop()
    assert beats.runs == 1
