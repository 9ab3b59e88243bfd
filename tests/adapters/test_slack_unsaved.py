"""What could not be kept: the asker is told at once, with their words and what to do by hand."""

import json
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest

from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.inbound import answer_envelope, build_app
from bot.adapters.slack.lengths import COMPLAINT
from bot.adapters.slack.replies import Replies
from bot.commands.request import Request, Source
from bot.commands.timed import NotDone
from bot.domain.message import Message
from bot.domain.policy import Policy
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
GIVEN_UP = NotDone("The database can't be reached, so nothing was done.")
BY_HAND = Policy(
    announce="C0INC",
    pager_name="PagerDuty",
    pager_page="https://app.pagerduty.com/incidents",
    by_hand="Phone tree: https://wiki.acme.com/phones",
)
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
    slack.app = build_app(slack.router, told, signing_secret=SECRET, api_url=NOWHERE, policy=lambda: BY_HAND)
    return told


@pytest.mark.parametrize("source", SENT)
def test_what_was_spoken_is_told_at_once_and_acknowledged_so_that_slack_brings_it_no_more(
    slack: Slack, told: SentReminder, source: str
):
    slack.router.fault = GIVEN_UP

    answer = slack.event(SENT[source])

    where, words = told.said.get(timeout=LONG)
    assert answer.status == 200
    assert where.endswith("/U0ANA")
    assert words == (
        "The database can't be reached, so nothing was done. By hand: page people in PagerDuty "
        "(https://app.pagerduty.com/incidents) and write in <#C0INC>. "
        "Phone tree: https://wiki.acme.com/phones Your words: incident tldr"
    )


def test_so_it_is_by_socket_mode(slack: Slack, told: SentReminder):
    slack.router.fault = GIVEN_UP

    assert answer_envelope(slack.app, EVENT | {"event": SENT["plain"]}).status == 200
    assert told.said.get(timeout=LONG)


@pytest.mark.parametrize("error", UNSAVED, ids=repr)
def test_a_notice_is_left_for_slack_to_bring_again(slack: Slack, error: Exception):
    slack.router.fault = error

    assert slack.event(REACTION | {"type": "reaction_added"}).status == 503


def test_a_button_is_acknowledged_and_its_failure_told(slack: Slack, told: SentReminder):
    slack.router.fault = GIVEN_UP

    answer = slack.interaction(PRESS | {"actions": [BUTTON]})

    where, words = told.said.get(timeout=LONG)
    assert answer.status == 200
    assert where == PRESS["response_url"]
    assert "othing was done" in words
    assert words.endswith("Your words: incident 7 take")


@pytest.mark.usefixtures("told")
def test_a_command_is_told_in_its_acknowledgement_with_its_words(slack: Slack):
    slack.router.fault = GIVEN_UP

    text = json.loads(slack.slash("/incident", 'me "checkout is down"').body)["text"]

    assert "othing was done" in text
    assert "https://app.pagerduty.com" in text
    assert text.endswith('Your words: incident me "checkout is down"')


@pytest.mark.usefixtures("told")
def test_a_form_stays_open_with_the_reason_and_where_to_page_by_hand(slack: Slack):
    slack.router.fault = GIVEN_UP

    body = json.loads(slack.interaction(SUBMISSION).body)

    said = body["errors"]["message"]
    assert body["response_action"] == "errors"
    assert "nothing was done" in said
    assert "https://app.pagerduty.com/incidents" in said
    assert len(said) <= COMPLAINT


def test_without_a_pager_and_a_channel_it_is_told_plainly(slack: Slack):
    slack.router.fault = GIVEN_UP

    text = json.loads(slack.slash("/incident", "tldr").body)["text"]

    assert text == f"{GIVEN_UP.sentence} Your words: incident tldr"


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
