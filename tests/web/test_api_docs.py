"""The examples of docs/api.md, run in their order."""

import itertools
import json
import re
import shlex
from dataclasses import replace
from typing import Any

import httpx
import yaml

from bot.app.settings import load
from bot.domain.incident.webhooks import EVENTS, USUAL
from bot.domain.policy import DashboardSettings
from bot.testing import SpyKit
from tests.support.api import Program, app_of
from tests.support.docs import BLOCK, blocks
from tests.support.folders import ROOT
from tests.support.tokens import token_for

PAGE = (ROOT / "docs/api.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:3000"
OF_THE_PLACE = {"line", "permalink", "channel"}
"""Fields that differ where Slack is another."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def asked(program: Program, command: str) -> httpx.Response:
    """Make the request of a curl command."""
    words = shlex.split(command.replace("$SPY", "").replace("$TOKEN", program.secret))
    headers = dict(it.split(": ", 1) for at, it in enumerate(words) if words[at - 1] == "-H")
    body = next((it for at, it in enumerate(words) if words[at - 1] == "-d"), None)
    method = "GET" if body is None else "POST"
    return program.ask(method, words[-1], headers=headers, content=body)


def same(value: Any) -> Any:
    """Return an answer without what differs from run to run."""
    match value:
        case dict():
            return {name: same(it) for name, it in value.items() if name not in OF_THE_PLACE}
        case list():
            return list(map(same, value))
        case str():
            return _TIME.sub("TIME", value.replace("Ana Lima", "ana"))
    return value


def test_each_request_is_answered_as_the_page_says(spy: SpyKit):
    spy.adopt(replace(spy.policy, dashboard=DashboardSettings(address=HERE)))
    program = Program(app_of(spy), token_for(spy, name="deploy tool", ends="for 90d"))
    shown = [(it[3], it[4]) for it in BLOCK.finditer(PAGE) if it[3] in {"sh", "json"}]
    pairs = [(one[1], two[1]) for one, two in itertools.pairwise(shown) if two[0] == "json"]

    for command, answer in pairs:
        found = asked(program, command.strip().splitlines()[-1])
        assert same(found.json()) == same(json.loads(answer)), command
    assert len(pairs) == PAGE.count("```json") == 7
    program.close()


def test_the_paths_and_events_are_those_that_there_are(spy: SpyKit):
    paths = json.loads(httpx_document(spy))["paths"]
    listed = set(re.findall(r"^\| `(/api/[^`]+)` \|", PAGE, re.MULTILINE)) - {"/api/openapi.json"}
    further = PAGE.partition("Further kinds: ")[2].partition("\n\n")[0]
    usual = PAGE.partition("what followers are told: ")[2].partition(" |")[0]

    assert listed == {*paths} - {"/api/say"}
    assert set(re.findall(r"`(\w+)`", usual)) == USUAL
    assert set(re.findall(r"`(\w+)`", further)) == EVENTS - USUAL


def httpx_document(spy: SpyKit) -> str:
    program = Program(app_of(spy))
    try:
        return program.get("/api/openapi.json").text
    finally:
        program.close()


def test_the_webhooks_of_the_page_are_a_configuration():
    [text] = blocks(PAGE, "yaml")
    teams = {"payments": {"channel": "C0PAY"}}
    settings = load(None, {}, text=yaml.safe_dump(yaml.safe_load(text) | {"teams": teams}))

    assert settings.policy().webhooks["portal"].teams == ("payments",)
