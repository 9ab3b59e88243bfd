"""What a session keeps to with timers, on both databases."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

from bot.adapters.database import Database, open_engine
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.ports import Sessions
from tests.support.postgres import driven

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


INCIDENT, OTHER, PAGE = Subject("incident", "42"), Subject("incident", "43"), Subject("page", "17")


def timer(subject: Subject = INCIDENT, *, reminder: str = "update_due", k: int = 0, after: int = 0) -> Timer:
    return Timer(subject=subject, occurrence=Occurrence(reminder, "x", str(k)), due_at=NOON + after * MINUTE)


def plan(sessions: Sessions, subject: Subject, *timers: Timer) -> None:
    with sessions.begin() as session:
        session.timers.replace(subject, timers)


def due(sessions: Sessions, subject: Subject = INCIDENT, *, after: int = 0) -> list[Timer]:
    with sessions.begin() as session:
        return list(session.timers.due(subject, NOON + after * MINUTE))


def test_what_is_due_is_found_by_subject_longest_due_first(sessions: Sessions) -> None:
    plan(sessions, INCIDENT, timer(after=2), timer(reminder="update_late", after=9))
    plan(sessions, PAGE, timer(PAGE, reminder="unanswered", after=1))

    with sessions.begin() as session:
        assert list(session.timers.due_subjects(NOON, 10)) == []
        assert list(session.timers.due_subjects(NOON + 5 * MINUTE, 10)) == [PAGE, INCIDENT]
        assert list(session.timers.due_subjects(NOON + 5 * MINUTE, 1)) == [PAGE]
    assert due(sessions, after=5) == [timer(after=2)]


def test_what_is_wanted_replaces_what_waited(sessions: Sessions) -> None:
    plan(sessions, INCIDENT, timer(), timer(reminder="no_severity"))
    plan(sessions, OTHER, timer(OTHER))

    plan(sessions, INCIDENT, timer(after=3), timer(reminder="roll_back"))

    assert due(sessions, after=9) == [timer(reminder="roll_back"), timer(after=3)]
    assert due(sessions, OTHER) == [timer(OTHER)]
    plan(sessions, INCIDENT)
    assert due(sessions, after=9) == []


def test_what_was_spoken_never_comes_back(sessions: Sessions) -> None:
    plan(sessions, INCIDENT, timer())
    with sessions.begin() as session:
        session.timers.sent(timer().key, NOON)
        session.timers.replace(INCIDENT, [timer(), timer(k=1, after=5)])

    plan(sessions, INCIDENT, timer(), timer(k=1, after=5))

    assert due(sessions, after=9) == [timer(k=1, after=5)]


def test_the_last_plan_of_a_work_counts(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.timers.replace(INCIDENT, [timer()])
        session.timers.replace(INCIDENT, [timer(after=4)])

    assert due(sessions, after=9) == [timer(after=4)]


def test_what_raises_planned_nothing(sessions: Sessions) -> None:
    with suppress(KeyError), sessions.begin() as session:
        session.timers.replace(INCIDENT, [timer()])
        raise KeyError

    assert due(sessions, after=9) == []


def test_the_next_due_time_is_known(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert session.timers.next_due() is None
    plan(sessions, INCIDENT, timer(after=3), timer(reminder="update_late", after=8))

    with sessions.begin() as session:
        assert session.timers.next_due() == NOON + 3 * MINUTE
        session.timers.sent(timer().key, NOON)
        assert session.timers.next_due() == NOON + 8 * MINUTE


def test_what_can_not_be_spoken_is_put_off(sessions: Sessions) -> None:
    plan(sessions, INCIDENT, timer(), timer(reminder="update_late", after=8))
    with sessions.begin() as session:
        session.timers.put_off(INCIDENT, due=NOON + MINUTE)

    assert due(sessions) == []
    assert due(sessions, after=1) == [timer(after=1)]
    assert len(due(sessions, after=8)) == 2


def test_many_subjects_are_planned_in_one_work(sessions: Sessions) -> None:
    subjects = [Subject("incident", str(number)) for number in range(50)]
    with sessions.begin() as session:
        for subject in subjects:
            session.timers.replace(subject, [timer(subject)])

    with sessions.begin() as session:
        assert set(session.timers.due_subjects(NOON, 100)) == set(subjects)


def test_two_processes_on_postgresql_take_different_subjects(postgresql_url: str) -> None:
    engine = open_engine(driven(postgresql_url))
    sessions, taken, both = Database(engine), [], Barrier(2)
    for number in range(8):
        plan(sessions, Subject("incident", str(number)), timer(Subject("incident", str(number))))

    def take() -> None:
        with sessions.begin() as session:
            taken.append(list(session.timers.due_subjects(NOON, 4)))
            both.wait(10)

    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    assert len({*taken[0], *taken[1]}) == 8
