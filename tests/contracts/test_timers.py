"""What every unit of work keeps to with timers: the one in memory that tests use, and the databases."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.timer import Timer
from bot.ports import UnitOfWork
from tests.contracts.test_work import FACTORIES

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=FACTORIES)
def units(request: pytest.FixtureRequest) -> Iterator[UnitOfWork]:
    with FACTORIES[request.param](request) as opened:
        yield opened


def timer(subject: str = "incident:42", *, duty: str = "update_due", k: int = 0, after: int = 0) -> Timer:
    return Timer(subject=subject, duty=duty, occurrence=f"x.{k}", due_at=NOON + after * MINUTE)


def plan(units: UnitOfWork, subject: str, *timers: Timer) -> None:
    with units.begin() as work:
        work.timers.replace(subject, timers)


def due(units: UnitOfWork, subject: str = "incident:42", *, after: int = 0) -> list[Timer]:
    with units.begin() as work:
        return list(work.timers.due(subject, NOON + after * MINUTE))


def test_what_is_due_is_found_by_subject_longest_due_first(units: UnitOfWork) -> None:
    plan(units, "incident:42", timer(after=2), timer(duty="update_late", after=9))
    plan(units, "page:17", timer("page:17", duty="unanswered", after=1))

    with units.begin() as work:
        assert work.timers.due_subjects(NOON, 10) == ()
        assert list(work.timers.due_subjects(NOON + 5 * MINUTE, 10)) == ["page:17", "incident:42"]
        assert list(work.timers.due_subjects(NOON + 5 * MINUTE, 1)) == ["page:17"]
    assert due(units, after=5) == [timer(after=2)]


def test_what_is_wanted_replaces_what_waited(units: UnitOfWork) -> None:
    plan(units, "incident:42", timer(), timer(duty="no_severity"))
    plan(units, "incident:43", timer("incident:43"))

    plan(units, "incident:42", timer(after=3), timer(duty="roll_back"))

    assert due(units, after=9) == [timer(duty="roll_back"), timer(after=3)]
    assert due(units, "incident:43") == [timer("incident:43")]
    plan(units, "incident:42")
    assert due(units, after=9) == []


def test_what_was_spoken_never_comes_back(units: UnitOfWork) -> None:
    plan(units, "incident:42", timer())
    with units.begin() as work:
        work.timers.spoken(timer().key, NOON)
        work.timers.replace("incident:42", [timer(), timer(k=1, after=5)])

    plan(units, "incident:42", timer(), timer(k=1, after=5))

    assert due(units, after=9) == [timer(k=1, after=5)]


def test_the_last_plan_of_a_work_counts(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.timers.replace("incident:42", [timer()])
        work.timers.replace("incident:42", [timer(after=4)])

    assert due(units, after=9) == [timer(after=4)]


def test_what_raises_planned_nothing(units: UnitOfWork) -> None:
    with suppress(KeyError), units.begin() as work:
        work.timers.replace("incident:42", [timer()])
        raise KeyError

    assert due(units, after=9) == []


def test_the_next_due_time_is_known(units: UnitOfWork) -> None:
    with units.begin() as work:
        assert work.timers.next_due() is None
    plan(units, "incident:42", timer(after=3), timer(duty="update_late", after=8))

    with units.begin() as work:
        assert work.timers.next_due() == NOON + 3 * MINUTE
        work.timers.spoken(timer().key, NOON)
        assert work.timers.next_due() == NOON + 8 * MINUTE


def test_what_can_not_be_spoken_is_put_off(units: UnitOfWork) -> None:
    plan(units, "incident:42", timer(), timer(duty="update_late", after=8))
    with units.begin() as work:
        work.timers.put_off("incident:42", due=NOON + MINUTE)

    assert due(units) == []
    assert due(units, after=1) == [timer(after=1)]
    assert len(due(units, after=8)) == 2


def test_many_subjects_are_planned_in_one_work(units: UnitOfWork) -> None:
    subjects = [f"incident:{number}" for number in range(50)]
    with units.begin() as work:
        for subject in subjects:
            work.timers.replace(subject, [timer(subject)])

    with units.begin() as work:
        assert set(work.timers.due_subjects(NOON, 100)) == set(subjects)


def test_two_processes_on_postgresql_take_different_subjects(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url.replace("postgresql://", "postgresql+psycopg://"))
    units, taken, both = Database(engine), [], Barrier(2)
    for number in range(8):
        plan(units, f"incident:{number}", timer(f"incident:{number}"))

    def take() -> None:
        with units.begin() as work:
            taken.append(list(work.timers.due_subjects(NOON, 4)))
            both.wait(10)

    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    assert len({*taken[0], *taken[1]}) == 8
