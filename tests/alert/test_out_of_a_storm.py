"""One alert of a storm is another matter: it leaves the storm, and the others stay there."""

from bot.domain.alert.alert import Decision
from bot.domain.message import Message
from bot.testing import SpyKit
from tests.alert.world import RESOLVED, alert, hears, labels, line, owned


def said(spy: SpyKit, words: str, *, by: str = "U0ANA") -> Message:
    answer = spy.say(words, by=by, channel="C0PAY")
    assert answer.message
    return answer.message


def test_declare_anyway_takes_an_alert_out_of_a_storm(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    said(spy, "alert declare 1")

    said(spy, "alert declare 5 anyway", by="U0RAJ")

    assert (spy.incident(2).name, spy.incident(2).commander) == ("e", "U0RAJ")
    assert (alert(spy, 5).storm, alert(spy, 5).incident) == (None, 2)
    assert "INC-2 e" in line(spy, 5).text
    assert "5 alerts on checkout" in line(spy, 1).text
    assert "INC-1 a" in line(spy, 1).text


def test_it_leaves_an_undecided_storm_as_it_is(spy: SpyKit):
    hears(owned(spy), *"abcdef")

    said(spy, "alert declare 5 anyway")

    assert spy.incident(1).name == "e"
    assert "Declare" in labels(line(spy, 1))


def test_two_who_take_it_out_at_once_open_one_incident(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    said(spy, "alert declare 5 anyway")

    again = said(spy, "alert declare 5 anyway")
    second = said(spy, "alert declare 5 anyway", by="U0RAJ")

    assert "INC-1 e" in again.text
    assert "<@U0ANA> opened INC-1 e for alert 5" in second.text


def test_same_as_anyway_takes_an_alert_out_of_a_storm(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    said(spy, "alert declare 1")
    said(spy, "incident me mail sev3", by="U0RAJ")

    said(spy, "alert same 5 as 2 anyway")

    assert (alert(spy, 5).decision, alert(spy, 5).incident) == (Decision.SAME, 2)
    assert alert(spy, 1).incident == 1
    assert "5 alerts on checkout" in line(spy, 1).text


def test_its_page_goes_with_it(spy: SpyKit):
    owned(spy)
    for title in "abcdef":
        hears(spy, title, pager_id=f"Q{title}", assigned="Kim Park", source="pagerduty")
    said(spy, "alert declare 1")

    said(spy, "alert declare 5 anyway", by="U0RAJ")

    assert [it.pager_id for it in spy.pages(2)] == ["Qe"]
    assert "Qe" not in [it.pager_id for it in spy.pages(1)]


def test_its_end_is_told_in_its_own_incident(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    said(spy, "alert declare 5 anyway")

    hears(spy, "e", state=RESOLVED)

    assert spy.timeline(1)[-1].kind == "alert_resolved"


def test_what_an_answer_offers_about_a_storm_is_for_the_whole_storm(spy: SpyKit):
    said(spy, "incident me a sev3", by="U0KIM")
    hears(owned(spy), *"abcdef")

    asked = said(spy, "alert declare 5")
    spy.press("Open another", asked, channel="C0PAY")

    assert (alert(spy, 1).incident, alert(spy, 5).storm) == (2, 1)


def test_the_offer_to_add_it_elsewhere_is_for_the_whole_storm(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    said(spy, "alert declare 1")
    said(spy, "incident me mail sev3", by="U0RAJ")

    refused = said(spy, "alert same 5 as 2", by="U0RAJ")
    spy.press("Add it to INC-2 instead", refused, by="U0RAJ", channel="C0PAY")

    assert (alert(spy, 1).incident, alert(spy, 5).storm) == (2, 1)


def test_no_alert_joins_a_storm_whose_incident_is_private(spy: SpyKit):
    """Only the people of that incident would see it."""
    hears(owned(spy), *"abcde")
    said(spy, "alert declare 1 private")

    hears(spy, "f")

    assert alert(spy, 6).storm is None
    assert labels(line(spy, 6)) == ["Declare", "Not an incident"]
    assert "INC-2 f" in said(spy, "alert declare 6", by="U0KIM").text
