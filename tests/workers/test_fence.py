"""A process that was stopped longer than its lease, and goes on: it does not do again what another did meanwhile."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.app.samples.failover_play import PLANS
from bot.domain.effects import Post
from bot.domain.failover.plan import Program
from bot.domain.failover.state import State
from bot.domain.message import Message
from bot.ports import OutboxItem, Rejected, Session, TimeLimit, Unavailable
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock, MemoryDatabase
from bot.workers.deliver.attempt import Attempt
from bot.workers.failovers import Runner
from bot.workers.fence import Fence
from bot.workers.outbox import Delivery
from tests.fakes.action_runner import FakeActionRunner
from tests.workers.test_runner import Stage

LEASE = timedelta(seconds=20)
SHORT = timedelta(seconds=0.2)
NOTHING: Callable[[], object] = lambda: None  # noqa: E731  a hook that nobody hangs anything on


@dataclass
class Slack:
    """What arrived, in order. `trouble` is what it answers with."""

    heard: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def post(self, who: str, key: str) -> None:
        if self.trouble:
            raise self.trouble
        self.heard.append(f"{key} by {who}")

    def find(self, key: str) -> str | None:
        return next((it for it in self.heard if it.startswith(f"{key} by ")), None)


@dataclass
class Line:
    """The way of one process to the database."""

    database: MemoryDatabase
    is_cut: bool = False

    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        return self._reached().begin(limit)

    def read(self) -> AbstractContextManager[Session]:
        return self._reached().read()

    def begin_background(self) -> AbstractContextManager[Session]:
        return self._reached().begin_background()

    def _reached(self) -> MemoryDatabase:
        if self.is_cut:
            raise Unavailable("no route")
        return self.database


@dataclass(kw_only=True)
class Process:
    """One of several processes on one database. `before` and `during` are hooks: before a call leaves, and in it."""

    name: str
    slack: Slack
    line: Line
    clock: FrozenClock
    uptime: float = 100.0
    before: Callable[[], object] = NOTHING
    during: Callable[[], object] = NOTHING
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.delivery = Delivery(
            self,
            sessions=self.line,
            clock=self.clock,
            policy=POLICY,
            lease=LEASE,
            senders=2,
            uptime=lambda: self.uptime,
        )

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt:
        del tx
        self.before()
        return Attempt(call=lambda: self._call(item), find_earlier=lambda: self.slack.find(item.effect.key))

    def _call(self, item: OutboxItem) -> None:
        self.during()
        self.slack.post(self.name, item.effect.key)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        del tx, why
        self.lost.append(item.effect.key)

    def deliver(self) -> bool:
        return self.delivery.drain(within=SHORT)

    def is_stopped(self, span: timedelta) -> None:
        """Time passes for everyone while this process does nothing."""
        self.uptime += span.total_seconds()
        self.clock.tick(seconds=span.total_seconds())


@dataclass
class Pair:
    one: Process
    two: Process
    slack: Slack
    sessions: MemoryDatabase

    def queue(self, key: str) -> None:
        with self.sessions.begin() as session:
            session.outbox.add(
                [Post(key=key, to="C0PAY", message=Message(text=key))], now=self.one.clock.now()
            )

    def states(self) -> dict[str, str]:
        return {row.effect.key: row.state for row in self.sessions.queued()}


@pytest.fixture
def pair() -> Pair:
    slack, sessions, clock = Slack(), MemoryDatabase(), FrozenClock()
    one, two = (Process(name=name, slack=slack, line=Line(sessions), clock=clock) for name in ("one", "two"))
    return Pair(one, two, slack, sessions)


def test_a_process_stopped_before_its_call_leaves_the_effect_to_who_took_it_over(pair: Pair):
    def stop() -> None:
        pair.one.is_stopped(LEASE * 2)
        pair.two.deliver()

    pair.one.before = stop
    pair.queue("hello")

    pair.one.deliver()

    assert pair.slack.heard == ["hello by two"]
    assert pair.states() == {"hello": "done"}


def test_a_process_stopped_before_its_call_goes_on_if_nobody_took_over(pair: Pair):
    pair.one.before = lambda: pair.one.is_stopped(LEASE * 2)
    pair.queue("hello")

    pair.one.deliver()

    assert pair.slack.heard == ["hello by one"]


def test_a_process_that_the_database_does_not_answer_makes_no_late_call(pair: Pair):
    def cut() -> None:
        pair.one.is_stopped(LEASE * 2)
        pair.one.line.is_cut = True

    pair.one.before = cut
    pair.queue("hello")

    pair.one.deliver()
    pair.one.clock.tick(seconds=60)
    pair.two.deliver()

    assert pair.slack.heard == ["hello by two"]


def test_who_takes_over_finds_what_the_stopped_process_had_done(pair: Pair):
    def stop() -> None:
        pair.slack.heard.append("hello by one")
        pair.one.is_stopped(LEASE * 2)
        pair.two.deliver()
        raise Rejected("the connection broke")

    pair.one.during = stop
    pair.queue("hello")

    pair.one.deliver()

    assert pair.slack.heard == ["hello by one"]
    assert pair.one.lost == []


def test_a_stale_refusal_gives_up_nothing_that_another_process_has_in_hand(pair: Pair):
    def refused_late() -> None:
        pair.one.is_stopped(LEASE * 2)
        with pair.sessions.begin() as session:
            session.outbox.claim("two", now=pair.one.clock.now(), lease=LEASE, limit=1)
        raise Rejected("channel_not_found")

    pair.one.during = refused_late
    pair.queue("hello")

    pair.one.deliver()

    assert pair.one.lost == []
    assert pair.states() == {"hello": "sending"}


def test_a_fence_asks_nobody_in_the_first_half_of_a_lease():
    asked: list[float] = []
    time = [100.0]

    def renew() -> bool:
        asked.append(time[0])
        return True

    fence = Fence(since=100.0, lease=LEASE, renew=renew, uptime=lambda: time[0])
    ours = []
    for time[0] in (100.0, 109.9, 110.0, 119.9, 200.0):
        ours.append(fence.is_ours())

    assert ours == [True] * 5
    assert asked == [110.0, 200.0]


def test_a_fence_asks_again_if_the_process_was_stopped_while_it_asked():
    time, stops = [150.0], [30.0]

    def renew() -> bool:
        time[0] += stops.pop() if stops else 0.0
        return not stops or time[0] < 170

    fence = Fence(since=100.0, lease=LEASE, renew=renew, uptime=lambda: time[0])

    assert fence.is_ours()
    assert time == [180.0]


def test_a_stopped_runner_changes_nothing_outside_once_another_has_the_failover():
    stage = Stage(MemoryDatabase())
    number = stage.approve("db")
    uptime = [100.0]
    stopped = Runner(
        stage.outside,
        sessions=stage.sessions,
        clock=stage.clock,
        policy=lambda: stage.policy,
        lease=LEASE,
        wake=NOTHING,
        uptime=lambda: uptime[0],
    )
    other = FakeActionRunner()
    assert [it for it in PLANS.plans["db"].steps if isinstance(it.run, Program)]

    found = stopped._claim()  # noqa: SLF001  one step at a time
    step_run, fence = stopped._prepared(number) or pytest.fail("there is a step")  # noqa: SLF001
    uptime[0] += 60
    stage.clock.tick(seconds=60)
    with stage.sessions.begin() as session:
        taken = session.failovers.claim("other", now=stage.clock.now(), lease=LEASE, besides=())

    assert (found, taken) == (number, number)
    assert step_run.read_only or stopped._do(step_run, fence) is None  # noqa: SLF001
    assert stage.outside.performed == other.performed == []
    assert stage.run().state is not State.DONE
