"""kill -9 in the middle of opening an incident, then a restart: everything is there once, and nothing twice."""

from collections.abc import Iterator

import pytest

from bot.sandbox.faults import reset_before
from bot.sandbox.recorder import Exchange
from bot.sandbox.slack.delivery import PATIENCE
from tests.e2e.outside_calls import CALLS, Call
from tests.e2e.world import World


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One bot for all tests on a database: it is killed and started again in each."""
    world: World = request.getfixturevalue(f"{request.param}_world")
    if not world.bot.is_ready:
        world.bot.restart()
    yield world
    world.box.faults.clear()


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)  # nothing is in doubt then, on either database
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_killed_before_a_call_arrives_it_is_made_after_the_restart(world: World, call: Call):
    name = f"before {call}"
    world.box.faults.inject(call.service, call.method, reset_before, match=call.fits)
    kill_at(world, call, moment="before")

    opened(world, name)

    world.everything_is_there_once(name)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_killed_before_the_answer_arrives_it_is_not_made_again(world: World, call: Call):
    name = f"after {call}"
    kill_at(world, call, moment="after")

    opened(world, name)

    world.everything_is_there_once(name)


def test_killed_between_commit_and_acknowledgement_who_asks_again_sees_the_same(world: World):
    name = "nobody answers"
    world.box.slack.sender.patience = (
        0.001  # Slack hangs up at once: what was committed is answered to nobody
    )
    unheard = world.slash(f'me "{name}" sev1')
    world.box.slack.sender.patience = PATIENCE
    world.box.wait_for(lambda: world.pages(name))

    world.outlast_leases()
    world.bot.restart()
    number = world.declare(f'me "{name}" sev1')
    world.settle()

    assert unheard.status == "timeout"
    assert world.channels(number)
    world.everything_is_there_once(name)


# --- the telling ------------------------------------------------------------------------------------------


def kill_at(world: World, call: Call, *, moment: str) -> None:
    """End the bot when this call comes next."""
    hook = world.box.faults.before if moment == "before" else world.box.faults.after

    def kill(exchange: Exchange) -> None:
        if call.fits(exchange):
            world.bot.kill()

    hook(call.service, call.method, kill, times=20)


def opened(world: World, name: str) -> None:
    """Open an incident, see the bot die of it, and start it again."""
    world.slash(f'me "{name}" sev1')
    world.box.wait_for(lambda: not world.bot.is_alive, seconds=20)
    world.box.faults.clear()
    world.outlast_leases()
    world.bot.start()
    world.settle()
