"""What Slack signs and Spy can't read, by the real requests: acknowledged all the same, and one line in the log."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bot.adapters.slack.inbound import answer_envelope, build_app
from tests.adapters.test_slack_inbound import (
    EVENT,
    FORM,
    PRESS,
    REACTION,
    SENT,
    SLASH,
    SUBMISSION,
    Slack,
    said,
)
from tests.web.served import SECRET, ServedBot, opened

JSON = "application/json"
BUTTON = {"type": "button", "action_id": "say-1", "block_id": "b", "value": "tldr"}
WHO = {"user": {"id": "U0ANA", "name": "ana"}, "team": {"id": "T0SPY"}, "action_ts": "1.0"}
WHERE = {"channel": {"id": "C0GENERAL"}, "response_url": "https://hooks.slack.com/app/1", "callback_id": "x"}

EVENTS = {
    "mention": said("<@U0SPY> tldr") | {"type": "app_mention"},
    "plain": said("spy tldr"),
    "dm": said("tldr", channel="D0ANA", channel_type="im"),
    "edit": {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "message": SENT,
        "previous_message": SENT | {"text": "then"},
    },
    "deletion": {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "3.0"},
    "picture": said("see", subtype="file_share", files=[{"mimetype": "image/png", "permalink": "https://x"}]),
    "reaction": REACTION | {"type": "reaction_added"},
    "no more reaction": REACTION | {"type": "reaction_removed"},
    "joiner": {"type": "member_joined_channel", "user": "U0RAJ", "channel": "C1"},
    "new channel": {"type": "channel_created", "channel": {"id": "C9", "name": "x"}},
    "renamed channel": {"type": "channel_rename", "channel": {"id": "C9", "name": "x"}},
}
INTERACTIONS = {
    "button": PRESS | {"actions": [BUTTON]},
    "form": SUBMISSION,
    "closed form": SUBMISSION | {"type": "view_closed", "is_cleared": False},
}
OTHERS = {
    "dialog": WHO | WHERE | {"type": "dialog_submission", "submission": {"a": "b"}, "state": ""},
    "cancelled dialog": WHO | WHERE | {"type": "dialog_cancellation", "state": ""},
    "shortcut": WHO | {"type": "shortcut", "callback_id": "x", "trigger_id": "1.1"},
    "message shortcut": WHO | WHERE | {"type": "message_action", "message": {"ts": "1"}, "trigger_id": "1.1"},
    "old button": WHO | WHERE | {"type": "interactive_message", "actions": [{"name": "a", "value": "v"}]},
    "old menu": WHO | WHERE | {"type": "dialog_suggestion", "name": "x", "value": "a"},
    "workflow step": WHO | {"type": "workflow_step_edit", "callback_id": "x", "workflow_step": {}},
    "what is new tomorrow": WHO | {"type": "hologram"},
    "nothing": {},
}
"""What Spy has no use for."""


class SlackRequests:
    """Slack's own, with a signature on whatever goes through it."""

    def __init__(self, served: ServedBot) -> None:
        self._listeners = served

    def event(self, body: Any) -> httpx.Response:
        return self.send(json.dumps(body), JSON)

    def interaction(self, body: Any) -> httpx.Response:
        return self.send(urlencode({"payload": json.dumps(body)}), FORM)

    def send(self, body: str, kind: str) -> httpx.Response:
        at = str(int(self._listeners.bot.clock.now().timestamp()))
        digest = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}
        return self._listeners.web.post("/slack/events", content=body.encode(), headers=signed)


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackRequests]:
    folder = tmp_path_factory.mktemp("odd")
    with opened(Path(folder), f"sqlite:///{folder / 'spy.db'}") as served:
        yield SlackRequests(served)


def bent(told: Any) -> Iterator[Any]:
    """The same with one thing in it left out, empty, or of another kind."""
    if isinstance(told, Mapping):
        for key, inner in told.items():
            yield {name: each for name, each in told.items() if name != key}
            for other in (None, 7, "x", [], {}, *bent(inner)):
                yield deepcopy(dict(told)) | {key: other}
    elif isinstance(told, list):
        for at, inner in enumerate(told):
            for other in (None, 7, "x", *bent(inner)):
                yield [*told[:at], other, *told[at + 1 :]]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if line.strip()]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_lacks_something_is_acknowledged(requests: SlackRequests, name: str):
    answers = [requests.event(body) for body in bent(EVENT | {"event": EVENTS[name]})]

    assert len(answers) > 60
    assert {it.status_code for it in answers} == {200}


@pytest.mark.parametrize("name", INTERACTIONS)
def test_a_press_or_a_form_that_lacks_something_is_acknowledged(requests: SlackRequests, name: str):
    answers = [requests.interaction(body) for body in bent(INTERACTIONS[name])]

    assert len(answers) > 92
    assert {it.status_code for it in answers} == {200}


def test_a_command_that_lacks_something_is_acknowledged(requests: SlackRequests):
    command = SLASH | {"command": "/spy", "text": "tldr"}
    bodies = [urlencode({k: v for k, v in body.items() if isinstance(v, str)}) for body in bent(command)]

    assert {requests.send(body, FORM).status_code for body in bodies} == {200}


@pytest.mark.parametrize("name", OTHERS)
def test_what_spy_has_no_use_for_is_acknowledged_with_a_line_in_the_log(
    requests: SlackRequests, name: str, capsys: pytest.CaptureFixture[str]
):
    answer = requests.interaction(OTHERS[name])

    assert (answer.status_code, len(lines(capsys))) == (200, 1)


@pytest.mark.parametrize("body", ["payload=", "payload=[]", "payload=7", "payload=%7B", "", "a=b"])
def test_a_form_without_a_payload_is_acknowledged_with_a_line_in_the_log(
    requests: SlackRequests, body: str, capsys: pytest.CaptureFixture[str]
):
    assert (requests.send(body, FORM).status_code, len(lines(capsys))) == (200, 1)


@pytest.mark.parametrize(
    "event",
    [
        EVENT | {"event": None},
        EVENT | {"event": {"type": "member_joined_channel", "channel": "C1"}},
        EVENT | {"event": EVENTS["plain"] | {"channel": 7}},
        EVENT | {"event": EVENTS["mention"] | {"channel": None}},
        {key: value for key, value in EVENT.items() if key != "event_id"} | {"event": EVENTS["joiner"]},
    ],
)
def test_an_incomplete_event_is_one_line_in_the_log(
    requests: SlackRequests, event: Any, capsys: pytest.CaptureFixture[str]
):
    assert (requests.event(event).status_code, len(lines(capsys))) == (200, 1)


def test_a_menu_that_is_looked_up_while_somebody_types_has_nothing_in_it(requests: SlackRequests):
    body = WHO | {"type": "block_suggestion", "action_id": "x", "block_id": "b", "value": "a"}

    assert requests.interaction(body).json() == {"options": []}


def test_by_socket_mode_all_of_it_is_acknowledged_too():
    slack = Slack()
    app = build_app(slack.router, slack.chat, signing_secret="", api_url="http://127.0.0.1:1/api/")
    bodies = [*OTHERS.values(), *bent(EVENT | {"event": EVENTS["plain"]}), *bent(INTERACTIONS["button"])]

    assert {answer_envelope(app, body).status for body in bodies} == {200}
    slack.chat.close()
