"""Only the commands of its manifest reach an app, not Slack's own and not unknown ones."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox import Box

MANIFEST = {
    "features": {
        "slash_commands": [
            {"command": "/incident", "should_escape": True},
            {"command": "/raw", "should_escape": False},
        ]
    },
    "oauth_config": {"scopes": {"bot": ["chat:write", "commands"]}},
    "settings": {"event_subscriptions": {"bot_events": ["message.channels"]}},
}


@pytest.fixture
def installed(bot: Any) -> Iterator[Any]:
    """An app with two commands, which keeps the typed text."""
    bot.typed = []
    for name in ("/incident", "/raw", "/lock", "/invite"):
        bot.app.command(name)(lambda ack, body: (bot.typed.append((body["command"], body["text"])), ack()))
    bot.box.slack.install(MANIFEST)
    return bot


def ephemerals(box: Box, person: str) -> list[str]:
    return [box.slack.text_of(it) for it in box.slack.ephemerals(person)]


@pytest.mark.parametrize("command", ["/lock", "/sev1", "/incidnet", "/Incident", "/"])
def test_a_command_that_no_manifest_has_is_answered_by_slack_alone(installed: Any, command: str):
    answer = installed.box.slack.slash("ana", "general", command, "me x")

    assert answer.status == "failed"
    [said] = ephemerals(installed.box, "ana")
    assert said.startswith(f"{command} is not a valid command.")
    assert installed.typed == []


def test_names_are_escaped_for_the_commands_that_ask_for_it(installed: Any):
    installed.box.slack.slash("ana", "general", "/incident", "hand @raj api.example.com")
    installed.box.slack.slash("ana", "general", "/raw", "hand @raj api.example.com")

    assert installed.typed == [
        ("/incident", "hand <@U0RAJ|raj> <http://api.example.com|api.example.com>"),
        ("/raw", "hand @raj api.example.com"),
    ]


def test_slacks_own_commands_are_done_by_slack(installed: Any):
    box = installed.box
    box.slack.slash("raj", "security", "/invite", "@kim")
    box.slack.slash("raj", "security", "/rename", "quiet")
    box.slack.slash("kim", "quiet", "/remove", "@raj")
    box.slack.slash("kim", "quiet", "/archive")

    assert box.slack.members("quiet") == ["kim"]
    assert box.slack.channel("quiet").is_archived
    assert installed.typed == []


def test_events_and_scopes_are_those_of_the_manifest(installed: Any, refusal: Any):
    installed.box.slack.react("ana", "general", installed.box.slack.say("ana", "general", "hi"), "eyes")

    assert installed.kinds() == ["message"]
    assert refusal(installed.client.users_info, user="U0ANA") == "missing_scope"


def test_slackbot_is_a_known_user_and_not_an_app(bot: Any):
    found = bot.client.users_info(user="USLACKBOT")["user"]

    assert (found["name"], found["is_bot"], "bot_id" in found["profile"]) == ("slackbot", False, False)
