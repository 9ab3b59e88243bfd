"""The real bot without Slack, without its database, with a full disk, an odd clock, a deaf link: all is there once."""

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event

import psycopg
import pytest
from psycopg import sql

from bot.sandbox.recorder import Exchange
from tests.adapters.test_database_limits import Proxy, through
from tests.conftest import living_in, modest, open_box
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import NUMBER, World
from tests.support.postgres import Postgres

SMALL_DISK = 64 * 1024
"""Bytes that a file may have on a full disk: less than the database's log has by the first incident."""
HOUR = timedelta(hours=1)
FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$
"""
FILL = "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION disk_is_full()"
FREE = "DROP TRIGGER full_disk ON {}"


RELIEF_COMES_LATE = "timers: {relief_ask: 8h, relief_page: 9h, relief_manager: 10h}\n"
"""By night Spy pages the backup after half of the time, which an hour's step of the clock may reach."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A world, and how its database is taken away and given back."""

    world: World
    begin: Callable[[], object]
    end: Callable[[], object]

    def goes_away_after_the_page_is_sent(self) -> Event:
        """Take the database away while what came of a call is to be stored."""
        begun = Event()

        def hook(_exchange: Exchange) -> None:
            self.begin()
            begun.set()

        self.world.box.faults.after("pagerduty", "POST /incidents", hook)
        return begun


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Path]]:
    folder = tmp_path_factory.mktemp("outages")
    with living_in(folder, f"sqlite:///{folder / 'spy.db'}", besides=RELIEF_COMES_LATE) as world:
        world.declare('me "the one before" sev3')
        world.settle()
        yield world, folder / "spy.db"


@pytest.fixture
def locked(sqlite_world: tuple[World, Path]) -> Iterator[Stage]:
    """Another process holds SQLite's lock."""
    world, file = sqlite_world
    with closing(sqlite3.connect(file, timeout=30, check_same_thread=False, isolation_level=None)) as other:
        begin, end = (lambda: other.execute("BEGIN IMMEDIATE")), other.rollback
        yield Stage(world=world, begin=begin, end=end)


@pytest.fixture
def full(sqlite_world: tuple[World, Path]) -> Stage:
    """No file of the bot's grows any more."""
    world, _ = sqlite_world
    limit, (_, most) = resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)

    def let(size: int) -> None:
        resource.prlimit(world.bot.pid, limit, (size, most))

    return Stage(world=world, begin=lambda: let(SMALL_DISK), end=lambda: let(resource.RLIM_INFINITY))


@pytest.fixture(scope="module")
def postgresql_world(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[tuple[World, Proxy, str]]:
    folder = tmp_path_factory.mktemp("outages")
    with (
        postgres.fresh() as url,
        through(url) as (proxy, source),
        living_in(folder, source, besides=RELIEF_COMES_LATE) as world,
    ):
        yield world, proxy, url


@pytest.fixture
def cut(postgresql_world: tuple[World, Proxy, str]) -> Stage:
    """The way to PostgreSQL is broken."""
    world, proxy, _ = postgresql_world
    return Stage(world=world, begin=proxy.cut, end=proxy.mend)


@pytest.fixture
def full_server(postgresql_world: tuple[World, Proxy, str]) -> Iterator[Stage]:
    """PostgreSQL answers to each write as it does when its disk is full."""
    world, _, url = postgresql_world
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(FULL)
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()

        def each(statement: str) -> None:
            """Change one table after the other, so that no two works wait for each other."""
            for (table,) in tables:
                server.execute(sql.SQL(statement).format(sql.Identifier(table)))

        yield Stage(world=world, begin=lambda: each(FILL), end=lambda: each(FREE))


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(request.param)
    return found


OUTAGES = [("locked", 4), ("locked", 60), ("full", 4), ("full_server", 4), ("cut", 4), ("cut", 60)]


@pytest.mark.parametrize(("stage", "seconds"), OUTAGES, indirect=["stage"])
def test_after_an_outage_in_the_middle_of_things_all_is_there_once(
    stage: Stage, seconds: int, request: pytest.FixtureRequest
):
    world, name = stage.world, f"outage {request.node.callspec.id}"
    begun = stage.goes_away_after_the_page_is_sent()

    world.slash(f'me "{name}" sev1')
    assert begun.wait(20)
    pass_by(world, seconds)
    stage.end()
    world.settle()

    assert "the outbox can't be worked on" in world.bot.log.read_text()
    world.everything_is_there_once(name)


def number_in(said: str) -> int:
    found = NUMBER.search(said)
    assert found, said
    return int(found[1])


def pass_by(world: World, seconds: int) -> None:
    """Let an outage last: four seconds of it by every clock, the rest by the bot's."""
    until = time.monotonic() + 4
    world.box.clock.jump(timedelta(seconds=seconds - 4))
    world.box.wait_for(lambda: time.monotonic() > until, seconds=10)


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forth", "back"])
@pytest.mark.parametrize("stage", ["locked", "cut"], indirect=True)
def test_a_clock_that_steps_stops_nothing_and_doubles_nothing(
    stage: Stage, step: timedelta, request: pytest.FixtureRequest
):
    world, name = stage.world, f"step {request.node.callspec.id}"
    world.box.faults.after("pagerduty", "POST /incidents", lambda _: world.box.clock.jump(step))

    number = world.declare(f'me "{name}" sev1')
    world.settle()
    world.slash(f'{number} note "after the step"')
    world.settle()

    world.everything_is_there_once(name)
    assert sum("after the step" in text for text in world.texts(world.channel(number).id)) == 1
    world.box.clock.jump(max(-step, timedelta()))  # to where the bot's clock still is: it does not step back


@pytest.mark.parametrize("place", ["sqlite_world", "postgresql_world"])
def test_an_incident_is_led_from_a_terminal_while_slack_is_down_and_slack_gets_it_in_order_afterwards(
    place: str, request: pytest.FixtureRequest
):
    world: World = request.getfixturevalue(place)[0]
    slack, clock, name = world.box.slack, world.box.clock, f"no chat {place.partition('_')[0]}"
    world.box.faults.down("slack")

    declared = world.bot.say("U0ANA", f'incident me "{name}" sev1')[1]
    number = number_in(declared)
    paged = world.pages(name)
    clock.jump(timedelta(minutes=20))  # the update is due meanwhile
    told = world.bot.say("U0ANA", f'inc-{number} update next 1h "rolling back"')[1]
    clock.jump(timedelta(minutes=3))
    called = world.bot.say("U0RAJ", f'inc-{number} page :payments "please join {name}"')[1]
    read = world.bot.say("U0RAJ", f"inc-{number} tldr")[1]
    clock.jump(timedelta(minutes=3))
    world.box.faults.up("slack")
    world.settle()

    assert paged == 1
    assert f"Waiting for Slack: the channel of INC-{number} and" in declared
    assert "Page" in called
    assert "please join" not in called
    assert "Waiting for Slack" in told
    assert "rolling back" in read
    assert world.pages(f"please join {name}") == 1
    texts = [slack.text_of(it) for it in slack.messages(world.channel(number).id) if it.metadata]
    assert name in texts[0]  # the card
    [late] = [it for it in texts if "While Slack did not take messages" in it]
    assert "rolling back" in late
    assert not [it for it in texts if "update is due" in it.casefold() or "overdue" in it.casefold()]
    assert set(world.marks(world.channel(number).id).values()) == {1}
    assert world.marks("incidents")[f"announcement:{number}"] == 1
    assert f"INC-{number}" in slack.topic(world.channel(number).id)


@contextmanager
def linked(folder: Path) -> Iterator[World]:
    """A world of Socket Mode, whose bot is launched and not waited for."""
    with open_box("socket") as box:
        environment = {**box.environment(), "DATABASE_URL": f"sqlite:///{folder / 'spy.db'}"}
        bot = BotProcess(folder / "bot", config=modest(box.config_yaml()), environment=environment)
        box.bot_url = bot.url
        box.slack.links.is_rude = True
        bot.launch()
        yield World(box=box, bot=bot)
        bot.stop()


def test_a_link_that_is_not_greeted_and_one_that_is_deaf_are_replaced(tmp_path: Path):
    with linked(tmp_path) as world:
        asked = lambda: world.box.calls("slack").count("apps.connections.open")  # noqa: E731  of this box
        world.box.wait_for(lambda: asked() >= 2, seconds=60)
        assert not world.bot.is_ready
        world.box.slack.links.is_rude = False
        world.box.wait_for(lambda: world.bot.is_ready, seconds=60)

        world.box.slack.deafen()
        before = asked()
        world.box.wait_for(lambda: asked() > before, seconds=60)
        world.box.wait_for(lambda: world.box.slack.links.hears, seconds=60)
        number = world.declare('me "heard again" sev1')
        world.settle()

        assert number == 1
        world.everything_is_there_once("heard again")
