"""The checker of the vendors' descriptions bites: what is wrong is refused, and what is right is not."""

import json
import time
from typing import Any

import pytest

from bot.sandbox.recorder import Exchange
from tests.support.beside import describes_pagerduty
from tests.support.vendors import EXCEPTIONS, problems, unlike

with_pagerduty = pytest.mark.skipif(not describes_pagerduty(), reason="said aloud at the end of the run")


def asked(
    service: str, method: str, body: Any, answer: Any = None, *, path: str = "", **more: Any
) -> Exchange:
    kind = "application/json"
    facts: dict[str, Any] = {
        "headers": {},
        "content_type": kind,
        "started": time.time(),
        "status": 200,
    } | more
    return Exchange(
        service=service,
        direction="from_bot",
        method=method,
        path=path or f"/api/{method}",
        body=json.dumps(body).encode(),
        answer=json.dumps(answer).encode() if answer is not None else None,
        **facts,
    )


def sent(payload: Any) -> Exchange:
    exchange = asked("slack", "event:message", payload, path="/slack/events")
    exchange.direction = "to_bot"
    return exchange


def test_a_sound_request_and_answer_pass():
    body = {"channel": "C1", "text": "hello", "blocks": [{"type": "divider"}]}
    answer = {"ok": True, "channel": "C1", "ts": "1.2", "message": {"type": "message", "text": "hello"}}

    assert problems(asked("slack", "chat.postMessage", body, answer)) == []


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("chat.postMessage", {"text": "to nobody"}),
        ("chat.postMessage", {"channel": "C1", "text": "x", "blocks": [{"type": "section", "text": "bare"}]}),
        ("chat.postMessage", {"channel": "C1", "text": "x", "blocks": [{"type": "heading"}]}),
        ("conversations.create", {"is_private": True}),
        ("conversations.invite", {"channel": "C1"}),
        ("views.open", {"trigger_id": "1", "view": {"type": "modal", "blocks": []}}),
        ("incidents.open", {"name": "Slack has no such method"}),
    ],
)
def test_a_request_that_slack_would_refuse_is_refused(method: str, body: dict[str, Any]):
    assert problems(asked("slack", method, body))


def test_words_beyond_slacks_limits_are_refused_though_their_like_passed():
    def button(label: str) -> dict[str, Any]:
        press = {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": "a"}
        return {"channel": "C1", "text": "x", "blocks": [{"type": "actions", "elements": [press]}]}

    short = problems(asked("slack", "chat.postMessage", button("Stop")))
    long = problems(asked("slack", "chat.postMessage", button("Stop" * 20)))

    assert (short, bool(long)) == ([], True)


def test_an_answer_that_slack_was_never_seen_to_give_is_refused():
    body = {"channel": "C1", "text": "hello"}

    assert problems(asked("slack", "chat.postMessage", body, {"ok": True, "message_id": "m1"}))
    assert problems(asked("slack", "chat.postMessage", body, {"ok": True, "ts": 1.2}))


def test_a_payload_that_slack_was_never_seen_to_send_is_refused():
    event = {"type": "message", "channel": "C1", "user": "U1", "text": "x", "ts": "1.2"}
    around = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1"}

    assert problems(sent({**around, "event": event})) == []
    assert problems(sent({**around, "event": {**event, "author": "U1"}}))
    assert problems(sent({**around, "event": {**event, "type": "incident_opened"}}))


def test_github_is_held_to_its_word():
    path = "/github/repos/acme/postmortems/issues"

    assert problems(asked("github", "POST /repos/acme/postmortems/issues", {"title": "x"}, path=path)) == []
    assert problems(asked("github", "POST /repos/acme/postmortems/issues", {"body": "x"}, path=path))


def test_github_actions_is_held_to_its_word():
    path = "/github/repos/acme/infra/actions/workflows/promote.yml/dispatches"
    method = "POST /repos/acme/infra/actions/workflows/promote.yml/dispatches"
    good = {"ref": "main", "inputs": {"pod": "7"}, "return_run_details": True}
    answer = {"workflow_run_id": 1, "run_url": "https://x/1", "html_url": "https://x/2"}

    assert problems(asked("github", method, good, answer, path=path)) == []
    assert problems(asked("github", method, {"inputs": {}}, answer, path=path))
    assert problems(asked("github", method, good, {"workflow_run_id": "1"}, path=path))


@with_pagerduty
def test_pagerduty_is_held_to_its_word():
    service = {"id": "P1", "type": "service_reference"}
    page = {
        "type": "incident",
        "title": "x",
        "service": service,
        "body": {"type": "incident_body", "details": "words"},
    }
    sender = {"From": "ana@example.com"}
    whole = asked(
        "pagerduty", "POST /incidents", {"incident": page}, path="/pagerduty/incidents", headers=sender
    )
    nobodys = asked("pagerduty", "POST /incidents", {"incident": page}, path="/pagerduty/incidents")
    del page["service"]
    homeless = asked(
        "pagerduty", "POST /incidents", {"incident": page}, path="/pagerduty/incidents", headers=sender
    )

    assert problems(whole) == []
    assert problems(nobodys)
    assert problems(homeless)


def test_every_exception_says_why():
    assert all(it.why for it in EXCEPTIONS)


def test_an_empty_shape_takes_anything_and_a_full_one_does_not():
    assert list(unlike({"a": 1}, {}, "x")) == []
    assert list(unlike({"a": {"b": [1]}}, {"a": {"b": ["string"]}}, "x")) == [
        "x.a.b[] is a int, not a string"
    ]
