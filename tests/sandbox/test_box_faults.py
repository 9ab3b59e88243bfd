"""Faults: what Slack's own client meets when calls are slow, refused, cut off or lost."""

import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox import Box
from bot.sandbox.faults import error, hang, http, rate_limited, reset_after, reset_before
from bot.sandbox.recorder import Exchange

Refusal = Callable[..., str]
LOST = (urllib3.exceptions.ProtocolError, ConnectionError)
POST = {"channel": "C0GENERAL", "text": "x"}


@pytest.fixture
def post(box: Box) -> Iterator[Callable[[], urllib3.BaseHTTPResponse]]:
    """Send one chat.postMessage over one connection, without retries."""
    headers = {"authorization": f"Bearer {box.environment()['SLACK_BOT_TOKEN']}"}
    url = box.environment()["SLACK_API_URL"] + "chat.postMessage"
    with urllib3.PoolManager() as pool:
        yield lambda: pool.request("POST", url, json=POST, headers=headers, retries=False)


Post = Callable[[], urllib3.BaseHTTPResponse]


def test_a_fault_meets_a_number_of_calls_and_then_ends(box: Box, post: Post) -> None:
    box.faults.inject("slack", "chat.postMessage", http(500), times=2)

    assert [post().status for _ in range(3)] == [500, 500, 200]
    assert len(box.slack.messages("general")) == 1


def test_a_fault_can_choose_its_call(box: Box, slack: WebClient) -> None:
    box.faults.inject("slack", "*", http(500), match=lambda exchange: b"C0PAY" in exchange.body)

    assert slack.chat_postMessage(channel="C0GENERAL", text="x")["ok"]
    with pytest.raises(SlackApiError):
        slack.chat_postMessage(channel="C0PAY", text="x")


def test_a_rate_limit_says_how_long_to_wait(box: Box, post: Post) -> None:
    box.faults.inject("slack", "chat.postMessage", rate_limited(7))

    answer = post()

    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.json() == {"ok": False, "error": "ratelimited"}


def test_an_error_has_slacks_form_and_the_call_does_not_run(
    box: Box, slack: WebClient, refusal: Refusal
) -> None:
    box.faults.inject("slack", "conversations.create", error("name_taken"))

    assert refusal(slack.conversations_create, name="inc-1") == "name_taken"
    assert slack.conversations_create(name="inc-1")["ok"]


def test_a_reset_comes_before_or_after_the_call_runs(box: Box, post: Post) -> None:
    box.faults.inject("slack", "chat.postMessage", reset_before)

    with pytest.raises(LOST):
        post()
    assert box.slack.messages("general") == []

    box.faults.inject("slack", "chat.postMessage", reset_after)
    with pytest.raises(LOST):
        post()
    assert len(box.slack.messages("general")) == 1
    assert [(e.status, e.fault) for e in box.exchanges if e.direction == "from_bot"] == [
        (None, "reset_before"),
        (None, "reset_after"),
    ]


def test_a_hanging_call_has_run(box: Box, post: Post) -> None:
    box.faults.inject("slack", "chat.postMessage", hang(0.2))
    caller = threading.Thread(target=post)

    caller.start()
    box.wait_for(lambda: box.slack.messages("general"))

    assert caller.is_alive()
    caller.join()


def test_a_service_can_be_down_and_come_back(box: Box, post: Post) -> None:
    box.faults.down("slack")
    assert post().status == 503
    box.faults.down("slack", reset_before)
    with pytest.raises(LOST):
        post()

    box.faults.clear()

    assert post().status == 200


def test_a_call_runs_at_the_end_of_its_delay(box: Box, post: Post) -> None:
    box.faults.latency("slack", 0.15, "chat.postMessage")
    began = box.clock.now().timestamp()

    post()

    (message,) = box.slack.messages("general")
    assert float(message.ts) - began >= 0.15


def test_slow_calls_run_side_by_side(box: Box, post: Post) -> None:
    box.faults.latency("slack", 0.2)
    callers = [threading.Thread(target=post) for _ in range(8)]
    began = time.monotonic()

    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert time.monotonic() - began < 8 * 0.2 / 2


def test_hooks_run_before_and_after_the_call(box: Box, post: Post) -> None:
    seen: list[tuple[str, int, int | None]] = []

    def look(when: str) -> Callable[[Exchange], None]:
        return lambda exchange: seen.append((when, len(box.slack.messages("general")), exchange.status))

    box.faults.before("slack", "chat.postMessage", look("before"))
    box.faults.after("slack", "chat.postMessage", look("after"))

    post()
    post()

    assert seen == [("before", 0, None), ("after", 1, None)]


def test_pagerduty_meets_faults_too(box: Box) -> None:
    env = box.environment()
    headers = {"authorization": f"Token token={env['PAGERDUTY_API_TOKEN']}"}
    url = env["PAGERDUTY_API_URL"] + "/users/PUANA"
    box.faults.inject("pagerduty", "GET /users/{id}", rate_limited(3))

    with urllib3.PoolManager() as pool:
        answers = [pool.request("GET", url, headers=headers, retries=False) for _ in range(2)]

    assert [answer.status for answer in answers] == [429, 200]
    assert json.loads(answers[0].data)["error"]["message"] == "ratelimited"
    assert box.calls("pagerduty") == ["GET /users/{id}"] * 2
