"""The box's clock: moved by a span or run fast, and told to the bot by a file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.clock import RehearsalClock
from bot.sandbox import Box
from bot.sandbox.clock import Clock

SOON = timedelta(seconds=30)


class Stopwatch:
    """The machine's seconds, as the test lets them pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def clock(stopwatch: Stopwatch) -> Iterator[Clock]:
    clock = Clock(stopwatch)
    yield clock
    clock.close()


def test_it_is_the_machines_time_until_it_is_moved(clock: Clock):
    assert abs(clock.now() - datetime.now(UTC)) < SOON


def test_a_clock_that_runs_fast_gains(clock: Clock, stopwatch: Stopwatch):
    clock.play(60)
    stopwatch.seconds += 10

    assert clock.ahead == timedelta(seconds=590)


def test_what_was_gained_stays_when_it_runs_as_usual_again(clock: Clock, stopwatch: Stopwatch):
    clock.play(60)
    stopwatch.seconds += 10
    clock.play(1)
    stopwatch.seconds += 100

    assert clock.ahead == timedelta(seconds=590)


def test_it_gains_no_more_than_was_asked(clock: Clock, stopwatch: Stopwatch):
    clock.play(300, until=timedelta(minutes=15))
    stopwatch.seconds += 100

    assert clock.ahead == timedelta(minutes=15)


def test_the_bot_reads_the_same_time():
    clock = Clock()
    bots = RehearsalClock(clock.file)

    clock.pass_by(timedelta(minutes=15))

    assert timedelta(minutes=15) <= clock.ahead < timedelta(minutes=15) + SOON
    assert abs(bots.now() - clock.now()) < timedelta(seconds=1)
    clock.close()


def test_a_bot_whose_file_is_gone_keeps_its_time():
    clock = Clock()
    clock.jump(timedelta(hours=2))
    bots = RehearsalClock(clock.file)
    before = bots.now()

    clock.close()

    assert bots.now() - before < SOON


def test_everything_in_the_box_moves_with_it():
    with Box() as box:
        box.clock.jump(timedelta(hours=3))

        ts = box.slack.say("ana", "#general", "hello")

        assert datetime.fromtimestamp(float(ts), UTC) - datetime.now(UTC) > timedelta(hours=2, minutes=59)
