"""User groups on their way from Slack to who may: the real adapter, over HTTP, against the box."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType

import pytest
from structlog.testing import capture_logs

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.sandbox import Box
from bot.services.permissions import FRESH
from bot.testing import POLICY, SpyKit
from bot.workers.sync import Sync


@command("wipe", allow="operator")
def wipe() -> Reply:
    """Wipe."""
    return Reply("wiped")


@dataclass(frozen=True, kw_only=True)
class Scene:
    box: Box
    spy: SpyKit
    sync: Sync

    def may_wipe(self, person: str) -> bool:
        answer = self.spy.say("wipe", by=person).message
        return bool(answer and answer.text.startswith("wiped"))

    def pass_a_while(self) -> None:
        self.spy.clock.tick(seconds=FRESH.total_seconds())


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Return a Spy whose only operators are the user group S0SRE: Ana and Raj."""
    plugin = ModuleType("wiping")
    vars(plugin).update(wipe=wipe)
    spy = SpyKit(plugin, policy=replace(POLICY, permissions={"operator": frozenset({"S0SRE"})}))
    with Box(delivery="http") as box:
        keys = box.environment()
        chat = SlackChat(PooledWebClient(keys["SLACK_BOT_TOKEN"], base_url=keys["SLACK_API_URL"]), spy.clock)
        sync = Sync(
            sessions=spy.sessions,
            clock=spy.clock,
            policy=lambda: spy.policy,
            chat=chat,
            pager=None,
            wake=lambda: None,
        )
        yield Scene(box=box, spy=spy, sync=sync)
        chat.close()


def test_who_is_in_a_user_group_has_its_role(scene: Scene):
    before = scene.may_wipe("U0RAJ")
    scene.sync.groups()

    assert not before
    assert [it for it in ("U0ANA", "U0RAJ", "U0KIM", "U0ZOE") if scene.may_wipe(it)] == ["U0ANA", "U0RAJ"]


def test_only_the_groups_that_are_named_are_asked_for_and_not_sooner_than_needed(scene: Scene):
    for _ in range(3):
        scene.sync.groups()
    scene.pass_a_while()
    scene.sync.groups()

    asked = [it for it in scene.box.exchanges if it.method.startswith("usergroups.")]
    assert [(it.method, it.body) for it in asked] == [("usergroups.users.list", b"usergroup=S0SRE")] * 2


def test_a_group_that_cannot_be_read_keeps_its_members_and_the_log_says_so_once(scene: Scene):
    scene.sync.groups()
    scene.box.slack.scopes.remove("usergroups:read")

    with capture_logs() as said:
        for _ in range(3):
            scene.pass_a_while()
            scene.sync.groups()

    assert scene.may_wipe("U0RAJ")
    [line] = said
    assert (line["log_level"], line["group"]) == ("warning", "S0SRE")
    assert "usergroups:read" in line["why"]


def test_a_group_that_can_be_read_again_is_as_slack_has_it_now(scene: Scene):
    scene.sync.groups()
    scene.box.slack.state.usergroups["S0SRE"] = ("sre", ["U0KIM"])
    scene.pass_a_while()
    scene.sync.groups()

    assert scene.may_wipe("U0KIM")
    assert not scene.may_wipe("U0RAJ")
