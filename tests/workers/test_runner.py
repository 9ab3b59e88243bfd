"""The runner moves failovers on by itself, one at a time each, and stops what somebody called back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.database import Database, open_engine
from bot.app.samples.failover_play import PLANS, POD
from bot.domain.effects import UpsertMessage
from bot.domain.failover.plan import End, Outcome, Program
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Answer, State
from bot.ports import Profile, Session, Sessions, TimeLimit, Unavailable
from bot.services.audit import AuditLog
from bot.services.failover.failovers import Failovers
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.testing import NOON, FrozenClock, MemoryDatabase
from bot.workers.failovers import Runner
from tests.fakes.action_runner import FakeActionRunner, Hang
from tests.support.postgres import driven

PATIENCE = 15.0
LEASE = timedelta(seconds=30)
PROMPT = replace(
    PLANS,
    plans={**PLANS.plans, "pod": replace(POD, steps=(POD.steps[0], replace(POD.steps[1], soak=timedelta())))},
)
"""The same plans, without a soak."""
DRAIN, DNS = POD.filled({"pod": "7", "location": "east"}).steps
Start = Callable[..., Runner]


class Stage:
    """Units of work, a clock and an operator that several runners share."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.clock = FrozenClock()
        self.outside = FakeActionRunner()
        self.policy = PROMPT
        with sessions.begin() as session:
            People(Transaction(session=session, now=NOON, policy=PROMPT)).met(
                "U0RAJ", Profile(name="Raj Patel")
            )

    def runner(self, outside: FakeActionRunner | None = None) -> Runner:
        return Runner(
            outside or self.outside,
            sessions=self.sessions,
            clock=self.clock,
            policy=lambda: self.policy,
            lease=LEASE,
            wake=lambda: None,
        )

    def say(self, act: Callable[[Failovers], Failover]) -> Failover:
        with self.sessions.begin() as session:
            return act(Failovers(Transaction(session=session, now=self.clock.now(), policy=self.policy)))

    def approve(self, words: str = "pod 7 to east") -> int:
        """Propose as Ana and approve as Raj; the run's number."""
        run = self.say(lambda it: it.propose(words, by="U0ANA", place="C0GENERAL", incident=None))
        self.say(lambda it: it.approve(run.number, by="U0RAJ"))
        return run.number

    def run(self, number: int = 1) -> Failover:
        with self.sessions.begin() as session:
            found = session.failovers.get(number)
        assert found
        return found

    def wait_for(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, f"it did not come: {self.audit_log()}"
            threading.Event().wait(0.005)

    def audit_log(self) -> list[str]:
        with self.sessions.begin() as session:
            return [f"{it.kind} {it.data.get('action', '')}" for it in session.failovers.audit_log(1)]

    def wait_until(self, state: State, number: int = 1) -> None:
        self.wait_for(lambda: self.run(number).state is state)


@pytest.fixture
def stage() -> Stage:
    return Stage(MemoryDatabase())


@pytest.fixture
def start(stage: Stage) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(outside: FakeActionRunner | None = None) -> Runner:
            runner = stage.runner(outside)
            runner.start()
            stack.callback(runner.stop)
            return runner

        yield started


def test_what_was_approved_is_moved_to_its_end(stage: Stage, start: Start):
    stage.approve("db")

    start()
    stage.wait_until(State.DONE)

    assert [done.mark for done in stage.outside.performed] == ["spy-1-1795435200-1", "spy-1-1795435200-3"]


def test_what_is_kept_when_a_move_is_made_says_that_it_began(stage: Stage, start: Start):
    kept: list[int | None] = []
    stage.outside.does = lambda _: kept.append(attempt.number if (attempt := stage.run().attempt) else None)
    stage.approve("db")

    start()
    stage.wait_until(State.DONE)

    assert kept == [1, 3]


def test_a_soak_lasts_as_long_as_the_clock_says(stage: Stage, start: Start):
    stage.policy = PLANS
    stage.approve()

    start()
    stage.wait_for(lambda: (at := stage.run().attempt) and at.action.kind == "soak")
    stage.clock.tick(seconds=61)
    stage.wait_for(lambda: len(stage.outside.performed) == 3)

    assert stage.run().state is State.RUNNING


def test_an_abort_ends_what_runs_and_it_is_taken_back(stage: Stage, start: Start):
    hang = Hang()
    stage.outside.script(DRAIN.run, hang)
    stage.approve()
    start()
    assert hang.began.wait(PATIENCE)

    stage.say(lambda it: it.abort(1, by="U0LEE"))
    stage.wait_until(State.ROLLED_BACK)

    assert [done.instruction for done in stage.outside.performed] == [DRAIN.run, DRAIN.undo]


def test_an_abort_ends_a_soak(stage: Stage, start: Start):
    stage.policy = PLANS
    stage.approve()
    start()
    stage.wait_for(lambda: (at := stage.run().attempt) and at.action.kind == "soak")

    stage.say(lambda it: it.abort(1, by="U0LEE"))
    stage.wait_until(State.ROLLED_BACK)

    assert [done.instruction for done in stage.outside.performed][-2:] == [DNS.undo, DRAIN.undo]


def test_a_question_waits_for_its_answer_and_is_gone_on_from(stage: Stage, start: Start):
    stage.outside.script(DRAIN.run, Outcome(end=End.UNKNOWN, says="the connection broke"))
    stage.approve()
    runner = start()
    stage.wait_for(lambda: stage.run().question)

    stage.say(lambda it: it.answer(1, Answer.HAPPENED, by="U0RAJ"))
    runner.wake()
    stage.wait_until(State.DONE)

    assert [done.instruction for done in stage.outside.performed].count(DRAIN.run) == 1


def test_a_fault_of_spys_own_in_a_move_is_asked_about(stage: Stage, start: Start):
    stage.outside.script(DRAIN.run, RuntimeError("a bug"))
    stage.approve()

    start()
    stage.wait_for(lambda: stage.run().question)

    assert stage.run().stands == ("drain",)


def test_a_fault_of_spys_own_in_a_check_is_asked_about_after_some_tries(stage: Stage, start: Start):
    [check] = POD.filled({"pod": "7", "location": "east"}).before
    stage.outside.script(check, *[RuntimeError("a bug")] * 9)
    stage.approve()

    start()
    stage.wait_for(lambda: stage.run().question)

    assert len(stage.outside.checked) < 9
    assert "failover_crashed " in stage.audit_log()


def test_what_is_printed_is_shown_as_it_comes(stage: Stage, start: Start):
    hang = Hang()

    class Talks(FakeActionRunner):
        def perform(self, *args: object, hear: Callable[[str], None], **kwargs: object) -> Outcome:
            hear("draining 7\n")
            return super().perform(*args, hear=hear, **kwargs)  # type: ignore[arg-type]

    runner = Talks()
    runner.script(DRAIN.run, hang)
    stage.approve()

    start(runner)
    stage.wait_for(lambda: stage.run().tail)
    stage.say(lambda it: it.abort(1, by="U0LEE"))

    assert stage.run().tail == "draining 7\n"
    with stage.sessions.begin() as session:
        items = session.outbox.claim("test", now=NOON, lease=LEASE, limit=100)
    assert any(isinstance(it.effect, UpsertMessage) and it.effect.message_type == "failover" for it in items)


def test_a_bot_that_stops_breaks_off_a_soak_and_another_goes_on(stage: Stage, start: Start):
    stage.policy = PLANS
    stage.approve()
    first = start()
    stage.wait_for(lambda: (at := stage.run().attempt) and at.action.kind == "soak")

    first.stop()
    stage.clock.tick(minutes=1)
    start()
    stage.wait_for(lambda: (at := stage.run().attempt) and at.number > 6)

    assert len(stage.outside.performed) == 2
    assert stage.run().asks == ()


def test_several_runs_go_side_by_side(stage: Stage, start: Start):
    hangs = [Hang(), Hang()]
    for pod, hang in zip("78", hangs, strict=True):
        stage.outside.script(Program(args=("./drain", pod)), hang)
        stage.approve(f"pod {pod} to east")

    start()

    assert all(hang.began.wait(PATIENCE) for hang in hangs)
    for number in (1, 2):
        stage.say(lambda it, number=number: it.abort(number, by="U0LEE"))


def test_however_many_processes_there_are_each_move_is_made_once(database_url: str):
    engine = open_engine(driven(database_url))
    stage = Stage(Database(engine))
    runs = [stage.approve(f"pod {pod} to east") for pod in range(6)]
    runners = [stage.runner() for _ in range(3)]

    for runner in runners:
        runner.start()
    for number in runs:
        stage.wait_until(State.DONE, number)
    for runner in runners:
        runner.stop()
    engine.dispose()

    assert len(stage.outside.performed) == 6 * 3
    assert len(set(stage.outside.marks)) == 6 * 3


class Returning:
    """A database that is away at the first look."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._is_away = True

    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        return self._sessions.begin(limit)

    def read(self) -> AbstractContextManager[Session]:
        return self._sessions.read()

    def begin_background(self) -> AbstractContextManager[Session]:
        if self._is_away:
            self._is_away = False
            raise Unavailable("away")
        return self._sessions.begin_background()


def test_when_the_database_was_away_runs_are_looked_for_again_without_a_wake(stage: Stage, start: Start):
    stage.approve("db")
    stage.sessions = Returning(stage.sessions)

    start()

    stage.wait_until(State.DONE)


def test_each_action_is_in_the_audit_log_with_its_outcome(stage: Stage, start: Start):
    stage.approve("db")

    start()
    stage.wait_until(State.DONE)

    with stage.sessions.read() as session:
        tx = Transaction(session=session, now=NOON, policy=stage.policy)
        lines = [line for _, line in AuditLog(tx).find()]
    assert [(it.source, it.command, it.outcome) for it in lines if ": run" in it.command] == [
        ("spy", "failover 1: run promote", "done"),
        ("spy", "failover 1: run serve", "done"),
    ]
