"""The shortcuts as Slack sends them, signed, and what becomes of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.adapters.slack.manifest import manifest
from bot.commands.request import Source
from bot.domain.incident.origin import Origin
from tests.adapters.test_slack_inbound import Slack, said

SHORTCUT = {
    "type": "shortcut",
    "token": "t",
    "action_ts": "1.1",
    "team": {"id": "T0SPY", "domain": "acme"},
    "user": {"id": "U0ANA", "username": "ana", "team_id": "T0SPY"},
    "callback_id": "declare",
    "trigger_id": "1.2.anywhere",
}
ON_MESSAGE = SHORTCUT | {
    "type": "message_action",
    "user": {"id": "U0ANA", "name": "ana"},
    "callback_id": "declare_from_message",
    "channel": {"id": "C0PAY", "name": "payments"},
    "message_ts": "17.100",
    "message": {"type": "message", "user": "U0RAJ", "ts": "17.100", "text": "it is slow\nvery"},
    "response_url": "https://hooks.slack.com/app/1",
}
URL = "https://acme.slack.com/archives/C0PAY/p17100"


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = Slack()
    yield slack
    slack.chat.close()


def origin(slack: Slack, **message: Any) -> Origin:
    slack.interaction(ON_MESSAGE | {"message": {**ON_MESSAGE["message"], **message}})  # type: ignore[dict-item]
    found = slack.router.asks[-1].origin
    assert found
    return found


def test_the_manifest_has_both_shortcuts():
    shortcuts = manifest([], mode="socket")["features"]["shortcuts"]

    assert [(it["name"], it["type"], it["callback_id"]) for it in shortcuts] == [
        ("Declare an incident", "global", "declare"),
        ("Declare from this", "message", "declare_from_message"),
    ]
    assert all(len(it["name"]) <= 24 and len(it["description"]) <= 150 for it in shortcuts)


def test_the_global_shortcut_asks_for_the_form(slack: Slack):
    assert slack.interaction(SHORTCUT).status == 200

    [request] = slack.router.asks
    assert (request.id, request.trigger, request.text) == ("1.2.anywhere", "1.2.anywhere", "incident me")
    assert (request.user, request.source, request.channel, request.origin) == (
        "U0ANA",
        Source.SHORTCUT,
        None,
        None,
    )


def test_the_shortcut_on_a_message_brings_the_message(slack: Slack):
    slack.interaction(ON_MESSAGE)

    [request] = slack.router.asks
    assert (request.channel, request.thread, request.is_private) == ("C0PAY", None, False)
    assert request.origin == Origin(url=URL, author="<@U0RAJ>", text="it is slow\nvery", thread="17.100")


def test_a_reply_is_linked_in_its_thread(slack: Slack):
    found = origin(slack, thread_ts="16.9")

    assert (found.url, found.thread) == (f"{URL}?thread_ts=16.9&cid=C0PAY", "16.9")


BOTS: list[tuple[Mapping[str, Any], str, str]] = [
    ({"bot_id": "B1", "username": "Grafana", "text": "[FIRING] disk"}, "Grafana", "[FIRING] disk"),
    ({"bot_id": "B1", "bot_profile": {"name": "Datadog"}, "text": "x"}, "Datadog", "x"),
    ({"text": "", "attachments": [None, {"fallback": "disk is full"}]}, "<@U0RAJ>", "disk is full"),
    ({"text": "", "blocks": [{"type": "header", "text": {"text": "CPU"}}]}, "<@U0RAJ>", "CPU"),
    ({"user": None, "text": None}, "", ""),
    ({"user": "<!channel>", "text": ["x"], "attachments": "x", "blocks": {}}, "", ""),
]


@pytest.mark.parametrize(("message", "author", "text"), BOTS)
def test_what_a_bot_or_nobody_wrote_has_an_author_if_slack_names_one(
    slack: Slack, message: Mapping[str, Any], author: str, text: str
):
    found = origin(slack, **message)

    assert (found.author, found.text) == (author, text)


@pytest.mark.parametrize(
    "channel",
    [
        {"id": "C0SEC", "name": "privategroup"},
        {"id": "D0RAJ", "name": "directmessage"},
        {"id": "G0OLD", "name": "old"},
        {"id": "C0MANY", "name": "mpdm-ana--raj-1"},
    ],
)
def test_a_message_that_not_all_can_read_is_private(slack: Slack, channel: Mapping[str, str]):
    slack.interaction(ON_MESSAGE | {"channel": channel})

    [request] = slack.router.asks
    assert request.is_private
    assert request.origin
    assert request.origin.is_private


@pytest.mark.parametrize("left_out", ["channel", "trigger_id", "user"])
def test_a_shortcut_that_lacks_what_it_needs_is_acknowledged_and_passed_over(slack: Slack, left_out: str):
    answer = slack.interaction({name: it for name, it in ON_MESSAGE.items() if name != left_out})

    assert (answer.status, slack.router.asks) == (200, [])


def test_an_unknown_shortcut_is_acknowledged(slack: Slack):
    assert slack.interaction(SHORTCUT | {"callback_id": "other"}).status == 200
    assert slack.router.asks == []


def test_words_in_a_thread_bring_the_thread(slack: Slack):
    slack.event(said('spy incident me "x"', thread_ts="16.9"))

    found = slack.router.asks[0].origin
    assert found == Origin(url="https://acme.slack.com/archives/C0GENERAL/p169", kind="thread")


def test_words_outside_a_thread_bring_none(slack: Slack):
    slack.event(said('spy incident me "x"'))

    assert slack.router.asks[0].origin is None
