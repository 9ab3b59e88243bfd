"""A bot whose tokens open nothing says so, once, and what to do about it."""

import re
from pathlib import Path

import pytest

from bot.adapters.slack.failures import APP_TOKEN_CURES, CURES
from bot.sandbox import Box
from tests.e2e.bot_process import BotProcess

DEAD = {"SLACK_BOT_TOKEN": "xoxb-of-yesterday", "SLACK_APP_TOKEN": "xapp-of-yesterday"}


BOT_TOKEN, APP_TOKEN = CURES["invalid_auth"], APP_TOKEN_CURES["invalid_auth"]


@pytest.mark.parametrize(
    ("box", "whys"),
    [("http", [BOT_TOKEN]), ("socket", [BOT_TOKEN, APP_TOKEN])],
    indirect=["box"],
    ids=["http", "socket"],
)
def test_a_bot_with_dead_tokens_says_that_it_is_not_connected(
    box: Box, sqlite_url: str, tmp_path: Path, whys: list[str]
):
    environment = {**box.environment(), **DEAD, "DATABASE_URL": sqlite_url}
    bot = BotProcess(tmp_path / "bot", config=box.config_yaml(), environment=environment)
    bot.launch()
    try:
        box.wait_for(lambda: asked_often(box, len(whys)), seconds=60)
    finally:
        bot.stop()

    assert sorted(reasons(bot)) == sorted(whys)
    assert "Pool(" not in bot.said()


def asked_often(box: Box, tokens: int) -> bool:
    methods = ("auth.test", "apps.connections.open")[:tokens]
    return all(box.calls("slack").count(it) >= 3 for it in methods)


def reasons(bot: BotProcess) -> list[str]:
    lines = [line for line in bot.said().splitlines() if "not connected: run spy check" in line]
    return [re.findall(r'"why": "([^"]*)"', line)[0] for line in lines]
