"""The real bot beside the box: it reads the schedules, warns whose shift it is, and makes a promise good."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.sandbox import Box
from bot.sandbox.pagerduty.schedules import ScheduleShift
from bot.sandbox.slack.state import SlackMessage
from tests.e2e.bot_process import BotProcess

RunningBot = Callable[..., BotProcess]
PATIENCE = 15.0


def wait_for(box: Box, place: str, words: str) -> SlackMessage:
    """Poll until the bot has said these words in a channel, or to a person."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := next((it for it in said(box, place) if words in it.text), None):
            return found
        time.sleep(0.05)
    raise AssertionError(
        f"nobody said {words!r} within {PATIENCE:g} s: {[it.text for it in said(box, place)]}"
    )


def said(box: Box, place: str) -> list[SlackMessage]:
    return [message for message in box.slack.messages(place) if message.bot]


@pytest.mark.parametrize("kind", ["layered", "shift-based"])
def test_who_is_overridden_in_is_warned_and_a_promise_to_cover_reaches_pagerduty(
    box: Box, running_bot: RunningBot, database_url: str, kind: str
):
    soon = box.clock.now().replace(second=0, microsecond=0) + timedelta(minutes=50)
    box.pagerduty.account.override(
        "PSCH1", ScheduleShift(user="PUKIM", start=soon, end=soon + timedelta(hours=3))
    )
    if kind == "shift-based":
        box.pagerduty.account.upgrade("PSCH1")
    running_bot(box, database_url)

    warning = wait_for(box, "U0KIM", "*You are on call for :imoc in")
    box.slack.slash("kim", "C0IMOC", "/oncall", "cover today - tomorrow")
    asked = wait_for(box, "C0IMOC", "asks for cover")
    box.slack.press("ana", "C0IMOC", asked.ts, "I'll cover")
    wait_for(box, "U0KIM", "*Covered*")
    wait_for(box, "U0ANA", "*Covered*")

    last = box.pagerduty.account.schedules["PSCH1"].overrides[-1].shift
    assert "(America/Los_Angeles)" in warning.text
    assert (last.user, last.start, last.end) == ("PUANA", soon, soon + timedelta(hours=3))
