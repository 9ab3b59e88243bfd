"""Each command is a tool: what it takes is in its usage line, and what a program gives becomes that very command."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.commands.interpreter import Interpreter
from bot.commands.plugins import load
from bot.commands.proposing import as_slack_sends
from bot.commands.tool import Tool, tools
from bot.domain.refusal import Refusal
from bot.testing import SpyKit
from tests.support.folders import PLUGINS

REGISTRY = load([PLUGINS])
TOOLS = tools(REGISTRY)
EITHER = {"oncall_phone": {"team"}, "page": {"team"}}
"""Tools that take one of two arguments, and one that is given."""


NOT_UNDERSTOOD = ("incident_was", "services")
"""Spy reads `incident was "x" 10:05-11:40 affects checkout` as a severity, from people too."""


def examples(tool: Tool) -> Iterator[dict[str, Any]]:
    """Yield arguments: all that are needed, and these with each of the others."""
    values = {name: _example(tool, name, it) for name, it in tool.schema["properties"].items()}
    needed = {name: values[name] for name in [*tool.schema["required"], *EITHER.get(tool.name, ())]}
    yield needed
    yield from (
        needed | {name: it}
        for name, it in values.items()
        if name not in needed and (tool.name, name) != NOT_UNDERSTOOD
    )


def _example(tool: Tool, name: str, schema: dict[str, Any]) -> Any:
    match schema["type"]:
        case "integer":
            return 1
        case "boolean":
            return True
    return tool.command.slots[name].reader.example or name


def test_what_a_program_gives_becomes_the_command_of_its_tool(opened: SpyKit):
    interpreter, wrong = Interpreter(opened.registry), list[str]()
    with opened.tx() as tx:
        for tool in TOOLS.values():
            for arguments in examples(tool):
                said = tool.words(arguments)
                try:
                    meant = interpreter.understand(as_slack_sends(said), tx, asker="U0ANA").command.usage
                except Refusal as refusal:
                    meant = refusal.sentence
                if meant != tool.command.usage:
                    wrong.append(f"{tool.name} {arguments}: {said} → {meant}")

    assert not wrong, "\n".join(wrong)


def test_names_are_unique_and_those_that_clients_take():
    assert all(it.replace("_", "").isalnum() and it.isascii() and len(it) <= 64 for it in TOOLS)
    mine = {it.command for it in TOOLS.values()}
    others = {it.words for it in REGISTRY.commands if it not in mine}
    forms, twice = {"pager new", "oncall find", "status edit"}, {"incident was"}
    assert others == {"proposal approve", "proposal decline", "token new", "web", *forms, *twice}
    assert {"incident_tldr", "page", "failover", "failover_plans", "runbook", "runbook_list"} <= set(TOOLS)


def test_a_tool_says_what_it_is_for_and_whether_a_person_decides():
    note, tldr = TOOLS["incident_note"], TOOLS["incident_tldr"]

    assert note.schema["required"] == ["incident", "text"]
    assert note.schema["properties"]["incident"]["type"] == "integer"
    assert "a person reads the command in Slack and decides about it" in note.description
    assert 'In chat: incident note "text" [(at <at>|<when>)]' in note.description
    assert "decides" not in tldr.description


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("incident_note", {"incident": 7, "text": 'a "b" `c`\nd'}, "inc-7 incident note \"a 'b' 'c' d\""),
        ("page", {"incident": 7, "team": "imoc", "message": "help"}, 'inc-7 page :imoc "help"'),
        ("page", {"person": "raj", "message": "help"}, 'page @raj "help"'),
        ("incident_tldr", {"incident": 7}, "incident tldr 7"),
        ("incident_list", {"which": "all", "since": "3d", "words": "cart"}, 'incident list all since 3d "cart"'),
        ("incident_me", {"name": "x", "drill": True, "private": False}, 'incident me "x" drill'),
        ("status_set", {"component": "checkout", "words": "slow"}, 'status set checkout "slow"'),
        ("alert_same", {"incident": 7, "alert": 3}, "alert same 3 as 7"),
    ],
)  # fmt: skip
def test_arguments_are_written_as_a_person_would_type_them(name: str, arguments: dict[str, Any], words: str):
    assert TOOLS[name].words(arguments) == words
