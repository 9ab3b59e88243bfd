"""What people type about alerts, in the forms that come to mind."""

import pytest

from bot.domain.alert.alert import Decision
from bot.domain.message import Message
from bot.testing import SpyKit
from tests.alert.world import alert, hears, labels, owned


def said(spy: SpyKit, words: str) -> Message:
    answer = spy.say(words, by="U0ANA", channel="C0PAY")
    assert answer.message
    return answer.message


def test_alerts_is_the_list(spy: SpyKit):
    hears(owned(spy))

    assert said(spy, "alerts").text == said(spy, "alert list").text


def test_a_number_shows_that_alert_with_its_buttons(spy: SpyKit):
    hears(owned(spy))

    shown = said(spy, "alert 1")

    assert "error rate 12 %" in shown.text
    assert labels(shown) == ["Declare", "Not an incident"]
    assert "There is no alert 9" in said(spy, "alert 9").text


def test_an_alert_of_a_private_incident_is_shown_to_its_people_only(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1 private")

    answer = spy.say("alert 1", by="U0RAJ", channel="C0PAY").message

    assert answer
    assert "There is no alert 1 that you can see" in answer.text


@pytest.mark.parametrize("words", ["alert ack 1", "alert acknowledge #1", "alert resolve 1"])
def test_an_alert_is_acknowledged_where_it_comes_from(spy: SpyKit, words: str):
    hears(owned(spy), pager_id="Q1", source="pagerduty")

    answer = said(spy, words)

    assert "in the pager" in answer.text
    assert "`pager ack`" in answer.text
    assert labels(answer) == ["Declare"]


def test_declare_alone_asks_which_alert(spy: SpyKit):
    hears(owned(spy))
    hears(spy, "disk is full")
    said(spy, "alert ignore 1")

    asked = said(spy, "alert declare")
    spy.press("2 disk is full", asked, channel="C0PAY")

    assert labels(asked) == ["2 disk is full"]
    assert spy.incident(1).name == "disk is full"


def test_declare_alone_without_an_open_alert_says_so(spy: SpyKit):
    assert "Every alert of the last 7 days is decided" in said(spy, "alert declare").text


@pytest.mark.parametrize(
    "words", ["alert declare 1 sev2", "alert declare alert 1 sev2", "alert declare #1 sev2"]
)
def test_declare_reads_the_number_in_each_form(spy: SpyKit, words: str):
    hears(owned(spy))

    said(spy, words)

    assert (spy.incident(1).name, spy.incident(1).severity) == ("error rate 12 %", "sev2")


def test_what_is_no_number_is_refused(spy: SpyKit):
    assert "is not the number of an alert" in said(spy, "alert ignore disk").text


@pytest.mark.parametrize("words", ["as 1", "as INC-1", "1", "INC-1", "with 1", "to INC-1"])
def test_same_reads_the_incident_in_each_form(spy: SpyKit, words: str):
    said(spy, "incident me cards sev3")
    hears(owned(spy))

    said(spy, f"alert same 1 {words}")

    assert (alert(spy).decision, alert(spy).incident) == (Decision.SAME, 1)


def test_the_alerts_of_a_team_are_listed(spy: SpyKit):
    hears(owned(spy), "a")
    hears(spy, "b", service="payments")
    hears(spy, "c", service="orders")

    listed = said(spy, "alert list :payments")

    assert "2 alerts on :payments" in listed.text
    assert said(spy, "alert list payments").text == listed.text
