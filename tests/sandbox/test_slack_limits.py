"""Slack's published rates, enforced only in a box with `limits`."""

import urllib3
from slack_sdk import WebClient

from bot.sandbox import Box
from bot.sandbox.slack.limits import RateLimits


class ManualClock:
    """A clock that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_tier_two_method_may_be_called_twenty_times_a_minute() -> None:
    clock = ManualClock()
    limits = RateLimits(clock)

    waits = [limits.wait("conversations.create", 2, None) for _ in range(21)]

    assert waits == [0] * 20 + [60]
    clock.now += 59.5
    assert limits.wait("conversations.create", 2, None) == 1
    clock.now += 1
    assert limits.wait("conversations.create", 2, None) == 0


def test_methods_do_not_share_a_limit() -> None:
    limits = RateLimits(ManualClock())

    assert [limits.wait(method, 1, None) for method in ("a", "b", "a")] == [0, 0, 60]


def test_a_channel_takes_three_posts_at_once_and_then_one_a_second() -> None:
    clock = ManualClock()
    limits = RateLimits(clock)

    assert [limits.wait("chat.postMessage", None, "C1") for _ in range(4)] == [0, 0, 0, 1]
    assert limits.wait("chat.postMessage", None, "C2") == 0
    clock.now += 1
    assert [limits.wait("chat.postMessage", None, "C1") for _ in range(2)] == [0, 1]


def test_over_the_limit_the_answer_is_429_with_a_time_to_wait() -> None:
    with Box(limits=True) as box, urllib3.PoolManager() as http:
        headers = {"authorization": f"Bearer {box.environment()['SLACK_BOT_TOKEN']}"}
        url = box.environment()["SLACK_API_URL"] + "chat.postMessage"
        fields = {"channel": "C0GENERAL", "text": "x"}
        answers = [
            http.request_encode_body(
                "POST", url, fields=fields, encode_multipart=False, headers=headers, retries=False
            )
            for _ in range(4)
        ]

        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[3].headers["retry-after"] == "1"
        assert answers[3].json() == {"ok": False, "error": "ratelimited"}
        assert len(box.slack.messages("general")) == 3


def test_a_box_has_no_rate_limits_by_default(slack: WebClient) -> None:
    answers = [slack.conversations_create(name=f"inc-{number}")["ok"] for number in range(30)]

    assert answers == [True] * 30
