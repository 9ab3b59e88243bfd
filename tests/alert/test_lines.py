"""An alert and its line: one message in its team's channel, edited as it changes."""

import pytest

from bot.services.alert.lines import Lines
from bot.testing import SpyKit
from tests.alert.world import RESOLVED, ago, alert, hears, labels, line, lines, owned
from tests.support.times import in_utc


def test_an_alert_is_one_line_in_the_channel_of_the_team_that_owns_its_service(spy: SpyKit):
    hears(owned(spy), began_at=ago(spy, minutes=2))

    text = in_utc(line(spy).text)
    assert [it.to for it in lines(spy)] == ["C0PAY"]
    assert "error rate 12 %" in text
    assert "critical" in text
    assert "firing since 11:58 UTC" in text
    assert labels(line(spy)) == ["Declare", "Not an incident"]


@pytest.mark.parametrize("service", ["payments-gateway", None])
def test_an_alert_that_nobody_owns_goes_to_the_command_team_and_says_so(spy: SpyKit, service: str | None):
    hears(owned(spy), service=service)

    assert [it.to for it in lines(spy)] == ["C0IMOC"]
    assert "so it is shown here" in line(spy).text


def test_a_team_that_the_pager_pages_directly_hears_its_own_alerts(spy: SpyKit):
    hears(spy, service="payments")

    assert lines(spy)[-1].to == "C0PAY"
    assert "shown here" not in line(spy).text


def test_the_same_report_again_edits_nothing(spy: SpyKit):
    hears(owned(spy))
    spy.clock.tick(minutes=5)

    hears(spy)

    assert len(lines(spy)) == 1


def test_a_resolved_alert_shows_it_in_the_same_line(spy: SpyKit):
    hears(owned(spy))
    spy.clock.tick(minutes=7)

    hears(spy, state=RESOLVED)

    assert {it.slot for it in lines(spy)} == {"alert:1"}
    assert "resolved 12:07 UTC after 7 min" in in_utc(line(spy).text)


@pytest.mark.parametrize("said", [{"ended_at": 4}, {"as_of": 4}, {"ended_at": 4, "as_of": 5}])
def test_an_alert_ends_when_its_source_says_not_when_spy_hears_of_it(spy: SpyKit, said: dict[str, int]):
    hears(owned(spy))
    ended = {name: ago(spy, minutes=-it) for name, it in said.items()}
    spy.clock.tick(hours=6)

    hears(spy, state=RESOLVED, **ended)

    assert "resolved 12:04 UTC after 4 min" in in_utc(line(spy).text)


@pytest.mark.parametrize("minutes", [0, -30, 999])
def test_an_end_before_the_start_or_in_the_future_is_an_end_now(spy: SpyKit, minutes: int):
    hears(owned(spy))
    ended = ago(spy, minutes=-minutes)
    spy.clock.tick(minutes=7)

    hears(spy, state=RESOLVED, ended_at=ended)

    assert "resolved 12:07 UTC after 7 min" in in_utc(line(spy).text)


def test_what_was_over_before_spy_heard_of_it_gets_no_line(spy: SpyKit):
    assert hears(owned(spy), state=RESOLVED) == []
    assert lines(spy) == []


def test_an_alert_that_flaps_stays_one_line_that_counts(spy: SpyKit):
    hears(owned(spy))
    for _ in range(3):
        spy.clock.tick(minutes=5)
        hears(spy, state=RESOLVED)
        spy.clock.tick(minutes=5)
        hears(spy)

    assert {it.slot for it in lines(spy)} == {"alert:1"}
    assert "4 times so far" in line(spy).text


def test_an_alert_that_comes_back_after_an_hour_gets_a_new_line(spy: SpyKit):
    hears(owned(spy))
    hears(spy, state=RESOLVED)
    spy.clock.tick(minutes=61)

    assert [it.number for it in hears(spy)] == [2]


def test_a_report_that_arrives_late_changes_nothing(spy: SpyKit):
    began = ago(spy, minutes=10)
    hears(owned(spy), began_at=began)
    hears(spy, state=RESOLVED, began_at=began)

    hears(spy, began_at=began)

    assert alert(spy).is_resolved


def test_reports_with_a_time_of_their_own_count_in_that_order(spy: SpyKit):
    hears(owned(spy), as_of=ago(spy, minutes=3))
    hears(spy, state=RESOLVED, as_of=ago(spy, minutes=1))

    hears(spy, as_of=ago(spy, minutes=2))

    assert alert(spy).is_resolved


def test_a_start_in_the_future_is_a_start_now(spy: SpyKit):
    hears(owned(spy), began_at=ago(spy, minutes=-30))

    assert alert(spy).began_at == spy.clock.now()


def test_a_channel_that_refuses_the_line_costs_no_alert(spy: SpyKit):
    hears(owned(spy))

    with spy.tx() as tx:
        assert Lines(tx).move(1, "is_archived")
        assert not Lines(tx).move(1, "is_archived")

    assert lines(spy)[-1].to == "C0IMOC"
    assert "refuses posts, so it is shown here" in line(spy).text


# --- storms -----------------------------------------------------------------------------------------------


def test_a_storm_is_one_line_with_a_count(spy: SpyKit):
    hears(owned(spy), *(f"pod {number} is down" for number in range(40)))

    assert "40 alerts on checkout" in line(spy).text
    assert "40 not resolved" in line(spy).text
    assert "and 34 more" in line(spy).text
    assert {it.ref for it in lines(spy)} == {1, 2, 3}
    assert labels(line(spy, 2)) == []
    assert "now part of a storm of alerts on checkout" in line(spy, 2).text


def test_a_few_alerts_keep_their_own_lines(spy: SpyKit):
    hears(owned(spy), "a", "b", "c")

    assert [labels(line(spy, number)) for number in (1, 2, 3)] == [["Declare", "Not an incident"]] * 3


def test_alerts_that_come_slowly_are_no_storm(spy: SpyKit):
    owned(spy)
    for title in "abcdefgh":
        hears(spy, title)
        spy.clock.tick(minutes=3)

    assert len({it.slot for it in lines(spy)}) == 8


def test_a_storm_goes_on_while_alerts_come_and_ends_when_they_stop(spy: SpyKit):
    hears(owned(spy), "a", "b", "c", "d")
    for title in "efgh":
        spy.clock.tick(minutes=4)
        hears(spy, title)
    spy.clock.tick(minutes=6)
    hears(spy, "later")

    assert "8 alerts on checkout" in line(spy).text
    assert alert(spy, 9).storm is None


def test_services_have_storms_of_their_own(spy: SpyKit):
    hears(owned(spy), "a", "b", "c")

    hears(spy, "d", service="orders")

    assert alert(spy, 4).storm is None


def test_a_storm_that_is_over_says_so(spy: SpyKit):
    hears(owned(spy), "a", "b", "c", "d")

    hears(spy, "a", "b", "c", "d", state=RESOLVED)

    assert "✅ *4 alerts on checkout*" in line(spy).text
    assert "all resolved" in line(spy).text


def test_all_alerts_of_a_storm_can_be_listed(spy: SpyKit):
    hears(owned(spy), *(f"pod {number} is down" for number in range(9)))

    listed = spy.say("alert list", channel="C0PAY").message

    assert listed
    assert "9 alerts" in listed.text
    assert all(f"pod {number} is down" in listed.text for number in range(9))
    assert "in the storm of alert 1" in listed.text


def test_a_decision_about_one_alert_of_a_storm_says_that_it_is_for_all(spy: SpyKit):
    hears(owned(spy), *"abcdefghi")

    answer = spy.say("alert ignore 3", channel="C0PAY").message

    assert answer
    assert "9 alerts on checkout are not an incident: " in answer.text


def test_the_line_of_a_storm_counts_those_that_end(spy: SpyKit):
    hears(owned(spy), "a", "b", "c", "d", "e")

    hears(spy, "d", "e", state=RESOLVED)

    assert "5 alerts on checkout" in line(spy).text
    assert "3 not resolved" in line(spy).text


def test_alerts_that_name_no_service_are_no_storm(spy: SpyKit):
    hears(owned(spy), *"abcdef", service=None)

    assert [alert(spy, number).storm for number in range(1, 7)] == [None] * 6


def test_an_alert_after_three_with_incidents_of_their_own_asks(spy: SpyKit):
    owned(spy)
    for number, person in enumerate(("U0ANA", "U0RAJ", "U0KIM"), start=1):
        hears(spy, f"part {number} fails")
        spy.say(f"alert declare {number}", by=person, channel="C0PAY")

    hears(spy, "part 4 fails")

    assert "Declare" in labels(line(spy, 4))


def test_a_storm_is_as_severe_as_its_worst_alert(spy: SpyKit):
    hears(owned(spy), *"abcd", severity="sev3")
    hears(spy, "e", severity="sev1")

    spy.say("alert declare 1", channel="C0PAY")

    assert spy.incident(1).severity == "sev1"


def test_the_end_of_an_alert_that_arrives_first_is_remembered(spy: SpyKit):
    assert hears(owned(spy), state=RESOLVED, as_of=ago(spy, minutes=1)) == []

    assert hears(spy, as_of=ago(spy, minutes=2)) == []
    assert lines(spy) == []
    said = spy.say("alert list", channel="C0PAY").message
    assert said
    assert "No alert" in said.text


def test_an_alert_that_fires_after_the_end_that_spy_heard_of_gets_a_line(spy: SpyKit):
    hears(owned(spy), state=RESOLVED, as_of=ago(spy, minutes=2))

    [new] = hears(spy, as_of=ago(spy, minutes=1))

    assert "firing" in line(spy, new.number).text
    assert (new.times, new.to) == (1, "C0PAY")
