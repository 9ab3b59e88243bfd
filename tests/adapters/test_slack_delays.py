"""A stamp tells how long a request has waited, against the quickest one; a clock that differs tells nothing."""

from contextlib import ExitStack

import pytest

from bot.adapters.slack.delays import BUSY, KEPT, Delays

NOON = 1_000_000


def waited(delays: Delays, *, sent: int, arrived: float, others: int = BUSY) -> float:
    with ExitStack() as under_way:
        for _ in range(others):
            under_way.enter_context(delays.sent_at(sent, arrived))
        return arrived - under_way.enter_context(delays.sent_at(sent, arrived))


def usual(delays: Delays, *, ahead: int = 0) -> Delays:
    """Let some requests come as quickly as can be; our clock began at 0, or so many seconds `ahead` of that."""
    for second in range(3):
        waited(delays, sent=NOON + second, arrived=second + ahead, others=0)
    return delays


@pytest.mark.parametrize("ahead", [0, -3_600, 3_600, 7])
@pytest.mark.parametrize(("seconds", "told"), [(0, 0), (1, 0.5), (3, 2.5), (60, 59.5)])
def test_the_wait_is_told_whatever_slacks_clock_says(ahead: int, seconds: int, told: float):
    delays = usual(Delays(), ahead=ahead)

    assert waited(delays, sent=NOON + 10, arrived=10 + ahead + seconds) == told


def test_while_little_is_under_way_nothing_can_have_waited():
    assert waited(usual(Delays()), sent=NOON, arrived=60, others=BUSY - 1) == 0


def test_a_clock_that_was_put_back_is_believed_in_the_end():
    delays = usual(Delays())
    later = 2 * KEPT + 10

    assert waited(delays, sent=NOON - 60, arrived=10) == 69.5
    for arrived in (KEPT + 5, later):
        waited(delays, sent=int(NOON + arrived - 60), arrived=arrived, others=0)
    assert waited(delays, sent=int(NOON + later - 60), arrived=later) == 0
