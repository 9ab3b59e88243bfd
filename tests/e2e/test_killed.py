"""kill -9 in the middle of opening an incident, then a restart: everything is there once, and nothing twice."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bot.sandbox.recorder import Exchange
from bot.sandbox.slack.courier import PATIENCE
from bot.sandbox.weather import reset_before
from tests.conftest import living_in
from tests.e2e.world import World
from tests.postgres import Postgres


@dataclass(frozen=True, kw_only=True)
class Call:
    """One outside call of opening an incident; `mark` is found in the body of the one that is meant."""

    service: str = "slack"
    method: str
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.mark}".strip()

    def fits(self, exchange: Exchange) -> bool:
        return self.mark in exchange.body.decode()


CALLS = (
    Call(method="conversations.create"),
    Call(method="chat.postMessage", mark='"announcement:'),
    Call(method="chat.postMessage", mark='"card:'),
    Call(method="conversations.invite"),
    Call(method="conversations.setTopic"),
    Call(method="bookmarks.add"),
    Call(method="chat.update", mark="C0INCIDENTS"),
    Call(service="pagerduty", method="POST /incidents"),
)


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("killed")
    with living_in(folder, f"sqlite:///{folder / 'spy.db'}") as world:
        yield world


@pytest.fixture(scope="module")
def postgresql_world(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[World]:
    with postgres.fresh() as url, living_in(tmp_path_factory.mktemp("killed"), url) as world:
        yield world


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One bot for all tests on a database: it is killed and started again in each."""
    world: World = request.getfixturevalue(f"{request.param}_world")
    if not world.bot.is_ready:
        world.bot.restart()
    yield world
    world.box.weather.clear()


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_killed_before_a_call_arrives_it_is_made_after_the_restart(world: World, call: Call):
    name = f"before {call}"
    world.box.weather.strike(call.service, call.method, reset_before, match=call.fits)
    kill_at(world, call, moment="before")

    opened(world, name)

    everything_is_there_once(world, name)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_killed_before_the_answer_arrives_it_is_not_made_again(world: World, call: Call):
    name = f"after {call}"
    kill_at(world, call, moment="after")

    opened(world, name)

    everything_is_there_once(world, name)


def test_killed_between_commit_and_acknowledgement_who_asks_again_sees_the_same(world: World):
    name = "nobody answers"
    world.box.slack.courier.patience = (
        0.001  # Slack hangs up at once: what was committed is answered to nobody
    )
    unheard = world.slash(f'me "{name}" sev1')
    world.box.slack.courier.patience = PATIENCE
    world.box.wait_for(lambda: world.pages(name))

    world.bot.restart()
    number = world.declare(f'me "{name}" sev1')
    world.settle()

    assert unheard.status == "timeout"
    assert world.rooms(number)
    everything_is_there_once(world, name)


# --- the telling ------------------------------------------------------------------------------------------


def kill_at(world: World, call: Call, *, moment: str) -> None:
    """End the bot when this call comes next."""
    hook = world.box.weather.before if moment == "before" else world.box.weather.after

    def kill(exchange: Exchange) -> None:
        if call.fits(exchange):
            world.bot.kill()

    hook(call.service, call.method, kill, times=20)


def opened(world: World, name: str) -> None:
    """Open an incident, see the bot die of it, and start it again."""
    world.slash(f'me "{name}" sev1')
    world.box.wait_for(lambda: not world.bot.is_alive, seconds=10)
    world.box.weather.clear()
    world.bot.start()
    world.settle()


def everything_is_there_once(world: World, name: str) -> None:
    [number] = [n for n in range(1, 60) for room in world.rooms(n) if slug(name) in room.name]
    room = world.room(number)
    slack = world.box.slack
    assert slack.members(room.id).count("ana") == 1
    assert world.marks(room.id) == {f"card:{number}": 1}
    assert world.marks("incidents")[f"announcement:{number}"] == 1
    assert room.name in slack.text_of(world.marked("incidents", f"announcement:{number}"))
    assert f"INC-{number}" in slack.topic(room.id)
    assert len(slack.bookmarks(room.id)) == 1
    assert world.pages(name) == 1
    assert sum(name in ring.title for ring in world.box.pagerduty.phones["raj"]) == 1


def slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
