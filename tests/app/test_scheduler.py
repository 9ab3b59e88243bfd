"""Jobs at intervals: each at once and again, whatever one of them does."""

from datetime import timedelta
from threading import Event

from bot.app.scheduler import Job, Scheduler

PATIENCE = 10.0
SOON = timedelta(milliseconds=1)


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


def test_a_job_runs_again_and_again_though_another_hangs():
    beats, released = Beats(), Event()

    def hangs() -> None:
        released.wait(PATIENCE)

    scheduler = Scheduler(
        Job(name="hangs", every=SOON, run=hangs),
        Job(name="beats", every=SOON, run=beats.run),
    )
    scheduler.start()

    assert beats.was_run.wait(PATIENCE)
    assert scheduler.is_alive()
    released.set()
    scheduler.stop()
    assert not scheduler.is_alive()


def test_a_job_that_fails_runs_again():
    beats = Beats(fails=1)
    scheduler = Scheduler(Job(name="fails", every=SOON, run=beats.run))
    scheduler.start()

    assert beats.was_run.wait(PATIENCE)
    scheduler.stop()


def test_one_that_was_never_started_stops_at_once():
    Scheduler(Job(name="beats", every=SOON, run=Beats().run)).stop()


def test_a_woken_job_runs_before_its_interval_is_over():
    beats = Beats(fails=-3)
    job = Job(name="beats", every=timedelta(hours=1), first=timedelta(hours=1), run=beats.run)
    scheduler = Scheduler(job)
    scheduler.start()

    job.wake()

    assert beats.was_run.wait(PATIENCE)
    scheduler.stop()
    assert beats.runs == 1
