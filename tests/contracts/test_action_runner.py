"""What every runner keeps to: the one that moves things outside (here: small programs and the box), and the fake."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Timer

import pytest

from bot.adapters.actions.http import HttpCaller
from bot.adapters.actions.process import Processes
from bot.adapters.actions.runner import ExternalActionRunner
from bot.adapters.actions.variables import Variables
from bot.adapters.github.workflows import Pace, Workflows
from bot.domain.failover.plan import (
    Check,
    End,
    Expect,
    HttpCall,
    Instruction,
    Outcome,
    Program,
    Question,
    Workflow,
)
from bot.ports import ActionRunner
from bot.sandbox.box import Box
from tests.fakes.action_runner import FakeActionRunner, Hang

LONG = timedelta(seconds=10)
SHORT = timedelta(seconds=0.3)
PROMOTE = Workflow(repository="acme/infra", file="promote.yml", inputs={"pod": "7"})


@dataclass
class World:
    """An runner, and what it can be asked to do: things that go well, that fail, and that hang."""

    runner: ActionRunner
    fine: Program
    failing: Program
    hanging: Program
    green: HttpCall
    red: HttpCall


def fake_world() -> Iterator[World]:
    fake = FakeActionRunner()
    url = "http://127.0.0.1/"
    world = World(
        runner=fake,
        fine=Program(args=("fine",)),
        failing=Program(args=("failing",)),
        hanging=Program(args=("hanging",)),
        green=HttpCall(url=url),
        red=HttpCall(url=url, expect=Expect(status=(418,))),
    )
    fake.script(world.fine, Outcome(end=End.OK, says="exit 0", output="done\n"))
    fake.script(world.failing, Outcome(end=End.RED, says="exit 3"))
    fake.script(world.hanging, Hang())
    fake.script(Check(name="lag", by=world.red, within=SHORT), Outcome(end=End.RED, says="HTTP 200"))
    fake.script(Check(name="lag", by=world.hanging, within=LONG), Hang())
    yield world


def outside_world() -> Iterator[World]:
    with Box() as box:
        box.github.actions.queued = box.github.actions.running = 0.02
        environment = dict(os.environ) | box.environment()
        variables = Variables(environment)
        pace = Pace(
            first=timedelta(seconds=0.02), search=timedelta(seconds=0.1), grace=timedelta(seconds=0.5)
        )
        workflows = Workflows(
            environment["GITHUB_TOKEN"], variables=variables, url=environment["GITHUB_API_URL"], pace=pace
        )
        runner = ExternalActionRunner(
            processes=Processes(folder=Path(), environment=environment, variables=variables, grace=SHORT),
            web=HttpCaller(variables),
            workflows=lambda: workflows,
            again=timedelta(seconds=0.05),
        )
        rate = HttpCall(
            url=environment["GITHUB_API_URL"] + "/rate_limit",
            headers={"Authorization": "token {{ env.GITHUB_TOKEN }}"},
        )
        yield World(
            runner=runner,
            fine=python("print('done')"),
            failing=python("raise SystemExit(3)"),
            hanging=python("import time; time.sleep(60)"),
            green=rate,
            red=HttpCall(url=rate.url, headers=rate.headers, expect=Expect(status=(418,))),
        )


def python(program: str) -> Program:
    return Program(args=(sys.executable, "-c", program))


@pytest.fixture(params=[fake_world, outside_world], ids=["fake", "outside"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


def perform(
    world: World, instruction: Instruction, *, heard: list[str] | None = None, stopped: Event | None = None
) -> Outcome:
    return world.runner.perform(
        instruction,
        mark="m1",
        timeout=LONG,
        hear=(heard if heard is not None else []).append,
        stopped=stopped or Event(),
    )


def test_what_goes_well_is_ok_and_what_it_says_is_heard(world: World):
    heard: list[str] = []

    outcome = perform(world, world.fine, heard=heard)

    assert (outcome.end, outcome.says, outcome.output, outcome.dropped) == (End.OK, "exit 0", "done\n", 0)
    assert "".join(heard) == "done\n"


def test_what_fails_is_red(world: World):
    outcome = perform(world, world.failing)

    assert (outcome.end, outcome.says) == (End.RED, "exit 3")


def test_what_hangs_ends_when_somebody_aborts(world: World):
    stopped = Event()
    Timer(0.1, stopped.set).start()

    outcome = perform(world, world.hanging, stopped=stopped)

    assert (outcome.end, outcome.says) == (End.RED, "stopped")


def test_what_was_aborted_before_it_began_is_not_done(world: World):
    stopped = Event()
    stopped.set()

    outcome = perform(world, PROMOTE, stopped=stopped)

    assert (outcome.end, outcome.says) == (End.RED, "stopped")
    assert look(world).end is End.UNKNOWN


def test_a_question_is_not_performed(world: World):
    with pytest.raises(TypeError):
        perform(world, Question(person="Orders arriving?"))


def test_a_check_is_green(world: World):
    outcome = world.runner.check(Check(name="lag", by=world.green, within=LONG), stopped=Event())

    assert (outcome.end, outcome.says) == (End.OK, "HTTP 200")


def test_a_check_that_does_not_come_true_is_red(world: World):
    outcome = world.runner.check(Check(name="lag", by=world.red, within=SHORT), stopped=Event())

    assert (outcome.end, outcome.says) == (End.RED, "HTTP 200")


def test_a_check_ends_when_somebody_aborts(world: World):
    stopped = Event()
    Timer(0.1, stopped.set).start()

    outcome = world.runner.check(Check(name="lag", by=world.hanging, within=LONG), stopped=stopped)

    assert (outcome.end, outcome.says) == (End.RED, "stopped")


def look(world: World, mark: str = "m1") -> Outcome:
    return world.runner.look(PROMOTE, mark=mark, timeout=LONG, hear=len, stopped=Event())


def test_a_workflow_that_was_dispatched_is_found_by_its_mark_and_no_other(world: World):
    dispatched = perform(world, PROMOTE)

    assert (dispatched.end, look(world).end) == (End.OK, End.OK)
    assert look(world, mark="m2").end is End.UNKNOWN
