"""A whole Home within Slack's limits, and what docs/home.md says of it."""

import re

import pytest

from bot.adapters.slack.home import opened, view
from bot.app.samples.home import CASES
from bot.app.samples.world import NAMES
from bot.commands.plugins import load
from bot.commands.request import HomeOpened
from bot.domain.message import Buttons, Message
from bot.sandbox.slack.blocks import sound_view
from bot.testing import FrozenClock
from tests.support.folders import PLUGINS, ROOT
from tests.support.templates import shipped

DOCS = (ROOT / "docs" / "home.md").read_text(encoding="utf-8")
PREFIXES = {" ".join(prefix) for command in load([PLUGINS]).commands for prefix in command.spoken}


def drawn(number: int) -> Message:
    return shipped(FrozenClock()).render("home/home", CASES["home/home"][number], names=NAMES.get)


def test_only_the_home_tab_counts_as_opened():
    event = {"type": "app_home_opened", "user": "U0ANA", "channel": "D0ANA", "view": {"hash": "1.2"}}
    body = {"event_id": "Ev1", "event": {**event, "tab": "home"}}

    assert opened(body, "U0SPY") == HomeOpened(id="Ev1", channel="D0ANA", person="U0ANA", mark="1.2")
    assert opened({"event_id": "Ev1", "event": {**event, "tab": "messages"}}, "U0SPY") is None


@pytest.fixture(scope="module")
def fullest() -> Message:
    return drawn(-1)


def labels(message: Message) -> set[str]:
    return {it.label for part in message.parts if isinstance(part, Buttons) for it in part.buttons}


def test_the_fullest_home_is_within_slacks_limits_and_nothing_of_it_is_cut(fullest: Message):
    shown = view(fullest)

    assert sound_view(shown, "home")
    assert "…" not in [it["elements"][0].get("text") for it in shown["blocks"] if it["type"] == "context"]
    assert len([it for it in shown["blocks"] if it["type"] == "actions"]) > 30


def test_what_does_not_fit_is_counted_with_a_way_to_see_it(fullest: Message):
    ways = re.findall(r"and 7 more[^:]*: `([^`]+)`", fullest.text)

    assert ways == [
        "incident list",
        "pager ack",
        "incident list",
        "oncall me",
        "oncall me",
        "follow-ups",
        "incident list",
        "incident list",
    ]
    assert set(ways) <= PREFIXES
    assert "Show all" in labels(fullest)


def test_a_home_with_nothing_says_so():
    assert "Waits for you\nNothing." in drawn(0).text
    assert "No incident is open." in drawn(0).text


def test_the_documentation_names_every_button(fullest: Message):
    table = "\n".join(line for line in DOCS.splitlines() if line.startswith("|"))
    named = {it for row in table.splitlines() for it in re.findall(r"\*([^*]+)\*", row.split("|")[3])}

    assert named == labels(fullest) - {"Open an incident", "Show all"}
    assert "*Open an incident*" in table
