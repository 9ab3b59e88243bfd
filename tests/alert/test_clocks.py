"""Sources whose clock is wrong: nothing of the future is shown, and no alert seems to fire again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.testing import SpyKit
from tests.alert.world import RESOLVED, ago, alert, hears, line, owned
from tests.support.times import in_utc


@pytest.mark.parametrize("ahead", [1, 10, 600])
def test_a_clock_that_is_ahead_makes_nothing_fire_again(spy: SpyKit, ahead: int):
    began = ago(spy, minutes=-ahead)
    hears(owned(spy), began_at=began)
    for _ in range(3):
        spy.clock.tick(minutes=5)
        hears(spy, began_at=began)

    assert (alert(spy).times, "so far" in line(spy).text) == (1, False)
    assert "firing since 12:00 UTC" in in_utc(line(spy).text)


def test_a_late_report_of_a_clock_that_is_ahead_stays_late(spy: SpyKit):
    began = ago(spy, minutes=-10)
    hears(owned(spy), began_at=began)
    spy.clock.tick(minutes=3)
    hears(spy, state=RESOLVED, began_at=began)
    spy.clock.tick(minutes=1)

    hears(spy, began_at=began)

    assert alert(spy).is_resolved


def test_a_clock_that_is_ahead_still_tells_of_a_second_firing(spy: SpyKit):
    hears(owned(spy), began_at=ago(spy, minutes=-10))
    spy.clock.tick(minutes=30)

    hears(spy, began_at=ago(spy, minutes=-10))

    assert alert(spy).times == 2
    assert alert(spy).began_at == spy.clock.now()


def test_a_clock_that_was_set_right_loses_no_alert(spy: SpyKit):
    hears(owned(spy), began_at=ago(spy, minutes=-60))
    hears(spy, state=RESOLVED)
    spy.clock.tick(minutes=20)

    hears(spy, began_at=spy.clock.now())

    assert not alert(spy).is_resolved
    assert alert(spy).times == 2


def test_a_clock_that_jumped_once_holds_back_no_later_report(spy: SpyKit):
    hears(owned(spy), as_of=ago(spy, days=-900))
    spy.clock.tick(minutes=5)

    hears(spy, state=RESOLVED, as_of=spy.clock.now())

    assert alert(spy).is_resolved


def test_two_ways_of_writing_one_time_are_one_firing(spy: SpyKit):
    began = ago(spy, minutes=4)
    hears(owned(spy), began_at=began)

    hears(spy, began_at=began + timedelta(milliseconds=169))

    assert alert(spy).times == 1


def test_an_alert_from_before_the_clocks_were_kept_apart_does_not_fire_again(spy: SpyKit):
    began = ago(spy, minutes=4)
    hears(owned(spy), began_at=began)
    older = replace(alert(spy), firing=None)
    with spy.tx() as tx:
        tx.session.alerts.put(older)
    spy.clock.tick(minutes=5)

    hears(spy, began_at=began)

    assert alert(spy).times == 1


def test_reports_that_repeat_make_no_storm(spy: SpyKit):
    owned(spy)
    for title in "abcdef":
        hears(spy, title)
        for _ in range(4):
            spy.clock.tick(minutes=2)
            for known in "abcdef"[: "abcdef".index(title) + 1]:
                hears(spy, known)

    assert [alert(spy, number).storm for number in range(1, 7)] == [None] * 6
