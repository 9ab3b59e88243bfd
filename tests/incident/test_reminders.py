"""What is due is spoken once: by several processes, after a fault, after a restart; on the real databases."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.effects import Effect
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.ports import Sessions
from bot.services.incident.reminders import IncidentReminders
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock
from bot.workers.timers import Ticks
from tests.support.postgres import driven

MANY = 30


@contextmanager
def opened(url: str) -> Iterator[Database]:
    engine = open_engine(driven(url))
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def sessions(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def open_incidents(sessions: Sessions, count: int) -> None:
    """Open as many sev1 incidents with their channels; the first update of each is due at 12:15."""
    with sessions.begin() as session:
        tx = Transaction(session=session, now=NOON, policy=POLICY)
        for number in range(1, count + 1):
            due = NOON + timedelta(minutes=15)
            declared = events.Declared(at=NOON, by="U0ANA", name="x", severity="sev1", next_due=due)
            incident = tx.record(Incident.declared(number, declared), declared)
            tx.record(
                incident,
                events.ChannelOpened(at=NOON, channel=f"C0INC{number}", channel_name=f"inc-{number}"),
            )


def ticks(sessions: Sessions, *, minutes: float, batch: int = 7) -> Ticks:
    clock = FrozenClock(NOON + timedelta(minutes=minutes))
    return Ticks(sessions=sessions, clock=clock, policy=lambda: POLICY, wake=lambda: None, batch=batch)


def reminded(sessions: Sessions, count: int) -> Counter[tuple[int, str]]:
    with sessions.begin() as session:
        return Counter(
            (number, entry.data["reminder"])
            for number in range(1, count + 1)
            for entry in session.timeline.of(number)
            if entry.kind == "reminded"
        )


def queued(sessions: Sessions) -> list[Effect]:
    with sessions.begin() as session:
        items = session.outbox.claim(
            "me", now=NOON + timedelta(days=1), lease=timedelta(hours=1), limit=10_000
        )
    return [item.effect for item in items]


def test_what_is_due_is_spoken_once_with_its_message_in_the_outbox(sessions: Database) -> None:
    open_incidents(sessions, 3)

    for _ in range(3):
        ticks(sessions, minutes=15).run()

    assert reminded(sessions, 3) == Counter({(number, "update_due"): 1 for number in (1, 2, 3)})
    reminder_messages = [effect.key for effect in queued(sessions) if effect.key.startswith("reminder:")]
    assert len(reminder_messages) == 3


def test_two_processes_speak_each_thing_once(database_url: str) -> None:
    with opened(database_url) as one, opened(database_url) as two:
        open_incidents(one, MANY)

        threads = [Thread(target=ticks(sessions, minutes=21).run) for sessions in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ticks(one, minutes=21).run()

        said = reminded(one, MANY)
        assert set(said.values()) == {1}
        assert len(said) == 2 * MANY


def test_a_tick_that_fails_said_nothing_and_the_next_says_all(sessions: Database) -> None:
    open_incidents(sessions, 2)

    with suppress(ZeroDivisionError), sessions.begin() as session:
        Reminders(Transaction(session=session, now=NOON + timedelta(minutes=15), policy=POLICY)).tick(10)
        raise ZeroDivisionError
    assert reminded(sessions, 2) == Counter()
    ticks(sessions, minutes=15).run()

    assert len(reminded(sessions, 2)) == 2


class Broken(IncidentReminders):
    """Knows how to speak of every incident but the second."""

    def send(self, timer: Timer) -> None:
        if timer.subject == Subject("incident", "2"):
            raise ZeroDivisionError
        super().send(timer)


def test_a_fault_in_one_subject_holds_up_no_other(sessions: Database) -> None:
    open_incidents(sessions, 4)

    replace(ticks(sessions, minutes=15), sources={"incident": Broken}).run()
    assert {number for number, _ in reminded(sessions, 4)} == {1, 3, 4}
    ticks(sessions, minutes=15.5).run()
    assert len(reminded(sessions, 4)) == 3
    ticks(sessions, minutes=16).run()

    assert len(reminded(sessions, 4)) == 4


def test_another_policy_sets_the_timers_of_what_is_open_anew(sessions: Database) -> None:
    open_incidents(sessions, 1)
    sooner = Policy(severities=POLICY.severities, milestones=())
    with sessions.begin() as session:
        session.timers.replace(Subject("incident", "1"), [])
        Reminders(Transaction(session=session, now=NOON, policy=sooner)).replan()

    ticks(sessions, minutes=15).run()

    assert reminded(sessions, 1) == Counter({(1, "update_due"): 1})
