"""Since when Slack answers nobody: an effect that fails alone is given up as ever, an outage costs none its life."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.silence import AN_OUTAGE, Silence
from bot.ports import Unreachable
from bot.sandbox import Box
from bot.sandbox.faults import http
from bot.testing import FrozenClock

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def silence(clock: FrozenClock) -> Silence:
    return Silence(clock)


def test_a_process_that_has_just_started_counts_from_its_start(clock: FrozenClock, silence: Silence):
    started = clock.now()
    clock.tick(hours=2)

    assert silence.steady_since == started


def test_while_nothing_is_answered_the_outage_goes_on(clock: FrozenClock, silence: Silence):
    silence.missed()
    clock.tick(hours=5)
    silence.missed()

    assert silence.is_outage
    assert silence.steady_since == clock.now()


def test_after_the_first_answer_it_has_ended(clock: FrozenClock, silence: Silence):
    silence.missed()
    clock.tick(hours=5)
    silence.heard()
    ended = clock.now()
    clock.tick(minutes=10)
    silence.missed()

    assert not silence.is_outage
    assert silence.steady_since == ended


def test_one_call_that_fails_among_others_is_no_outage(clock: FrozenClock, silence: Silence):
    started = clock.now()
    for _ in range(100):
        silence.missed()
        clock.tick(seconds=AN_OUTAGE.total_seconds() / 2)
        silence.heard()

    assert silence.steady_since == started


class TestSlack:
    @pytest.fixture
    def box(self) -> Iterator[Box]:
        with Box() as box:
            yield box

    @pytest.fixture
    def chat(self, box: Box, clock: FrozenClock) -> Iterator[SlackChat]:
        keys = box.environment()
        chat = SlackChat(PooledWebClient(keys["SLACK_BOT_TOKEN"], base_url=keys["SLACK_API_URL"]), clock)
        chat.identify()
        yield chat
        chat.close()

    def test_every_failure_says_whether_slack_answers_anybody(
        self, box: Box, chat: SlackChat, clock: FrozenClock
    ):
        box.faults.down("slack")
        with pytest.raises(Unreachable):
            chat.profile("U0ANA")
        clock.tick(hours=1)
        with pytest.raises(Unreachable) as failed:
            chat.profile("U0ANA")
        is_down = chat.is_down
        box.faults.up("slack")
        chat.profile("U0ANA")

        assert is_down
        assert failed.value.steady_since is not None
        assert abs(failed.value.steady_since - clock.now()) < HOUR / 2  # by Slack's clock
        assert not chat.is_down

    def test_a_method_that_fails_alone_is_no_outage(self, box: Box, chat: SlackChat, clock: FrozenClock):
        for _ in range(3):
            box.faults.inject("slack", "users.info", http(500))
            with pytest.raises(Unreachable):
                chat.profile("U0ANA")
            chat.set_topic("C0PAY", "all is well")
            clock.tick(minutes=10)

        assert not chat.is_down
