"""Alerts through the real doors, on both databases: presses of two people at once, kill -9, and Slack away."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bot.sandbox.faults import reset_before
from bot.sandbox.recorder import Exchange
from bot.sandbox.slack.world import SlackMessage
from tests.e2e.world import World
from tests.support import samples
from tests.support.folders import DOCS

TOOL = "sandbox-alerts-secret"
POSTED = "chat.postMessage"
PRESSES = ("Declare", "Same as INC-1", "Not an incident")


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One bot for all tests on a database. INC-1 is open, so that each line bears all three buttons."""
    world: World = request.getfixturevalue(f"{request.param}_world")
    if not world.bot.is_ready:
        world.bot.restart()
    if not world.channels(1):
        world.declare('me "payments are slow" sev3')
        world.settle()
    yield world
    world.box.faults.clear()


def tell(world: World, title: str, **more: Any) -> httpx.Response:
    """Report an alert. Each title is a service of its own at the command team's channel, unless one is given."""
    body = samples.body({"title": title, "service": "payments", "key": title} | more)
    at = int(world.box.clock.now().timestamp())
    headers = samples.signed_by_tool(body, at, TOOL)
    return httpx.post(f"{world.bot.url}/webhooks/alerts", content=body, headers=headers)


def lines(world: World, title: str, channel: str = "imoc") -> list[SlackMessage]:
    return [it for it in world.box.slack.messages(channel) if title in world.box.slack.text_of(it)]


def service(title: str) -> str:
    return f"service-{title.replace(' ', '-')}"


def shown(world: World, title: str) -> SlackMessage:
    assert tell(world, title, service=service(title)).status_code == 202
    world.box.wait_for(lambda: lines(world, title))
    world.settle()
    [line] = lines(world, title)
    return line


@pytest.mark.parametrize("label", PRESSES)
def test_two_people_who_press_at_once_decide_it_once(world: World, label: str):
    title = f"two people press {PRESSES.index(label)}"
    line = shown(world, title)
    before = {person: len(world.ephemerals(person)) for person in ("ana", "raj")}

    with ThreadPoolExecutor() as people:
        pressed = [people.submit(world.box.slack.press, it, "imoc", line.ts, label) for it in before]
    assert [it.result().status for it in pressed] == ["ok", "ok"]
    world.settle()

    told = [text for person, count in before.items() for text in world.ephemerals(person)[count:]]
    assert sum("for alert" in it or "added alert" in it or "that alert" in it for it in told) == 1
    assert len(lines(world, title)) == 1
    assert len([it for it in world.box.slack.channels if "two-people-press" in it.name]) <= 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_line_it_is_there_once_after_the_restart(world: World, moment: str):
    title = f"killed {moment} the line"
    if moment == "before":
        world.box.faults.inject("slack", POSTED, reset_before, match=about(title))
    kill_at(world, POSTED, title, moment=moment)

    tell(world, title, service=service(title))
    heir(world)

    assert len(lines(world, title)) == 1


@pytest.mark.parametrize("label", PRESSES)
def test_killed_while_the_line_is_edited_the_press_counts_once(world: World, label: str):
    title = f"killed at an edit {PRESSES.index(label)}"
    line = shown(world, title)
    kill_at(world, "chat.update", title, moment="after")

    world.box.slack.press("ana", "imoc", line.ts, label)
    heir(world)

    [edited] = lines(world, title)
    assert all(f"'{it}'" not in str(edited.blocks) for it in PRESSES)
    assert len([it for it in world.box.slack.channels if "killed-at-an-edit" in it.name]) <= 1


def test_nothing_is_lost_while_slack_is_away(world: World):
    titles = [f"while away {number}" for number in range(10, 30)]
    world.box.faults.inject("slack", POSTED, reset_before, times=200)

    answers = [tell(world, it, service=service(it)).status_code for it in titles]
    world.box.faults.clear()
    world.outlast_leases()
    world.settle()

    assert set(answers) == {202}
    assert [len(lines(world, it)) for it in titles] == [1] * 20


def test_what_the_page_tells_a_tool_to_run_works(world: World):
    page = (DOCS / "alerts.md").read_text(encoding="utf-8")
    words = page.partition("```sh\n")[2].partition("```")[0]
    now = str(int(world.box.clock.now().timestamp()))  # the shell's clock would not move with the box's
    script = words.replace("https://spy.example.com", world.bot.url).replace("$(date +%s)", now)
    environment = {"PATH": os.environ["PATH"], "ALERTS_WEBHOOK_SECRET": TOOL, "no_proxy": "127.0.0.1"}

    ran = subprocess.run(("sh", "-c", script), env=environment, capture_output=True, text=True, check=True)

    assert ran.stdout.startswith("Kept as alert ")


# --- the telling ------------------------------------------------------------------------------------------


def about(title: str) -> Any:
    return lambda exchange: title in exchange.body.decode()


def kill_at(world: World, method: str, title: str, *, moment: str) -> None:
    """End the bot when it makes this call about the alert."""
    hook = world.box.faults.before if moment == "before" else world.box.faults.after

    def kill(exchange: Exchange) -> None:
        if title in exchange.body.decode():
            world.bot.kill()

    hook("slack", method, kill, times=50)


def heir(world: World) -> None:
    """See the bot die, and start another one that takes over."""
    world.box.wait_for(lambda: not world.bot.is_alive, seconds=20)
    world.box.faults.clear()
    world.outlast_leases()
    world.bot.start()
    world.settle()
