"""What every unit of work keeps to about work periods, and how the escalation fares on each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from threading import Barrier, Thread

from bot.domain.effects import UpsertMessage
from bot.domain.paging.effects import SendPage
from bot.domain.refusal import Refusal
from bot.domain.relief.relief import COMMAND, Asked, began, people_working
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.ports import Sessions
from bot.services.incident.incidents import Incidents
from bot.services.relief.relief import Relief
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.testing import POLICY
from tests.contracts.test_session import NOON, claimed

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@contextmanager
def transaction_of(sessions: Sessions, now: datetime = NOON) -> Iterator[Transaction]:
    with sessions.begin() as session:
        yield Transaction(session=session, now=now, policy=POLICY)


def declare(sessions: Sessions, name: str = "checkout is down", *, by: str = "U0ANA") -> int:
    with transaction_of(sessions) as tx:
        return Incidents(tx).declare(name, by=by).incident.number


def tick(sessions: Sessions, now: datetime) -> None:
    with transaction_of(sessions, now) as tx:
        while Reminders(tx).tick(100):
            pass


def asked(sessions: Sessions, now: datetime) -> list[str]:
    """Where the escalation's messages went; channels are not open here, so that they wait."""
    items = claimed(sessions, now=now, limit=100)
    with sessions.begin() as session:
        for item in items:
            session.outbox.done(item.id, at=now)
    effects = [item.effect for item in items]
    return sorted(it.to for it in effects if isinstance(it, UpsertMessage) and it.message_type == "relief")


def test_a_stretch_comes_back_as_it_was(sessions: Sessions) -> None:
    period = began(7, "U0ANA", 42, COMMAND, at=NOON).joined(43, "scribe")
    period = period.after(
        Timer(
            subject=Subject("person", "U0ANA"), occurrence=Occurrence("relief", "7", "ask"), due_at=NOON
        ).sent_event(NOON, to="x")
    )
    period = replace(period, fine_at=NOON, pages=(17, 18))
    period = period.asking(Asked(words="relief-ask", to="C0IMOC", at=NOON, due_at=NOON))
    with sessions.begin() as session:
        session.periods.put(period)

    with sessions.begin() as session:
        assert session.periods.get(7) == period
        assert session.periods.get(8) is None


def test_a_persons_stretches_are_found_those_that_ended_long_ago_left_out(sessions: Sessions) -> None:
    old, last, running = (
        began(number, "U0ANA", 42, COMMAND, at=NOON + number * HOUR) for number in (1, 2, 3)
    )
    with sessions.begin() as session:
        for it in (running, last.left(42, at=NOON + 3 * HOUR), old.left(42, at=NOON + 2 * HOUR)):
            session.periods.put(it)
        session.periods.put(began(4, "U0RAJ", 42, COMMAND, at=NOON))

        found = session.periods.of("U0ANA", since=NOON + 2 * HOUR)

    assert [it.number for it in found] == [2, 3]


def test_stretches_count_up(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert (session.periods.reserve(), session.periods.reserve()) == (1, 2)


def test_the_ladder_is_climbed_once_however_often_it_ticks(sessions: Sessions) -> None:
    declare(sessions)
    tick(sessions, NOON + 45 * MINUTE)
    tick(sessions, NOON + 45 * MINUTE)
    assert asked(sessions, NOON + 45 * MINUTE) == ["U0ANA"]

    tick(sessions, NOON + 60 * MINUTE)
    tick(sessions, NOON + 60 * MINUTE)

    assert asked(sessions, NOON + 60 * MINUTE) == ["C0IMOC", "U0ANA"], "what she was told is edited"


def test_relief_that_came_leaves_nothing_due(sessions: Sessions) -> None:
    number = declare(sessions)
    with transaction_of(sessions, NOON + 50 * MINUTE) as tx:
        Relief(tx).relieve(tx.incident(number), None, by="U0RAJ")
    with transaction_of(sessions, NOON + 51 * MINUTE) as tx:
        Incidents(tx).accept_command(tx.incident(number), by="U0RAJ")

    with sessions.begin() as session:
        assert not session.timers.due(Subject("person", "U0ANA"), NOON + 24 * HOUR)
        [raj] = session.periods.of("U0RAJ", since=NOON)
        waiting = session.timers.due(Subject("person", "U0RAJ"), NOON + 24 * HOUR)

    assert raj.started_at == NOON + 51 * MINUTE
    assert waiting[0].due_at == NOON + 96 * MINUTE


def test_two_processes_that_tick_at_once_ask_once(sessions: Sessions) -> None:
    numbers = [declare(sessions, f"trouble {number}", by=f"U0P{number}") for number in range(5)]
    both = Barrier(2)

    def run() -> None:
        both.wait()
        tick(sessions, NOON + 75 * MINUTE)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with transaction_of(sessions) as tx:
        assert [len(tx.session.pages.of(number)) for number in numbers] == [1] * 5
    effects = [item.effect for item in claimed(sessions, now=NOON + 75 * MINUTE, limit=200)]
    assert len([it for it in effects if isinstance(it, SendPage)]) == 1  # the phone rings for all of them


def test_handovers_while_it_ticks_neither_lock_up_nor_lose_a_stretch(sessions: Sessions) -> None:
    numbers = [declare(sessions, f"trouble {number}") for number in range(6)]
    both = Barrier(2)

    def resolve() -> None:
        both.wait()
        for number in reversed(numbers):
            with transaction_of(sessions, NOON + 61 * MINUTE) as tx:
                Incidents(tx).resolve(tx.incident(number), "", by="U0ANA")

    def run() -> None:
        both.wait()
        tick(sessions, NOON + 61 * MINUTE)

    threads = [Thread(target=it) for it in (resolve, run)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with sessions.begin() as session:
        [period] = session.periods.of("U0ANA", since=NOON)
        assert period.ended_at == NOON + 61 * MINUTE
        assert not session.timers.due(Subject("person", "U0ANA"), NOON + 24 * HOUR)


class Storm:
    """People who declare, relieve, hand over, have roles and resolve, all at once, by dice of their own."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.trouble: list[Exception] = []
        self.now = NOON

    def act(self, seed: int) -> None:
        dice = Random(seed)  # noqa: S311  dice, not secrets
        for turn in range(25):
            self.now += MINUTE
            try:
                with transaction_of(self.sessions, self.now) as tx:
                    self._turn(tx, dice, f"trouble {seed}-{turn}")
            except Refusal:
                continue
            except Exception as error:  # noqa: BLE001  whatever it is, the test tells
                self.trouble.append(error)

    def _turn(self, tx: Transaction, dice: Random, name: str) -> None:
        who, incidents = dice.choice(PEOPLE), Incidents(tx)
        opened = tx.session.incidents.open(limit=20)
        if not opened or dice.random() < 0.3:
            incidents.declare(name, by=who)
            return
        incident = tx.incident(dice.choice(opened).number)
        match dice.randrange(4):
            case 0:
                Relief(tx).relieve(incident, None, by=who)
            case 1:
                incidents.accept_command(incident, by=incident.command_offered_to or who)
            case 2:
                incidents.give_role(incident, "scribe", who, by=who)
            case _:
                Relief(tx).say_fine(by=who)

    def tick(self) -> None:
        for _ in range(25):
            try:
                tick(self.sessions, self.now)
            except Exception as error:  # noqa: BLE001  whatever it is, the test tells
                self.trouble.append(error)


PEOPLE = ("U0ANA", "U0RAJ", "U0KIM", "U0MIA")


def test_in_a_storm_nothing_waits_in_a_ring_and_stretches_stay_true(sessions: Sessions) -> None:
    storm = Storm(sessions)
    threads = [Thread(target=storm.act, args=(seed,)) for seed in range(3)] + [Thread(target=storm.tick)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert storm.trouble == []
    with sessions.begin() as session:
        opened = session.incidents.open(limit=1000)
        for person in PEOPLE:
            running = [it for it in session.periods.of(person, since=NOON) if it.is_running]
            expected = {
                it.number: people_working(it)[person] for it in opened if person in people_working(it)
            }
            assert [dict(it.on) for it in running] == ([expected] if expected else [])
