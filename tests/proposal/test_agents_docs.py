"""docs/agents.md, word for word: its configuration, its tools, its numbers, and the message that it shows."""

import json
import re
from argparse import ArgumentParser

from bot.commands.plugins import load
from bot.commands.tool import tools
from bot.domain.proposal import CARRIED_OUT_WITHIN, IN_A_WHILE, LASTS, LONGEST, OPEN_AT_MOST, WHILE
from bot.testing import SpyKit
from bot.web.mcp.endpoint import PATH
from bot.web.mcp.site import ONE, OPEN
from tests.proposal.test_proposals import asks, shown
from tests.support.docs import blocks, section
from tests.support.folders import PLUGINS, ROOT
from tests.support.times import in_utc

TEXT = (ROOT / "docs/agents.md").read_text(encoding="utf-8")
NUMBERS = {"two": 2, "five": 5, "ten": 10, "thirty": 30}


def test_the_message_is_what_the_page_shows(spy: SpyKit, channel: str):
    asks(spy, 'inc-1 incident update "rolling back"', agent="Claude on my laptop")

    message = shown(spy)
    labels = [f"*{it.label}*" for part in message.parts for it in getattr(part, "buttons", ())]
    page = [
        it.removeprefix("> ") for it in section("docs/agents.md", "A proposal").splitlines() if it[:1] == ">"
    ]
    assert [*in_utc(message.text).replace(" UTC", "").splitlines(), " · ".join(labels)] == [
        it.replace("at 13:00", "13:00") for it in page
    ]


def test_the_configuration_of_clients_names_what_there_is():
    http, stdio, slack = map(json.loads, blocks(TEXT, "json"))

    server = http["mcpServers"]["spy"]
    assert server["url"] == slack["mcp_servers"]["Spy"]["url"] == f"https://spy.example.com{PATH}"
    assert server["headers"]["Authorization"].startswith("Bearer ")
    arguments = ArgumentParser()
    arguments.add_argument("command", choices=["mcp"])
    arguments.add_argument("--config")
    arguments.parse_args(stdio["mcpServers"]["spy"]["args"])
    assert slack["mcp_servers"]["Spy"]["auth_type"] == "slack_identity_auth"


def test_the_tools_of_the_page_are_there_and_do_what_it_says():
    known = tools(load([PLUGINS]))
    rows = [it for it in section("docs/agents.md", "What it can do").splitlines() if it.startswith("| `")]
    named = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in rows]

    assert len(named) == 3
    assert all(known[it].reads for it in [*named[0], *named[2]])
    assert not any(known[it].reads for it in named[1])
    assert f"`{OPEN}` and `{ONE}12`" in TEXT


def test_the_numbers_are_those_of_the_code():
    assert f"more than {LONGEST:,}\n" in TEXT
    assert (NUMBERS["five"], NUMBERS["thirty"]) == (OPEN_AT_MOST, IN_A_WHILE)
    assert "Five proposals in one person's name wait at most, and thirty are made in an hour" in TEXT
    assert (LASTS.seconds, WHILE.seconds, CARRIED_OUT_WITHIN.seconds) == (3600, 3600, 600)
