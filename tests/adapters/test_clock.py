"""Spy's time: it follows the database's, and never steps back, whatever becomes of the machine's clock."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.adapters.database import Database, open_engine
from bot.adapters.network.clock import SLOWER, DatabaseClock, RehearsalClock, SteadyClock
from bot.app.clock import ClockWatch
from bot.testing import NOON, FrozenClock
from tests.support.postgres import driven

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Machine:
    """A clock that can be set, beside seconds that only pass."""

    def __init__(self) -> None:
        self.time, self.seconds = NOON, 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def passes(self, span: timedelta) -> None:
        self.time += span
        self.seconds += span.total_seconds()

    def is_set(self, by: timedelta) -> None:
        self.time += by


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def steady(machine: Machine) -> SteadyClock:
    return SteadyClock(machine, machine.monotonic)


def test_it_goes_as_the_clock_it_follows(machine: Machine, steady: SteadyClock):
    machine.passes(HOUR)

    assert steady.now() == NOON + HOUR


@pytest.mark.parametrize("step", [HOUR, MINUTE, timedelta(days=300)])
def test_a_step_forward_is_followed_at_once(machine: Machine, steady: SteadyClock, step: timedelta):
    machine.is_set(step)

    assert steady.now() == NOON + step


@pytest.mark.parametrize("step", [HOUR, MINUTE, timedelta(seconds=1), timedelta(days=300)])
def test_after_a_step_back_it_goes_on_and_never_back(machine: Machine, steady: SteadyClock, step: timedelta):
    machine.is_set(-step)
    told = [steady.now()]
    for _ in range(10):
        machine.passes(timedelta(seconds=30))
        told.append(steady.now())

    assert told == sorted(told)
    assert told[-1] - told[0] >= timedelta(minutes=5) * (1 - SLOWER) - timedelta(microseconds=10)


def test_after_a_step_back_the_two_agree_again_in_the_end(machine: Machine, steady: SteadyClock):
    machine.is_set(-MINUTE)
    for _ in range(60):
        machine.passes(MINUTE)
        steady.now()

    assert steady.now() == machine.now()


def test_a_step_there_and_back_leaves_it_right(machine: Machine, steady: SteadyClock):
    for step in (HOUR, -HOUR):
        machine.is_set(step)
        steady.now()
    for _ in range(24 * 60):
        machine.passes(MINUTE)
        steady.now()

    assert steady.now() == machine.now()


def test_the_databases_time_counts_whatever_the_machine_says(machine: Machine):
    database = FrozenClock(NOON + MINUTE)
    clock = DatabaseClock(database.now, machine.monotonic)

    machine.is_set(-HOUR)
    machine.seconds += 30

    assert clock.now() == NOON + MINUTE + timedelta(seconds=30)
    database.tick(minutes=5)
    clock.measure()
    assert clock.now() == NOON + 6 * MINUTE


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (12, "this machine's clock is 12 s ahead of the database's: 12:00:12 here, 12:00:00 UTC there"),
        (-3600, "this machine's clock is 3600 s behind the database's: 11:00:00 here, 12:00:00 UTC there"),
    ],
)
def test_clocks_that_differ_are_told_with_both_times(machine: Machine, off: float, said: str):
    clock = DatabaseClock(FrozenClock(NOON).now, machine.monotonic, machine)

    machine.is_set(timedelta(seconds=off))

    assert clock.skew() == f"{said}; reminders go by the database's"


@pytest.mark.parametrize("off", [-5, 0, 4.9, 5])
def test_clocks_that_nearly_agree_are_not_told(machine: Machine, off: float):
    clock = DatabaseClock(FrozenClock(NOON).now, machine.monotonic, machine)

    machine.is_set(timedelta(seconds=off))

    assert clock.skew() == ""


def test_a_slow_answer_of_the_database_is_no_difference(machine: Machine):
    def slow() -> datetime:
        machine.passes(timedelta(seconds=12))
        return NOON  # as the database reads its clock when it is asked, and the answer takes long

    clock = DatabaseClock(slow, machine.monotonic, machine)

    assert clock.skew() == ""


def test_clocks_that_differ_are_logged_once_and_again_when_they_agree(machine: Machine):
    watch = ClockWatch(time=DatabaseClock(FrozenClock(NOON).now, machine.monotonic, machine))

    with capture_logs() as logs:
        watch.measure()
        machine.is_set(MINUTE)
        watch.measure()
        watch.measure()
        machine.is_set(-MINUTE)
        watch.measure()

    assert [it["event"] for it in logs] == ["the clocks differ", "the clocks agree again"]


def test_in_a_rehearsal_a_file_that_is_set_back_stops_nothing(machine: Machine, tmp_path: Path):
    file = tmp_path / "offset"
    file.write_text("7200", encoding="ascii")
    clock = SteadyClock(RehearsalClock(file, machine), machine.monotonic)
    before = clock.now()

    file.write_text("3600", encoding="ascii")
    machine.passes(MINUTE)

    assert before == NOON + 2 * HOUR
    assert clock.now() > before


def test_postgresql_tells_its_time(postgresql_url: str):
    engine = open_engine(driven(postgresql_url))
    database = Database(engine)

    before, after = database.time(), database.time()
    engine.dispose()

    assert before <= after
    assert before.tzinfo is not None
