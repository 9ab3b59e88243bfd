"""A database that goes away while effects are under way: what came of them is stored later, once, and nothing stops."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.effects import Notify, Post
from bot.domain.message import Message
from bot.ports import Conflict, OutboxItem, Rejected, Session, Throttled, TimeLimit, Unavailable, Unreachable
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock, MemoryDatabase
from bot.workers.deliver.attempt import Attempt
from bot.workers.outbox import Delivery

PATIENCE = 10.0
LEASE = timedelta(seconds=30)
POLICY_WITH_ADMIN = replace(POLICY, permissions={"admin": frozenset({"U0ADMIN"})})


class Unsteady(MemoryDatabase):
    """A database that may be away, and may keep a commit whose answer is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.answers_lost = 0
        self.trouble: Callable[[], Exception] = lambda: Unavailable("the server is gone")

    @contextmanager
    def begin(self, limit: TimeLimit | None = None) -> Iterator[Session]:
        if self.is_away:
            raise self.trouble()
        with super().begin(limit) as session:
            yield session
        if self.answers_lost:
            self.answers_lost -= 1
            raise self.trouble()

    begin_background = begin

    @contextmanager
    def read(self) -> Iterator[Session]:
        if self.is_away:
            raise self.trouble()
        with super().read() as session:
            yield session


class Steps:
    """Counts what is called, settled and given up; `outside` is what happens at each call."""

    def __init__(self, sessions: Unsteady) -> None:
        self.called: list[str] = []
        self.looked: list[str] = []
        self.settled: list[str] = []
        self.lost: list[tuple[str, str]] = []
        self.outside: Callable[[], Any] = lambda: None
        self.follows: Callable[[Transaction], None] = lambda _tx: None
        self.prepares: Callable[[], None] = lambda: None
        self._sessions = sessions

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt:
        del tx
        self.prepares()
        key = item.effect.key

        def call() -> None:
            self.called.append(key)
            self.outside()

        def on_success(tx: Transaction, _result: object) -> None:
            self.settled.append(key)
            self.follows(tx)

        return Attempt(call=call, find_earlier=lambda: self.looked.append(key), on_success=on_success)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        del tx
        self.lost.append((item.effect.key, why))


class Play:
    def __init__(self) -> None:
        self.sessions, self.clock = Unsteady(), FrozenClock()
        self.steps = Steps(self.sessions)
        self.delivery = Delivery(
            self.steps, sessions=self.sessions, clock=self.clock, policy=POLICY, lease=LEASE, senders=2
        )

    def queue(self, *keys: str, to: str = "C0PAY") -> None:
        posts = [Post(key=key, to=to, message=Message(text=key)) for key in keys]
        with self.sessions.begin() as session:
            session.outbox.add(posts, now=self.clock.now())

    def drain(self) -> bool:
        """Deliver all, while time passes."""
        return any(self._drain() for _ in range(int(PATIENCE / 0.1)))

    def _drain(self) -> bool:
        self.clock.tick(seconds=0.5)
        return self.delivery.drain(within=timedelta(seconds=0.1))

    def deliver_in_vain(self) -> None:
        assert not self.delivery.drain(within=timedelta(seconds=0.2))

    def states(self) -> dict[str, str]:
        return {row.effect.key: row.state for row in self.sessions.queued()}


@pytest.fixture
def play() -> Iterator[Play]:
    with capture_logs():  # a traceback with all its variables takes seconds
        play = Play()
        yield play
        play.delivery.stop()


def away_until_told(play: Play) -> None:
    play.sessions.is_away = True


TROUBLES = [Unavailable("server closed the connection"), Unavailable("disk is full"), Conflict("deadlock")]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_an_outcome_that_could_not_be_stored_is_stored_later_and_its_lane_goes_on(
    play: Play, trouble: Exception
):
    play.sessions.trouble = lambda: trouble
    play.steps.outside = lambda: away_until_told(play)
    play.queue("first", "second")
    play.deliver_in_vain()
    play.steps.outside = lambda: None
    play.sessions.is_away = False

    assert play.drain()

    assert play.steps.called == play.steps.settled == ["first", "second"]
    assert play.states() == {"first": "done", "second": "done"}


@pytest.mark.parametrize(
    "answer",
    [Rejected("not_allowed"), Unreachable("reset"), Throttled("429", retry_after=timedelta())],
    ids=repr,
)
def test_so_is_an_outcome_that_was_no_success(play: Play, answer: Exception):
    def fails_once() -> None:
        play.steps.outside = lambda: None
        play.sessions.is_away = True
        raise answer

    play.steps.outside = fails_once
    play.queue("first", "second")
    play.deliver_in_vain()
    play.sessions.is_away = False

    assert play.drain()

    assert play.states()["second"] == "done"
    assert bool(play.steps.lost) == isinstance(answer, Rejected)


def test_a_commit_that_was_kept_though_its_answer_was_lost_is_not_made_twice(play: Play):
    play.queue("first")
    play.steps.outside = lambda: setattr(play.sessions, "answers_lost", 1)

    assert play.drain()

    assert play.steps.called == play.steps.settled == ["first"]


def test_an_effect_that_was_taken_by_a_lost_answer_is_looked_for_when_its_lease_ran_out(play: Play):
    play.queue("first")
    play.sessions.answers_lost = 1
    play.deliver_in_vain()
    play.clock.tick(minutes=1)

    assert play.drain()

    assert (play.steps.looked, play.steps.called) == (["first"], ["first"])


def test_many_outcomes_of_an_outage_are_all_stored(play: Play):
    for number in range(20):
        play.queue(f"key {number}", to=f"C{number}")
    play.steps.outside = lambda: away_until_told(play)
    play.deliver_in_vain()
    play.steps.outside = lambda: None
    play.sessions.is_away = False

    assert play.drain()

    assert sorted(play.steps.called) == sorted(play.steps.settled) == sorted(play.states())


def test_an_outage_while_it_is_prepared_costs_no_effect_its_life(play: Play):
    def goes_away() -> None:
        play.steps.prepares = lambda: None
        raise Unavailable("gone")

    play.steps.prepares = goes_away
    play.queue("first")
    play.deliver_in_vain()

    assert play.drain()

    assert (play.steps.settled, play.steps.lost) == (["first"], [])


def test_what_can_not_be_prepared_is_given_up_aloud_and_its_lane_goes_on(play: Play):
    def fails() -> None:
        if not play.steps.lost:
            raise KeyError("no such fact")

    play.steps.prepares = fails
    play.queue("first", "second")

    assert play.drain()

    [(key, why)] = play.steps.lost
    assert key == "first"
    assert "the log has it" in why
    assert play.steps.settled == ["second"]


def test_an_outcome_that_can_not_be_settled_for_a_fault_is_said_once_and_its_lane_goes_on(play: Play):
    def fails(_tx: Transaction) -> None:
        raise KeyError("no such fact")

    play.delivery.adopt(POLICY_WITH_ADMIN)
    play.steps.follows = fails
    play.queue("first")
    assert play.drain()

    [said] = [row.effect for row in play.sessions.queued() if isinstance(row.effect, Notify)]

    assert said.to == "U0ADMIN"
    assert "it may have arrived" in said.facts["why"]
    assert play.steps.called.count("first") == 1


def test_nothing_is_prepared_while_others_wait_for_the_write_lock(play: Play):
    def writes() -> None:
        with play.sessions.begin() as session:
            assert not session.inbound.remember("asked meanwhile", at=play.clock.now())

    play.steps.prepares = writes
    play.queue("first")

    assert play.drain()


def test_outcomes_that_can_not_be_stored_for_longer_than_the_lease_are_told(play: Play):
    delivery = Delivery(
        play.steps, sessions=play.sessions, clock=play.clock, policy=POLICY, lease=timedelta(), senders=2
    )
    play.steps.outside = lambda: away_until_told(play)
    play.queue("first")
    delivery.start()
    assert eventually(lambda: "can't be stored" in delivery.trouble())
    play.sessions.is_away = False
    assert eventually(lambda: not delivery.trouble())
    delivery.stop()


def eventually(condition: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(condition() or waiting.wait(0.02) for _ in range(int(PATIENCE / 0.02)))
