"""Our clock and a service's: whatever ours says, nothing is done twice, missed or refused for it."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.adapters.network.server_clock import SKEW, ServerClock
from bot.adapters.network.signatures import ToolSecret
from bot.adapters.pagerduty.client import PagerDuty
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.check import results
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.inbound import answer_http, build_app
from bot.commands.request import Notice, Request, Response
from bot.domain.message import Message
from bot.ports import Unreachable
from bot.sandbox import Box
from bot.sandbox.faults import reset_after

HOUR = timedelta(hours=1)
OFF = [-HOUR, -timedelta(minutes=5), timedelta(), timedelta(minutes=5), HOUR]
HELLO = Message(text="hello")


class ShiftedClock:
    """Is off from the machine's by so much."""

    def __init__(self, off: timedelta) -> None:
        self.off = off

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture
def box() -> Iterator[Box]:
    with Box(delivery="http") as box:
        yield box


@contextmanager
def speaking(box: Box, clock: ShiftedClock) -> Iterator[SlackChat]:
    keys = box.environment()
    web = PooledWebClient(keys["SLACK_BOT_TOKEN"], base_url=keys["SLACK_API_URL"])
    with closing(SlackChat(web, clock)) as chat:
        chat.identify()
        yield chat


@pytest.mark.parametrize("off", OFF, ids=str)
def test_a_post_whose_answer_was_lost_is_found(box: Box, off: timedelta):
    clock = ShiftedClock(off)
    with speaking(box, clock) as chat:
        asked_at = clock.now()
        box.faults.inject("slack", "chat.postMessage", reset_after)
        with pytest.raises(Unreachable):
            chat.post("C0PAY", HELLO, key="line:1")

        assert chat.find_post("C0PAY", key="line:1", since=asked_at)


@pytest.mark.parametrize("off", OFF, ids=str)
def test_a_channel_whose_answer_was_lost_is_found(box: Box, off: timedelta):
    clock = ShiftedClock(off)
    with speaking(box, clock) as chat:
        asked_at = clock.now()
        box.faults.inject("slack", "conversations.create", reset_after)
        with pytest.raises(Unreachable):
            chat.create_channel("inc-1-x", private=True)

        assert chat.find_channel("inc-1-x", private=True, since=asked_at)


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=str)
def test_a_clock_that_was_set_meanwhile_hides_nothing(box: Box, step: timedelta):
    clock = ShiftedClock(timedelta())
    with speaking(box, clock) as chat:
        asked_at = clock.now()
        chat.post("C0PAY", HELLO, key="line:1")
        channel = chat.create_channel("inc-1-x", private=True)
        clock.off = step

        assert chat.find_post("C0PAY", key="line:1", since=asked_at)
        assert chat.find_channel("inc-1-x", private=True, since=asked_at) == channel


def test_a_channel_from_long_before_is_not_taken(box: Box):
    with speaking(box, ShiftedClock(timedelta())) as chat:
        chat.create_channel("inc-1-x", private=True)
        box.clock.jump(2 * SKEW)
        chat.profile("U0ANA")  # any answer tells the time

        assert chat.find_channel("inc-1-x", private=True, since=datetime.now(UTC)) is None


@pytest.mark.parametrize("off", OFF, ids=str)
def test_changes_are_asked_for_and_kept_by_both_clocks(box: Box, off: timedelta):
    keys, clock = box.environment(), ShiftedClock(off)
    pager = PagerDuty(
        keys["PAGERDUTY_API_TOKEN"],
        from_email="spy@example.com",
        url=keys["PAGERDUTY_API_URL"],
        clock=clock,
    )
    with closing(pager):
        pager.on_calls(["PPOL1"])  # any answer tells the time
        box.pagerduty.change("deploy of checkout")
        now = clock.now()
        [found] = pager.changes(since=now - HOUR, until=now + timedelta(seconds=5))

    assert abs(found.happened_at - now) < timedelta(seconds=30)


class Deaf:
    """A router that nothing reaches."""

    def answer(self, _request: Request) -> Response:
        return Response()

    def notice(self, _notice: Notice) -> None: ...


@pytest.mark.parametrize("off", OFF, ids=str)
def test_what_slack_signs_by_its_own_clock_is_taken(box: Box, off: timedelta):
    """As where this machine's clock is off, and so Slack's seems to be."""
    slack = datetime.now(UTC) + off
    with speaking(box, ShiftedClock(timedelta())) as chat:
        chat.clock.hear({"Date": format_datetime(slack, usegmt=True)})
        app = build_app(Deaf(), chat, signing_secret="s", api_url="http://127.0.0.1:1/")
        statuses = [answer_http(app, *signed(at)).status for at in (slack, slack + 3 * HOUR)]

    assert statuses == [200, 401]


def signed(at: datetime) -> tuple[bytes, dict[str, str]]:
    body, timestamp = b"command=%2Fspy&text=help&user_id=U0ANA&channel_id=C0PAY", str(int(at.timestamp()))
    digest = hmac.new(b"s", b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
    form = {"content-type": "application/x-www-form-urlencoded"}
    return body, {**form, "x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}"}


@pytest.mark.parametrize("off", OFF, ids=str)
def test_a_tools_change_is_taken_though_our_clock_is_off(off: timedelta):
    now = datetime.now(UTC)
    timestamp = str(int((now + off).timestamp()))
    digest = hmac.new(b"s", b"v1:%s:{}" % timestamp.encode(), hashlib.sha256).hexdigest()

    secret = ToolSecret(variable="CHANGES_WEBHOOK_SECRET", value="s", page="docs/changes.md")
    secret.check(b"{}", timestamp=timestamp, signature=f"v1={digest}", now=now, ahead=off)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 23 Nov 2026 12:00:00", "Mon, 99 Foo 2026 12:00:00 GMT"]
)
def test_a_date_that_cannot_be_read_changes_nothing(date: str):
    clock = ServerClock(ShiftedClock(timedelta()))

    clock.hear({"date": date})

    assert clock.ahead == timedelta()


def test_a_machine_whose_clock_is_off_is_told_at_the_check(box: Box):
    box.clock.jump(timedelta(minutes=7, seconds=20))
    keys = box.environment()

    with closing(PooledWebClient(keys["SLACK_BOT_TOKEN"], base_url=keys["SLACK_API_URL"])) as web:
        told = {it.what: it.cure for it in results(web, app_token=None, channels={})}

    assert told["This machine's clock"].startswith("It is 7 min behind Slack's.")
