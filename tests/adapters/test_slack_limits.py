"""Limits as they are learned: free, closed, in turn, and free again. The clock is ours."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.limits import QUIET, SlackLimits
from bot.ports import Throttled

CREATE = "conversations.create"  # paced at 3 s once refused


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def limits(time: Time) -> SlackLimits:
    return SlackLimits(time)


def wait(limits: SlackLimits, method: str = CREATE, *, who: str = "", channel: str = "") -> float:
    """Return the seconds to wait, 0 for none."""
    try:
        limits.enter(method, who=who, channel=channel)
    except Throttled as throttled:
        return throttled.retry_after.total_seconds()
    return 0.0


def test_everything_is_free_until_slack_refuses(limits: SlackLimits):
    assert [wait(limits) for _ in range(500)] == [0.0] * 500


def test_a_refusal_closes_the_method_for_as_long_as_slack_says(limits: SlackLimits, time: Time):
    throttled = limits.refused(CREATE, who="a", retry_after=30)

    assert throttled.retry_after == timedelta(seconds=30)
    assert wait(limits, who="a") == 30
    time.now += 30
    assert wait(limits, who="a") == 0


def test_other_methods_stay_free(limits: SlackLimits):
    limits.refused(CREATE, retry_after=30)

    assert wait(limits, "chat.update") == 0


def test_posts_are_counted_by_channel(limits: SlackLimits):
    limits.refused("chat.postMessage", channel="C1", retry_after=1)

    assert wait(limits, "chat.postMessage", channel="C1") > 0
    assert wait(limits, "chat.postMessage", channel="C2") == 0


def test_each_who_waits_has_a_turn_of_their_own(limits: SlackLimits):
    limits.refused(CREATE, who="a", retry_after=10)

    assert [wait(limits, who=who) for who in "bcd"] == [13, 16, 19]


def test_those_refused_in_the_same_breath_do_not_come_back_together(limits: SlackLimits):
    waits = [limits.refused(CREATE, who=who, retry_after=10).retry_after.total_seconds() for who in "abc"]

    assert waits == [10, 13, 16]


def test_who_comes_new_stands_behind_those_who_wait(limits: SlackLimits, time: Time):
    limits.refused(CREATE, who="a", retry_after=10)
    time.now += 10

    assert wait(limits, who="new") == 3
    assert wait(limits, who="a") == 0


def test_who_asks_too_early_keeps_their_turn(limits: SlackLimits, time: Time):
    limits.refused(CREATE, who="a", retry_after=10)
    time.now += 4

    assert wait(limits, who="a") == 6


def test_a_turn_that_nobody_comes_for_does_not_hold_up_the_line(limits: SlackLimits, time: Time):
    limits.refused(CREATE, who="gone", retry_after=10)
    time.now += 25

    assert wait(limits, who="b") == 0


def test_it_is_free_again_after_a_quiet_while(limits: SlackLimits, time: Time):
    limits.refused(CREATE, who="a", retry_after=1)
    time.now += QUIET + 1

    assert [wait(limits, who=str(n)) for n in range(20)] == [0.0] * 20


def test_a_second_refusal_closes_again(limits: SlackLimits, time: Time):
    limits.refused(CREATE, who="a", retry_after=1)
    time.now += 1
    limits.enter(CREATE, who="a")

    limits.refused(CREATE, who="a", retry_after=60)

    assert wait(limits, who="b") == 63


def test_a_refusal_that_names_no_time_is_waited_for_all_the_same(limits: SlackLimits):
    assert limits.refused(CREATE, retry_after=None).retry_after > timedelta(0)


@given(
    waiting=st.integers(1, 60),
    retry_after=st.floats(0, 120),
    late=st.lists(st.floats(0, 2.9), min_size=60, max_size=60),
)
def test_all_who_wait_get_through_in_order_and_never_two_at_once(
    waiting: int, retry_after: float, late: list[float]
):
    time = Time()
    limits = SlackLimits(time)
    turns = {
        str(n): limits.refused(CREATE, who=str(n), retry_after=retry_after).retry_after.total_seconds()
        for n in range(waiting)
    }
    start = time.now

    for (who, turn), delay in zip(turns.items(), late, strict=False):
        time.now = max(time.now, start + turn + delay)
        assert wait(limits, who=who) == 0

    steps = [
        later - sooner for sooner, later in zip(list(turns.values()), list(turns.values())[1:], strict=False)
    ]
    assert all(step >= 3 - 1e-6 for step in steps)
