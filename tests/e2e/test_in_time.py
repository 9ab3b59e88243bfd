"""The real bot beside a plugin that hangs and a database that hangs: told in time, not done later, others go on."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.sandbox import Box
from tests.adapters.test_database_limits import through
from tests.conftest import RunningBot, Serve
from tests.e2e.world import World

PLUGIN = '''"""Commands that end badly."""

import threading

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.services.transaction import Transaction
from bot.services.incident.incidents import Incidents


@command('wedge "name"')
def wedge(name: str, *, tx: Transaction) -> Reply:
    """Open an incident, and never end."""
    Incidents(tx).declare(name, by="U0ANA", severity=None)
    threading.Event().wait()
    return Reply("help/plugins", {})


@command("quit it")
def quit_it() -> Reply:
    """End the program."""
    raise SystemExit(3)
'''


@pytest.fixture
def wedged(box: Box, sqlite_url: str, serve: Serve, tmp_path: Path) -> World:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "wedge.py").write_text(PLUGIN)
    (folder / "leaves.py").write_text("import sys; sys.exit(3)")
    config = f"{box.config_yaml()}\nplugins: [{folder}]"
    bot = serve(config, {**box.environment(), "DATABASE_URL": sqlite_url})
    box.bot_url = bot.url
    return World(box=box, bot=bot)


def test_plugins_that_hang_and_that_exit_hold_up_nobody(wedged: World):
    with ThreadPoolExecutor(2) as people:
        hanging = people.submit(wedged.box.slack.slash, "raj", "general", "/spy", 'wedge "never"')
        quitting = people.submit(wedged.box.slack.slash, "kim", "general", "/spy", "quit it")
        number = wedged.declare('me "checkout is down" sev1')

    assert "`wedge` took longer than Slack waits" in str(hanging.result().body)
    assert "fault of its own" in str(quitting.result().body)
    wedged.settle()
    assert number == 1
    wedged.everything_is_there_once("checkout is down")
    assert "leaves.py:1: it ends the program" in wedged.bot.log.read_text()
    assert 'spy_requests_given_up_total{reason="slow"} 1.0' in (wedged.bot.page("/metrics") or "")


@pytest.fixture
def held(sqlite_url: str) -> Iterator[sqlite3.Connection]:
    """Another process on the bot's database."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=30)) as other:
        yield other


def test_what_a_locked_database_does_not_take_is_not_done_later_either(
    world: World, held: sqlite3.Connection
):
    held.execute("BEGIN IMMEDIATE")
    world.box.slack.say("kim", "general", 'spy incident me "said aloud" sev3')
    command = world.slash('me "said by command" sev1')
    world.box.wait_for(lambda: world.ephemerals("kim"))
    held.rollback()
    world.box.slack.redeliver(last=2)
    world.settle()

    assert command.ok
    for told, words in ((str(command.body), "said by command"), (world.ephemerals("kim")[0], "said aloud")):
        assert "nothing was done" in told
        assert "https://app.pagerduty.com/incidents" in told
        assert words in told
    assert not world.channels(1)
    assert world.declare('me "afterwards" sev3') == 1


def test_a_database_that_says_nothing_is_told_and_then_all_goes_on(
    box: Box, postgresql_url: str, running_bot: RunningBot
):
    with through(postgresql_url) as (proxy, url):
        world = World(box=box, bot=running_bot(box, url))
        world.declare('me "before" drill')
        world.settle()

        proxy.swallows = True
        answer = world.slash('me "meanwhile" sev1')
        proxy.swallows = False

        assert answer.ok
        assert "nothing was done" in str(answer.body)
        world.box.wait_for(lambda: world.slash('me "afterwards" sev1').body and world.pages("afterwards"), 60)
        world.settle()
        world.everything_is_there_once("afterwards")
        assert not world.pages("meanwhile")
