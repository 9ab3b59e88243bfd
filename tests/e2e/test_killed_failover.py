"""A process that moves a failover is killed at every boundary: nothing runs twice, and all of it comes to its end."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event

from bot.adapters.database import Database, open_engine
from bot.app.samples.failover_play import LOOK
from bot.domain.failover.plan import (
    Check,
    End,
    Instruction,
    Outcome,
    Plan,
    Program,
    Step,
    Workflow,
    described,
)
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Answer, State
from bot.domain.policy import Policy
from bot.ports import Profile, Sessions
from bot.services.failover.failovers import Failovers
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock
from bot.workers.failovers import Runner
from tests.support.postgres import driven

FORKS = get_context("fork")
LEASE = timedelta(seconds=20)
PATIENCE = 30.0
LAG = Check(name="lag", by=LOOK)


def plan(*, ends_red: bool) -> Plan:
    """Two steps that leave a mark, the second in stages; the last check is as the story wants it."""
    steps = (
        Step(name="drain", run=Program(args=("drain",)), verify=LAG, undo=Program(args=("undrain",))),
        Step(
            name="dns",
            run=Program(args=("dns", "{{ stage }}")),
            undo=Program(args=("dns", "back")),
            stages=(5, 100),
        ),
        Step(
            name="last",
            run=Program(args=("last",)),
            verify=Check(name="red" if ends_red else "green", by=LOOK, within=timedelta()),
            undo=Program(args=("unlast",)),
        ),
    )
    return Plan(name="pod", usage="pod", lock="pod", approvals=1, before=(LAG,), steps=steps)


def policy(*, ends_red: bool) -> Policy:
    return Policy(
        teams=POLICY.teams,
        severities=POLICY.severities,
        permissions={"operator": frozenset({"U0ANA", "U0RAJ"})},
        plans={"pod": plan(ends_red=ends_red)},
    )


GOOD = ["drain", "dns 5", "dns 100", "last"]
BAD = [*GOOD, "unlast", "dns back", "undrain"]


@dataclass(kw_only=True)
class Fuse:
    """Kills its own process at the nth boundary: a transaction begins or commits, an effect is at hand or done."""

    left: Iterator[int] | None = None

    def burn(self, *_: object) -> None:
        if self.left is not None and next(self.left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(kw_only=True)
class Marks:
    """An operator whose effects are lines of a file, which outlives every process."""

    file: Path
    fuse: Fuse = field(default_factory=Fuse)

    def perform(
        self,
        instruction: Instruction,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        del mark, timeout, hear, stopped
        self.fuse.burn()
        with self.file.open("a") as lines:
            lines.write(f"{described(instruction)}\n")
        self.fuse.burn()
        return Outcome(end=End.OK, says="exit 0")

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        del stopped
        self.fuse.burn()
        return Outcome(end=End.RED if check.name == "red" else End.OK, says="")

    def look(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        raise AssertionError(f"no workflow here: {instruction}, {mark}, {timeout}, {hear}, {stopped}")

    @property
    def lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []


def approved(sessions: Sessions, rules: Policy) -> int:
    with sessions.begin() as session:
        tx = Transaction(session=session, now=NOON, policy=rules)
        People(tx).met("U0RAJ", Profile(name="Raj Patel"))
        failovers = Failovers(tx)
        number = failovers.propose("pod", by="U0ANA", place="C0GENERAL", incident=None).number
        failovers.approve(number, by="U0RAJ")
        return number


def run_of(sessions: Sessions, number: int) -> Failover:
    with sessions.begin() as session:
        found = session.failovers.get(number)
    assert found
    return found


def walk(
    sessions: Sessions,
    number: int,
    runner: Marks,
    rules: Policy,
    *,
    after: timedelta,
    watched: Sessions | None = None,
) -> Failover:
    """Let a runner go on with it until it is over or asks; `watched` is the same database, by another door."""
    clock = FrozenClock(NOON + after)
    runner = Runner(
        runner, sessions=sessions, clock=clock, policy=lambda: rules, lease=LEASE, wake=lambda: None
    )
    runner.start()
    until = time.monotonic() + PATIENCE
    while (run := run_of(watched or sessions, number)).is_active and not run.question:
        assert time.monotonic() < until, f"it goes no further: {run}"
        Event().wait(0.005)
    runner.stop()
    return run


def walk_until(url: str, number: int, marks: Path, boundaries: int, *, ends_red: bool) -> None:
    """Run in a process of its own: go on until it is over, or until the fuse is burnt down."""
    fuse = Fuse(left=iter(range(boundaries)))
    engine = open_engine(url)
    sessions = Database(engine)
    for name in ("begin", "commit"):
        event.listen(engine, name, fuse.burn)
    beside = open_engine(url)  # looking on burns no fuse
    runner, rules = Marks(file=marks, fuse=fuse), policy(ends_red=ends_red)
    walk(sessions, number, runner, rules, after=timedelta(), watched=Database(beside))
    beside.dispose()
    engine.dispose()


def dies(url: str, number: int, marks: Path, boundaries: int, *, ends_red: bool) -> bool:
    process = FORKS.Process(
        target=walk_until, args=(url, number, marks, boundaries), kwargs={"ends_red": ends_red}, daemon=True
    )
    process.start()
    process.join(PATIENCE)
    code = process.exitcode
    process.close()
    assert code in {0, -signal.SIGKILL}, f"it ended with {code}"
    return code != 0


def truth(run: Failover, done: list[str]) -> Answer:
    """Return whether what is asked about has happened, as somebody who went to look would."""
    assert run.question
    does = described(run.instruction(run.question.action))
    return Answer.HAPPENED if does in done else Answer.DID_NOT


@pytest.mark.parametrize(
    ("ends_red", "effects", "state"), [(False, GOOD, State.DONE), (True, BAD, State.ROLLED_BACK)]
)
def test_wherever_it_is_killed_nothing_runs_twice_and_it_comes_to_its_end(
    database_url: str, tmp_path: Path, *, ends_red: bool, effects: list[str], state: State
):
    stride = 3 if ends_red else 1 if database_url.startswith("sqlite") else 2
    url = driven(database_url)
    rules = policy(ends_red=ends_red)
    deaths = questions = 0

    for boundaries in count(0, stride):
        engine = open_engine(url)
        number = approved(Database(engine), rules)
        engine.dispose()  # no process that is forked shall share a connection
        marks = Marks(file=tmp_path / f"marks{boundaries}")
        killed = dies(url, number, marks.file, boundaries, ends_red=ends_red)
        engine = open_engine(url)
        sessions = Database(engine)

        run = walk(sessions, number, marks, rules, after=LEASE * 2)
        while run.question:
            questions += 1
            answer = truth(run, marks.lines)
            with sessions.begin() as session:
                tx = Transaction(session=session, now=NOON + LEASE * 2, policy=rules)
                Failovers(tx).answer(number, answer, by="U0RAJ")
            run = walk(sessions, number, marks, rules, after=LEASE * 2)
        engine.dispose()

        assert marks.lines == effects
        assert run.state is state
        deaths += killed
        if not killed:
            break

    assert deaths > 10
    assert questions > 0
