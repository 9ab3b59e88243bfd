"""The box's clock: moved by a span or run fast, and shared with the bot in a file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.network.clock import RehearsalClock
from bot.sandbox import Box
from bot.sandbox.clock import TODAY, VARIABLE, SandboxClock

SOON = timedelta(seconds=30)


class Stopwatch:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def clock(stopwatch: Stopwatch) -> Iterator[SandboxClock]:
    clock = SandboxClock(stopwatch)
    yield clock
    clock.close()


def test_the_clock_shows_the_machines_time_until_it_is_moved(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(TODAY, raising=False)

    clock = SandboxClock()

    assert abs(clock.now() - datetime.now(UTC)) < SOON
    assert clock.ahead == timedelta()
    clock.close()


@pytest.mark.parametrize(
    ("today", "begins"),
    [
        ("2028-02-29", datetime(2028, 2, 29, tzinfo=UTC)),
        ("2026-03-29T00:59:50Z", datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)),
        ("2026-11-01T00:59-07:00", datetime(2026, 11, 1, 7, 59, tzinfo=UTC)),
    ],
)
def test_the_day_can_be_chosen_for_it_and_for_the_bot_beside_it(
    today: str, begins: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(TODAY, today)

    with Box() as box:
        bots = RehearsalClock(Path(box.environment()[VARIABLE]))
        assert begins <= box.clock.now() < begins + SOON
        assert abs(bots.now() - box.clock.now()) < timedelta(seconds=1)


def test_the_error_for_an_invalid_day_shows_a_valid_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TODAY, "next sunday")

    with pytest.raises(ValueError, match=r"SPY_TODAY reads 2026-03-29 or .*, not next sunday\."):
        SandboxClock()


def test_a_fast_clock_moves_ahead(clock: SandboxClock, stopwatch: Stopwatch):
    before = clock.ahead
    clock.play(60)
    stopwatch.seconds += 10

    assert clock.ahead - before == timedelta(seconds=590)


def test_a_clock_stays_ahead_when_it_runs_normally_again(clock: SandboxClock, stopwatch: Stopwatch):
    before = clock.ahead
    clock.play(60)
    stopwatch.seconds += 10
    clock.play(1)
    stopwatch.seconds += 100

    assert clock.ahead - before == timedelta(seconds=590)


def test_the_clock_moves_no_further_than_asked(clock: SandboxClock, stopwatch: Stopwatch):
    until = clock.ahead + timedelta(minutes=15)
    clock.play(300, until=until)
    stopwatch.seconds += 100

    assert clock.ahead == until


def test_the_bot_reads_the_same_time():
    clock = SandboxClock()
    bots, before = RehearsalClock(clock.file), clock.ahead

    clock.pass_by(timedelta(minutes=15))

    assert timedelta(minutes=15) <= clock.ahead - before < timedelta(minutes=15) + SOON
    assert abs(bots.now() - clock.now()) < timedelta(seconds=1)
    clock.close()


def test_a_bot_whose_file_is_gone_keeps_its_time():
    clock = SandboxClock()
    clock.jump(timedelta(hours=2))
    bots = RehearsalClock(clock.file)
    before = bots.now()

    clock.close()

    assert bots.now() - before < SOON


def test_everything_in_the_box_uses_the_clock():
    with Box() as box:
        before = box.clock.now()
        box.clock.jump(timedelta(hours=3))

        ts = box.slack.say("ana", "#general", "hello")

        assert datetime.fromtimestamp(float(ts), UTC) - before >= timedelta(hours=3)
