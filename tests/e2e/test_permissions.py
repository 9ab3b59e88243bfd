"""Who may do what in a running Spy: a user group read at start, and a guest known by Slack's word."""

from pathlib import Path

import pytest

from bot.sandbox import Box
from tests.conftest import Serve
from tests.e2e.world import World

PLUGIN = '''
"""Something that not everybody may."""

from bot.commands.request import Request
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.services.permissions import Permissions


@command("switch over", allow="operator")
def switch() -> Reply:
    """Switch over."""
    return Reply("switched")


@command("approve it")
def approve(request: Request, *, permissions: Permissions) -> Reply:
    """Approve it."""
    permissions.require_member(request.user, "Approving it")
    return Reply("switched")
'''


@pytest.fixture
def world(box: Box, sqlite_url: str, serve: Serve, tmp_path: Path) -> World:
    """Return a bot with a plugin of somebody's own; Raj is an operator by the user group S0SRE alone."""
    for name, text in {"plugins/switching.py": PLUGIN, "templates/switched.j2": "Switched.\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    config = f"{box.config_yaml()}\nplugins: [{tmp_path}/plugins]\ntemplates: [{tmp_path}/templates]\n"
    bot = serve(config, {**box.environment(), "DATABASE_URL": sqlite_url})
    box.bot_url = bot.url
    return World(box=box, bot=bot)


def answer(world: World, person: str, text: str) -> str:
    return str(world.box.slack.slash(person, "general", "/spy", text).body)


def test_an_operator_by_user_group_may_and_a_guest_may_not_even_approve(world: World):
    world.box.wait_for(lambda: "Switched" in answer(world, "raj", "switch over"))
    refused = answer(world, "kim", "switch over")

    assert "you are a guest" in answer(world, "zoe", "approve it")
    assert "Switched" in answer(world, "kim", "approve it")
    assert "ask <@U0ANA>, or someone in the user group S0SRE (<@U0RAJ>, as of" in refused
    asked = [it.body for it in world.box.exchanges if it.method.startswith("usergroups.")]
    assert asked == [b"usergroup=S0SRE"]


def test_somebody_who_joined_later_is_asked_for_before_their_first_command_runs(world: World):
    world.box.slack.hire(1)

    assert "Switched" not in answer(world, "p1", "approve it")
    world.box.wait_for(lambda: "Switched" in str(world.box.slack.ephemerals("p1")))
