"""Whether a request comes from a private channel: Slack says it in each payload in another way, or not at all."""

from typing import Any

import pytest

from bot.adapters.slack import payloads
from bot.adapters.slack.channel_types import KEPT, ChannelTypes

SLASH = {"command": "/spy", "text": "help", "trigger_id": "1", "user_id": "U0ANA", "channel_id": "C1"}
BUTTON: dict[str, Any] = {
    "trigger_id": "1",
    "user": {"id": "U0ANA"},
    "actions": [{"type": "button", "value": "help"}],
}


def message(kind: str) -> dict[str, Any]:
    event = {"type": "message", "channel": "C1", "channel_type": kind, "user": "U0ANA", "text": "spy help"}
    return {"event_id": "Ev1", "event": event}


@pytest.mark.parametrize(("name", "is_private"), [("privategroup", True), ("general", False)])
def test_a_slash_command_and_a_button_name_their_channel(name: str, is_private: bool):  # noqa: FBT001  a column
    pressed = payloads.press({**BUTTON, "channel": {"id": "C1", "name": name}})

    assert pressed
    assert payloads.slash({**SLASH, "channel_name": name}).is_private is is_private
    assert pressed.is_private is is_private


@pytest.mark.parametrize(
    ("kind", "is_private"), [("group", True), ("mpim", True), ("channel", False), ("im", False)]
)
def test_a_message_has_its_channels_type(kind: str, is_private: bool):  # noqa: FBT001  a column
    said = payloads.speech(message(kind), "U0SPY")

    assert said
    assert said.is_private is is_private


def test_the_channel_of_a_mention_counts_as_private_until_a_message_says_otherwise():
    types = ChannelTypes()

    before = types.is_private("C1")
    types.learn(message("channel")["event"])
    public = types.is_private("C1")
    types.learn(message("group")["event"])

    assert (before, public, types.is_private("C1")) == (True, False, True)


@pytest.mark.parametrize("event", [None, {}, [], {"channel": 7, "channel_type": "channel"}, "x"])
def test_an_odd_event_teaches_nothing(event: object):
    types = ChannelTypes()

    types.learn(event)

    assert types.is_private("C1")


def test_only_so_many_channels_are_kept():
    types = ChannelTypes()
    for number in range(KEPT + 1):
        types.learn({"channel": f"C{number}", "channel_type": "channel"})

    assert types.is_private("C0")
    assert not types.is_private(f"C{KEPT}")
