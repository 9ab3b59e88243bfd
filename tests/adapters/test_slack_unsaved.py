"""What could not be kept: Slack brings it again, or else the asker is told, with the words."""

import json
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest

from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.inbound import LAST_RETRY, answer_envelope, build_app
from bot.adapters.slack.replies import Replies
from bot.commands.request import Request, Source
from bot.commands.timed import NotDone
from bot.domain.message import Message
from bot.ports import Conflict, Rejected, Throttled, Unavailable
from tests.adapters.test_slack_inbound import (
    EVENT,
    NOWHERE,
    PRESS,
    REACTION,
    SECRET,
    SUBMISSION,
    KnownChat,
    Slack,
    said,
)
from tests.fakes.chat import WallClock

LONG = 60.0
UNSAVED = [Unavailable("it does not answer"), Conflict("again and again"), NotDone("Nothing was done.")]
BUTTON = {"type": "button", "action_id": "say-1", "block_id": "b", "value": "incident 7 take"}
SENT = {
    "plain": said("spy incident tldr"),
    "mention": said("<@U0SPY> incident tldr") | {"type": "app_mention"},
    "dm": said("incident tldr", channel="D0ANA", channel_type="im"),
}


class SentReminder(KnownChat):
    """Slack's side of replies: what was told, after some troubles."""

    def __init__(self, *troubles: Exception) -> None:
        super().__init__(PooledWebClient("xoxb-nothing", base_url=NOWHERE), WallClock())
        self.troubles = list(troubles)
        self.said: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def respond(self, url: str, message: Message) -> None:
        self._take(url, message)

    def post_ephemeral(
        self, channel: str, person: str, message: Message, *, thread: str | None = None
    ) -> None:
        del thread
        self._take(f"{channel}/{person}", message)

    def _take(self, where: str, message: Message) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.said.put((where, message.text))


@pytest.fixture
def slack():
    slack = Slack()
    yield slack
    slack.chat.close()


@pytest.fixture
def told(slack: Slack) -> SentReminder:
    told = SentReminder()
    slack.app = build_app(slack.router, told, signing_secret=SECRET, api_url=NOWHERE)
    return told


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
@pytest.mark.parametrize("source", SENT)
def test_what_was_spoken_is_left_for_slack_to_bring_again(slack: Slack, source: str, error: Exception):
    slack.router.fault = error

    assert slack.event(SENT[source]).status == 503


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
def test_by_socket_mode_it_is_not_acknowledged(slack: Slack, error: Exception):
    slack.router.fault = error

    assert answer_envelope(slack.app, EVENT | {"event": SENT["plain"]}).status == 503


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
def test_a_notice_is_left_for_slack_to_bring_again(slack: Slack, error: Exception):
    slack.router.fault = error

    assert slack.event(REACTION | {"type": "reaction_added"}).status == 503


def test_what_slack_brings_for_the_last_time_is_told(slack: Slack, told: SentReminder):
    slack.router.fault = Unavailable("it does not answer")
    body = EVENT | {"event": SENT["plain"]}

    earlier = answer_envelope(slack.app, body, retry=LAST_RETRY - 1)
    last = answer_envelope(slack.app, body, retry=LAST_RETRY)

    assert (earlier.status, last.status) == (503, 200)
    where, words = told.said.get(timeout=LONG)
    assert where == "C0GENERAL/U0ANA"
    assert words.endswith("Your words: incident tldr")


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
def test_a_button_is_acknowledged_and_its_failure_told(slack: Slack, told: SentReminder, error: Exception):
    slack.router.fault = error

    answer = slack.interaction(PRESS | {"actions": [BUTTON]})

    where, words = told.said.get(timeout=LONG)
    assert answer.status == 200
    assert where == PRESS["response_url"]
    assert "othing was done" in words
    assert words.endswith("Your words: incident 7 take")


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
def test_a_command_is_told_in_its_acknowledgement_with_its_words(slack: Slack, error: Exception):
    slack.router.fault = error

    text = json.loads(slack.slash("/incident", 'me "checkout is down"').body)["text"]

    assert "othing was done" in text
    assert text.endswith('Your words: incident me "checkout is down"')


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
def test_a_form_stays_open_with_the_reason(slack: Slack, error: Exception):
    slack.router.fault = error

    body = json.loads(slack.interaction(SUBMISSION).body)

    assert body["response_action"] == "errors"
    assert "othing was done" in body["errors"]["message"]


def test_a_fault_of_ours_is_no_reason_to_bring_it_again(slack: Slack, told: SentReminder):
    slack.router.fault = RuntimeError("a bug")

    assert slack.event(SENT["plain"]).status == 200
    assert "fault of its own" in told.said.get(timeout=LONG)[1]


# --- replies ----------------------------------------------------------------------------------------------

TROUBLES: list[list[Exception]] = [
    [],
    [Throttled("wait", retry_after=timedelta())],
    [Throttled("wait", retry_after=timedelta())] * 3,
]


def asked(**more: Any) -> Request:
    return Request(id="1", text="tldr", user="U0ANA", source=Source.BUTTON, channel="C0GENERAL", **more)


@pytest.mark.parametrize("troubles", TROUBLES, ids=len)
def test_a_reply_is_tried_until_slack_takes_it(troubles: list[Exception]):
    told = SentReminder(*troubles)

    Replies(told).add(asked(response_url="https://x"), Message(text="no"))

    assert told.said.get(timeout=LONG) == ("https://x", "no")


def test_one_that_slack_refuses_holds_up_no_other():
    told = SentReminder(Rejected("expired_url", "Too late."))
    replies = Replies(told)

    replies.add(asked(response_url="https://x"), Message(text="one"))
    replies.add(asked(), Message(text="two"))

    assert told.said.get(timeout=LONG) == ("C0GENERAL/U0ANA", "two")


def test_one_that_waits_to_be_tried_again_holds_up_no_other():
    told = SentReminder(Throttled("wait", retry_after=timedelta(hours=1)))
    replies = Replies(told)

    replies.add(asked(response_url="https://x"), Message(text="one"))
    while told.troubles:
        pass
    replies.add(asked(), Message(text="two"))

    assert told.said.get(timeout=LONG) == ("C0GENERAL/U0ANA", "two")
