"""How Slack converts typed text, in messages and in commands with escaped names."""

from collections.abc import Iterator

import pytest

from bot.sandbox import Box
from bot.sandbox.slack.typed import in_command, in_message


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("api.example.com is down", "<http://api.example.com|api.example.com> is down"),
        (
            "see (grafana.example.com:3000/d/1?a=b&c=d).",
            "see (<http://grafana.example.com:3000/d/1?a=b&amp;c=d|grafana.example.com:3000/d/1?a=b&amp;c=d>).",
        ),
        ("is API.Example.COM up?", "is <http://API.Example.COM|API.Example.COM> up?"),
        ("https://x.example/?a=1&b=2, and more", "<https://x.example/?a=1&amp;b=2>, and more"),
        ("http://localhost:8765/", "<http://localhost:8765/>"),
        ("ask help@example.com.", "ask <mailto:help@example.com|help@example.com>."),
        ("read README.md", "read <http://README.md|README.md>"),
        (
            "api.internal, node.js, 10.0.0.1, v2.31 and 0.1 %",
            "api.internal, node.js, 10.0.0.1, v2.31 and 0.1 %",
        ),
        ("a@b and x@api.internal", "a@b and x@api.internal"),
        ("`api.example.com` ```\napi.example.com < 3```", "`api.example.com` ```\napi.example.com &lt; 3```"),
        ("deploy-api.example.com_x", "deploy-api.example.com_x"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("\N{FIRE} checkout \N{WHITE HEAVY CHECK MARK}", ":fire: checkout :white_check_mark:"),
        ("@here @channel @everyone", "<!here> <!channel> <!everyone>"),
        ("#payments #security #nowhere issue#7", "<#C0PAY|payments> <#C0SECRET|> #nowhere issue#7"),
    ],
)
def test_messages_and_commands_convert_it_the_same_way(box: Box, typed: str, read: str):
    assert in_message(box.slack.state, typed) == read
    assert in_command(box.slack.state, typed) == read


@pytest.mark.parametrize(
    ("typed", "message", "command"),
    [
        ("thanks @raj.", "thanks <@U0RAJ>.", "thanks <@U0RAJ|raj>."),
        ("@sre, look", "<!subteam^S0SRE>, look", "<!subteam^S0SRE|@sre>, look"),
        ("@spy tldr", "<@U0SPY> tldr", "<@U0SPY|spy> tldr"),
        ("@nobody", "@nobody", "@nobody"),
    ],
)
def test_only_a_command_has_names_beside_the_ids(box: Box, typed: str, message: str, command: str):
    assert in_message(box.slack.state, typed) == message
    assert in_command(box.slack.state, typed) == command


def test_people_read_what_was_typed(box: Box):
    words = "@raj: api.example.com & help@example.com fail, see https://x.example/?a=1&b=2 in #payments, @sre"

    ts = box.slack.say("ana", "general", words)

    assert box.slack.text_of(box.slack.message("general", ts)) == words
