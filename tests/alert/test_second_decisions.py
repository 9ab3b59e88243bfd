"""Two people decide about one alert: the second opens no second incident, and nothing that was typed is lost."""

import pytest

from bot.domain.message import Message
from bot.testing import SpyKit
from tests.alert.world import RESOLVED, alert, hears, labels, line, lines, owned


def said(spy: SpyKit, words: str, *, by: str = "U0ANA") -> Message:
    answer = spy.say(words, by=by, channel="C0PAY")
    assert answer.message
    return answer.message


def there_is_one_incident(spy: SpyKit) -> None:
    assert spy.incident(1).is_open
    with pytest.raises(LookupError):
        spy.incident(2)


def paged(spy: SpyKit, **more: object) -> None:
    """Report an incident of the pager for which Kim is paged."""
    hears(owned(spy), pager_id="Q1", assigned="Kim Park", source="pagerduty", **more)


def test_two_people_who_declare_it_anyway_open_one_incident(spy: SpyKit):
    paged(spy)
    said(spy, "alert ignore 1", by="U0KIM")
    anas, rajs = said(spy, "alert declare 1"), said(spy, "alert declare 1", by="U0RAJ")

    spy.press("Declare it anyway", anas, channel="C0PAY")
    spy.press("Declare it anyway", rajs, by="U0RAJ", channel="C0PAY")

    there_is_one_incident(spy)
    assert [it.pager_id for it in spy.pages(1)] == ["Q1"]
    told = spy.private()[-1]
    assert "<@U0ANA> opened INC-1 error rate 12 % for alert 1" in told.text
    assert labels(told) == ["Join INC-1"]


@pytest.mark.parametrize("first", ["alert declare 1", "alert same 1 as 1"])
def test_anyway_opens_no_second_incident_beside_an_open_one(spy: SpyKit, first: str):
    if "same" in first:
        said(spy, 'incident me "cards fail"')
    paged(spy)
    said(spy, first)

    refused = said(spy, "alert declare 1 anyway", by="U0RAJ")

    there_is_one_incident(spy)
    assert labels(refused) == ["Join INC-1"]


def test_open_another_that_comes_second_reads_who_was_first(spy: SpyKit):
    said(spy, 'incident me "error rate 12 %" sev3', by="U0KIM")
    hears(owned(spy))
    anas, rajs = said(spy, "alert declare 1"), said(spy, "alert declare 1", by="U0RAJ")

    spy.press("Open another", anas, channel="C0PAY")
    spy.press("Open another", rajs, by="U0RAJ", channel="C0PAY")

    assert "<@U0ANA> opened INC-2" in spy.private()[-1].text
    with pytest.raises(LookupError):
        spy.incident(3)


def test_an_alert_whose_incident_is_over_can_be_declared_anyway(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1")
    said(spy, 'incident 1 resolve "rolled back"')

    refused = said(spy, "alert declare 1 sev2", by="U0RAJ")
    spy.press("Declare it anyway", refused, by="U0RAJ", channel="C0PAY")

    assert "It is resolved." in refused.text
    assert (spy.incident(2).commander, spy.incident(2).severity) == ("U0RAJ", "sev2")
    assert alert(spy).incident == 2
    assert spy.timeline(1)[-1].kind == "alert_removed"


def test_declare_it_anyway_keeps_what_was_typed(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert ignore 1")

    asked = said(spy, "alert declare 1 sev1 private")
    spy.press("Declare it anyway", asked, channel="C0PAY")

    assert (spy.incident(1).private, spy.incident(1).severity) == (True, "sev1")


def test_the_line_itself_takes_back_not_an_incident(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert ignore 1")

    spy.press("Declare it anyway", line(spy), by="U0RAJ", channel="C0PAY")

    assert spy.incident(1).commander == "U0RAJ"


def test_a_severity_that_is_added_later_is_set(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1")

    answer = said(spy, "alert declare 1 sev1")

    assert spy.incident(1).severity == "sev1"
    assert "(sev1)" in answer.text
    assert "No severity yet" not in answer.text


def test_another_severity_is_offered_not_dropped(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1 sev2")

    refused = said(spy, "alert declare 1 sev1")

    assert spy.incident(1).severity == "sev2"
    assert labels(refused) == ["Set sev1"]


def test_private_that_is_added_later_is_not_dropped_in_silence(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1")

    assert "make its channel private" in said(spy, "alert declare 1 private").text


# --- whom the pager pages already -------------------------------------------------------------------------


def test_the_answer_says_whom_the_pager_pages_already(spy: SpyKit):
    paged(spy, severity=None)

    answer = said(spy, "alert declare 1")

    assert "is already paging Kim Park. Set a severity to page the other teams." in answer.text
    assert "nobody is paged" not in answer.text


@pytest.mark.parametrize("assigned", ["", None])
def test_without_a_page_nobody_is_paged(spy: SpyKit, assigned: str | None):
    more = {"pager_id": "Q1"} if assigned == "" else {}
    hears(owned(spy), severity=None, assigned=assigned, **more)

    assert "so nobody is paged" in said(spy, "alert declare 1").text


def test_a_page_that_is_over_pages_nobody(spy: SpyKit):
    paged(spy, severity=None)
    hears(spy, pager_id="Q1", source="pagerduty", state=RESOLVED)

    assert "so nobody is paged" in said(spy, "alert declare 1").text


# --- after a merge ----------------------------------------------------------------------------------------


def merged(spy: SpyKit) -> None:
    """Let INC-1 be Ana's, and INC-2, to which alert 1 was added, be merged into it."""
    hears(owned(spy), "disk is full")
    said(spy, "incident me cards sev3")
    said(spy, "incident me mail sev3", by="U0RAJ")
    said(spy, "alert same 1 as 2")
    said(spy, "incident 2 merge 1", by="U0RAJ")
    assert not spy.incident(2).is_open


def test_an_alert_of_a_merged_incident_is_heard_where_that_goes_on(spy: SpyKit):
    merged(spy)

    hears(spy, "disk is full", state=RESOLVED)
    spy.clock.tick(hours=2)
    again = hears(spy, "disk is full")

    assert again == []
    assert [it.kind for it in spy.timeline(1)][-2:] == ["alert_resolved", "alert_fired_again"]


def test_an_alert_of_a_merged_incident_opens_no_other(spy: SpyKit):
    merged(spy)

    refused = said(spy, "alert declare 1 anyway", by="U0KIM")

    assert "added alert 1 to INC-2 mail" in refused.text
    assert "It is merged into INC-1." in refused.text
    assert labels(refused) == ["Join INC-1"]


def test_the_line_of_a_merged_incident_follows_the_one_that_goes_on(spy: SpyKit):
    merged(spy)
    spy.deliver()
    assert "Added to INC-2, now INC-1 cards by Ana Lima" in line(spy).text
    before = len(lines(spy))

    said(spy, 'incident 1 resolve "rolled back"')

    assert len(lines(spy)) == before + 1
    assert "INC-2, now INC-1 cards (resolved)" in line(spy).text


def test_the_line_of_an_incident_that_was_merged_twice_follows_the_last(spy: SpyKit):
    merged(spy)
    said(spy, "incident me orders sev3", by="U0KIM")
    said(spy, "incident 1 merge 3")

    said(spy, 'incident 3 resolve "rolled back"', by="U0KIM")

    assert "INC-2, now INC-3 orders (resolved)" in line(spy).text


def test_after_reopen_the_alert_is_heard_in_its_own_incident_again(spy: SpyKit):
    merged(spy)
    said(spy, "incident 2 reopen", by="U0RAJ")

    hears(spy, "disk is full", state=RESOLVED)

    assert spy.timeline(2)[-1].kind == "alert_resolved"


def test_still_broken_under_a_merged_incident_leads_to_the_one_that_goes_on(spy: SpyKit):
    merged(spy)

    answer = said(spy, "incident 2 still broken", by="U0KIM")

    assert "INC-2 goes on as INC-1, which is open" in answer.text
    assert labels(answer) == ["Join it"]
    assert "still_broken" not in [it.kind for it in spy.timeline(2)]


def test_still_broken_asks_who_led_the_incident_that_went_on(spy: SpyKit):
    merged(spy)
    said(spy, 'incident 1 resolve "rolled back"')

    answer = said(spy, "incident 2 still broken", by="U0KIM")

    assert "Ana Lima is asked whether to reopen INC-1" in answer.text
    assert spy.incident(1).still_broken_for == ("U0KIM",)
