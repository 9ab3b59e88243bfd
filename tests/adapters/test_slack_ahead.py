"""Slack is asked who Spy is while the rest is still loading. The first that wants to know takes that answer."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.adapters.slack.client import PooledWebClient
from tests.adapters.conftest import StandIn


class Asked:
    """Answers with how often it was asked."""

    def __init__(self, *, well: bool = True) -> None:
        self.count = 0
        self._well = well

    def __call__(self, *_: object) -> tuple[int, dict[str, str], dict[str, Any]]:
        self.count += 1
        return 200, {}, {"ok": self._well, "error": "not_authed", "count": self.count}


def test_an_answer_that_was_asked_for_ahead_is_taken_once(stand_in: StandIn):
    asked = Asked()
    slack = PooledWebClient("xoxb-1", base_url=stand_in(asked) + "/api/")
    slack.ask_ahead("auth.test")

    counts = [slack.api_call("auth.test", params={})["count"] for _ in range(2)]

    assert counts == [1, 2]


def test_another_call_does_not_take_it(stand_in: StandIn):
    asked = Asked()
    slack = PooledWebClient("xoxb-1", base_url=stand_in(asked) + "/api/")
    slack.ask_ahead("auth.test")

    slack.api_call("api.test")
    slack.api_call("auth.test")

    assert asked.count == 2


def test_a_refusal_is_raised_where_the_answer_is_taken(stand_in: StandIn):
    slack = PooledWebClient("xoxb-1", base_url=stand_in(Asked(well=False)) + "/api/")
    slack.ask_ahead("auth.test")

    with pytest.raises(SlackApiError, match="not_authed"):
        slack.api_call("auth.test")
