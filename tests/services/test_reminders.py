"""What is due is spoken once: by several processes, after a fault, after a restart; on the real databases."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from bot.adapters.database import Database, open_engine
from bot.commands.testkit import NOON, POLICY, FrozenClock
from bot.delivery.ticks import Ticks
from bot.domain import events
from bot.domain.effects import Effect
from bot.domain.incident import Incident
from bot.domain.policy import Policy
from bot.domain.timer import Timer
from bot.ports import UnitOfWork
from bot.services.desk import Desk
from bot.services.nags import IncidentNags
from bot.services.reminders import Reminders

MANY = 30


@contextmanager
def opened(url: str) -> Iterator[Database]:
    engine = open_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def units(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def open_incidents(units: UnitOfWork, count: int) -> None:
    """Open as many sev1 incidents with their rooms; the first update of each is due at 12:15."""
    with units.begin() as work:
        desk = Desk(work=work, now=NOON, policy=POLICY)
        for number in range(1, count + 1):
            due = NOON + timedelta(minutes=15)
            declared = events.Declared(at=NOON, by="U0ANA", name="x", severity="sev1", next_due=due)
            incident = desk.record(Incident.declared(number, declared), declared)
            desk.record(
                incident, events.RoomOpened(at=NOON, channel=f"C0INC{number}", channel_name=f"inc-{number}")
            )


def ticks(units: UnitOfWork, *, minutes: float, batch: int = 7) -> Ticks:
    clock = FrozenClock(NOON + timedelta(minutes=minutes))
    return Ticks(units=units, clock=clock, policy=lambda: POLICY, wake=lambda: None, batch=batch)


def reminded(units: UnitOfWork, count: int) -> Counter[tuple[int, str]]:
    with units.begin() as work:
        return Counter(
            (number, entry.data["duty"])
            for number in range(1, count + 1)
            for entry in work.timeline.of(number)
            if entry.kind == "reminded"
        )


def queued(units: UnitOfWork) -> list[Effect]:
    with units.begin() as work:
        parcels = work.outbox.claim(
            "me", now=NOON + timedelta(days=1), lease=timedelta(hours=1), limit=10_000
        )
    return [parcel.effect for parcel in parcels]


def test_what_is_due_is_spoken_once_with_its_message_in_the_outbox(units: Database) -> None:
    open_incidents(units, 3)

    for _ in range(3):
        ticks(units, minutes=15).run()

    assert reminded(units, 3) == Counter({(number, "update_due"): 1 for number in (1, 2, 3)})
    nags = [effect.key for effect in queued(units) if effect.key.startswith("nag:")]
    assert len(nags) == 3


def test_two_processes_speak_each_thing_once(database_url: str) -> None:
    with opened(database_url) as one, opened(database_url) as two:
        open_incidents(one, MANY)

        threads = [Thread(target=ticks(units, minutes=21).run) for units in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ticks(one, minutes=21).run()

        said = reminded(one, MANY)
        assert set(said.values()) == {1}
        assert len(said) == 2 * MANY


def test_a_tick_that_fails_said_nothing_and_the_next_says_all(units: Database) -> None:
    open_incidents(units, 2)

    with suppress(ZeroDivisionError), units.begin() as work:
        Reminders(Desk(work=work, now=NOON + timedelta(minutes=15), policy=POLICY)).tick(10)
        raise ZeroDivisionError
    assert reminded(units, 2) == Counter()
    ticks(units, minutes=15).run()

    assert len(reminded(units, 2)) == 2


class Broken(IncidentNags):
    """Knows how to speak of every incident but the second."""

    def speak(self, timer: Timer) -> None:
        if timer.subject == "incident:2":
            raise ZeroDivisionError
        super().speak(timer)


def test_a_fault_in_one_subject_holds_up_no_other(units: Database) -> None:
    open_incidents(units, 4)

    replace(ticks(units, minutes=15), keepers={"incident": Broken}).run()
    assert {number for number, _ in reminded(units, 4)} == {1, 3, 4}
    ticks(units, minutes=15.5).run()
    assert len(reminded(units, 4)) == 3
    ticks(units, minutes=16).run()

    assert len(reminded(units, 4)) == 4


def test_another_policy_sets_the_timers_of_what_is_open_anew(units: Database) -> None:
    open_incidents(units, 1)
    sooner = Policy(severities=POLICY.severities, milestones=())
    with units.begin() as work:
        work.timers.replace("incident:1", [])
        Reminders(Desk(work=work, now=NOON, policy=sooner)).plan_anew()

    ticks(units, minutes=15).run()

    assert reminded(units, 1) == Counter({(1, "update_due"): 1})
