"""Alerts through the real doors, on both databases: presses of two people at once, kill -9, and Slack away.

What is reported is recorded from PagerDuty, Alertmanager and Grafana. Where the bot dies, it holds an alert of each.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bot.sandbox.faults import Fault, reset_after, reset_before
from bot.sandbox.recorder import Exchange
from bot.sandbox.slack.world import SlackMessage
from tests.e2e.world import World, slug
from tests.support.folders import DOCS
from tests.support.recorded_alerts import SECRETS, TOOL, delivery

POSTED, EDITED, ANSWERED = "chat.postMessage", "chat.update", "response_url"
SAME = "Same as"
PRESSES = (SAME, "Not an incident", "Declare")
"""Declare comes last: each incident that opens is offered in the lines that are left."""
TYPED = ("alert same {} as 1", "alert ignore {}", "alert declare {}")
SOURCES = tuple(SECRETS)
NUMBER = re.compile(r"Alert (\d+) on ")
BUTTONS = re.compile(r"'(Declare|Same as INC-\d+|Not an incident)'")
DECIDED = re.compile(r"Declared by|Added to|Marked")


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


def test_two_people_who_press_at_once_decide_a_recorded_alert_once(world: World):
    titles = {(source, press): f"pressed twice {press} {source}" for source in SOURCES for press in PRESSES}
    shown(world, {title: source for (source, _), title in titles.items()})
    before = {person: len(world.ephemerals(person)) for person in ("ana", "raj")}

    for press in PRESSES:
        together(world, [titles[source, press] for source in SOURCES], press, by=("ana", "raj"))
    world.settle()

    told = [text for person, count in before.items() for text in world.ephemerals(person)[count:]]
    for title in titles.values():
        line = only_line(world, title)
        assert DECIDED.search(str(line.blocks))
        assert len([it for it in told if is_second(it, number(line))]) == 1, title
    assert len(channels(world, "pressed-twice")) == len(SOURCES)


def test_killed_between_the_row_and_its_line_each_line_is_there_once(world: World):
    titles = {f"no line yet {source}": source for source in SOURCES}
    refuse(world, POSTED, titles, reset_before)

    for title, source in titles.items():
        assert tell(world, source, title).status_code == 202
    die(world)

    assert [len(lines(world, it)) for it in titles] == [1] * len(titles)


def test_killed_between_the_line_and_its_record_each_line_is_there_once(world: World):
    titles = {f"a line already {source}": source for source in SOURCES}
    refuse(world, POSTED, titles, reset_after)

    for title, source in titles.items():
        tell(world, source, title)
    world.box.wait_for(lambda: all(lines(world, it) for it in titles))
    die(world)

    assert [len(lines(world, it)) for it in titles] == [1] * len(titles)


def test_killed_between_a_press_and_its_answer_who_presses_again_decides_nothing_else(world: World):
    titles = dict(zip((f"unanswered {it}" for it in PRESSES), SOURCES, strict=True))
    shown(world, titles)
    numbers = [number(only_line(world, it)) for it in titles]
    world.box.faults.inject("slack", ANSWERED, reset_before, times=50)
    world.box.faults.inject("slack", EDITED, reset_before, times=50)

    pressed = [press(world, title, it) for title, it in zip(titles, PRESSES, strict=True)]
    die(world)
    for words, alert in zip(TYPED, numbers, strict=True):
        world.box.slack.slash("ana", "imoc", "/spy", words.format(alert))
    world.settle()

    assert pressed == ["ok"] * 3
    assert all(DECIDED.search(str(only_line(world, it).blocks)) for it in titles)
    assert len(channels(world, "unanswered")) == 1


def test_killed_between_an_edit_and_its_record_each_line_shows_the_press(world: World):
    titles = dict(zip((f"edited {it}" for it in PRESSES), SOURCES, strict=True))
    shown(world, titles)
    refuse(world, EDITED, titles, reset_after)

    for title, it in zip(titles, PRESSES, strict=True):
        press(world, title, it)
    world.box.wait_for(lambda: all(DECIDED.search(str(only_line(world, it).blocks)) for it in titles))
    die(world)

    assert all(not BUTTONS.search(str(only_line(world, it).blocks)) for it in titles)
    assert len(channels(world, "edited-declare")) == 1


def test_killed_while_pagerdutys_incident_becomes_a_page_nobody_is_rung_twice(world: World):
    theirs = world.box.pagerduty.alert("pods are down", service="PSVC2")
    world.box.wait_for(lambda: lines(world, theirs.title, "payments"))
    world.settle()
    world.box.faults.inject("slack", "*", reset_before, times=200)

    press(world, theirs.title, "Declare", where="payments")
    die(world)
    [channel] = channels(world, "pods-are-down")
    world.slash("sev sev1", where=channel.name)
    world.box.pagerduty.acknowledge("kim", theirs.id)
    world.settle()

    paged = [it.title for it in world.box.pagerduty.incidents if it.service.id == "PSVC2" and it.is_open]
    assert paged == [theirs.title]
    assert any("acknowledged by Kim Park" in it for it in world.texts(channel.name))
    world.slash('stop "rolled back"', where=channel.name)
    world.settle()
    assert theirs.status == "resolved"


def test_nothing_is_lost_while_slack_is_away(world: World):
    titles = [f"while away {number}" for number in range(10, 30)]
    world.box.faults.inject("slack", POSTED, reset_before, times=200)

    answers = [tell(world, SOURCES[place % 3], it).status_code for place, it in enumerate(titles)]
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


def tell(world: World, source: str, title: str) -> httpx.Response:
    """Report a recorded alert. Each title is a service of its own, whose lines the command team has."""
    sent = delivery(source, title, service=f"of-{slug(title)}", at=world.box.clock.now())
    return httpx.post(f"{world.bot.url}{sent.path}", content=sent.body, headers=sent.headers)


def shown(world: World, titles: Mapping[str, str]) -> None:
    """Report alerts, each from its source, and wait for their lines."""
    for title, source in titles.items():
        assert tell(world, source, title).status_code == 202
    world.box.wait_for(lambda: all(lines(world, it) for it in titles))
    world.settle()


def lines(world: World, title: str, channel: str = "imoc") -> list[SlackMessage]:
    return [it for it in world.box.slack.messages(channel) if title in world.box.slack.text_of(it)]


def only_line(world: World, title: str, channel: str = "imoc") -> SlackMessage:
    [line] = lines(world, title, channel)
    return line


def number(line: SlackMessage) -> int:
    found = NUMBER.search(str(line.blocks))
    assert found
    return int(found[1])


def is_second(text: str, alert: int) -> bool:
    """Whether an answer tells who decided about an alert first."""
    return (
        re.search(rf"for alert {alert} at|added alert {alert} to|that alert {alert} is not", text) is not None
    )


def channels(world: World, slug: str) -> list[Any]:
    return [it for it in world.box.slack.channels if slug in it.name]


def press(world: World, title: str, label: str, *, by: str = "ana", where: str = "imoc") -> str:
    line = only_line(world, title, where)
    [found] = [it for it in BUTTONS.findall(str(line.blocks)) if it.startswith(label)][:1]
    return world.box.slack.press(by, where, line.ts, found).status


def together(world: World, titles: Sequence[str], label: str, *, by: Sequence[str]) -> None:
    """Let people press the same button of each line at once."""
    with ThreadPoolExecutor() as people:
        pressed = [people.submit(press, world, title, label, by=who) for title in titles for who in by]
    assert {it.result() for it in pressed} == {"ok"}


def refuse(world: World, method: str, titles: Mapping[str, str], fault: Fault) -> None:
    """Let each call about these alerts fail."""

    def is_about(exchange: Exchange) -> bool:
        return any(title in exchange.body.decode() for title in titles)

    world.box.faults.inject("slack", method, fault, times=200, match=is_about)


def die(world: World) -> None:
    """Kill the bot, and start another one that takes over."""
    world.bot.kill()
    world.box.faults.clear()
    world.outlast_leases()
    world.bot.start()
    world.settle()
