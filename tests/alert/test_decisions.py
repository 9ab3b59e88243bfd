"""What people decide about an alert, by a press or by typing; and who was first."""

import pytest

from bot.commands.request import Source
from bot.domain.alert.alert import Decision
from bot.domain.message import Message
from bot.testing import SpyKit
from tests.alert.world import RESOLVED, ago, alert, hears, labels, line, lines, owned
from tests.support.times import in_utc


def said(spy: SpyKit, words: str, *, by: str = "U0ANA", channel: str = "C0PAY") -> Message:
    answer = spy.say(words, by=by, channel=channel)
    assert answer.message
    return answer.message


def test_declare_opens_an_incident_with_the_name_the_link_and_the_start_of_the_alert(spy: SpyKit):
    began = ago(spy, minutes=4)
    hears(owned(spy), began_at=began)

    spy.press("Declare", line(spy), channel="C0PAY")

    incident = spy.incident(1)
    assert incident.name == "error rate 12 %"
    assert incident.commander == "U0ANA"
    assert incident.impact_since == began
    assert [it.url for it in incident.links] == ["https://grafana.example.com/d/7"]
    assert [it.kind for it in spy.timeline(1)][:2] == ["declared", "alert_added"]
    assert "INC-1 error rate 12 %" in line(spy).text
    assert labels(line(spy)) == []


def test_the_line_in_the_incident_says_where_it_began(spy: SpyKit):
    hears(owned(spy), began_at=ago(spy, minutes=4))
    spy.press("Declare", line(spy), channel="C0PAY")

    added = in_utc(spy.lines(1)[0])
    assert "*Alert 1* on checkout from a tool, since 11:56 UTC" in added


def test_whoever_declares_second_hears_who_was_first(spy: SpyKit):
    hears(owned(spy))
    shown = line(spy)
    spy.press("Declare", shown, channel="C0PAY")

    spy.press("Declare", shown, by="U0RAJ", channel="C0PAY")

    told = spy.private()[-1]
    assert "<@U0ANA> opened INC-1 error rate 12 % for alert 1 at 12:00 UTC" in told.text
    assert labels(told) == ["Join INC-1"]
    with pytest.raises(LookupError):
        spy.incident(2)


def test_a_second_press_by_the_same_person_opens_nothing_more(spy: SpyKit):
    hears(owned(spy))
    shown = line(spy)
    spy.press("Declare", shown, channel="C0PAY")

    spy.press("Declare", shown, channel="C0PAY")

    assert "INC-1 error rate 12 %" in spy.private()[-1].text
    with pytest.raises(LookupError):
        spy.incident(2)


def test_same_as_puts_it_with_the_incident_and_offers_the_likeliest_first(spy: SpyKit):
    for name in ("cart is slow", "checkout has a high error rate", "mail is late", "old printers"):
        spy.say(f'incident me "{name}" sev3')
    hears(owned(spy))

    assert labels(line(spy)) == [
        "Declare",
        "Same as INC-2",
        "Same as INC-4",
        "Same as INC-3",
        "Not an incident",
    ]

    spy.press("Same as INC-2", line(spy), by="U0RAJ", channel="C0PAY")
    assert spy.timeline(2)[-1].kind == "alert_added"
    assert "Added to INC-2 checkout has a high error rate by Raj Patel" in line(spy).text


def test_the_next_alert_of_a_service_is_likeliest_the_same_incident(spy: SpyKit):
    hears(owned(spy))
    spy.press("Declare", line(spy), channel="C0PAY")
    spy.say('incident me "mail is late" sev3')

    hears(spy, "latency")

    assert labels(line(spy, 2))[1] == "Same as INC-1"


@pytest.mark.parametrize(
    ("title", "likeliest"),
    [
        ("errors are high for all customers", 4),  # such words say nothing: the newest comes first
        ("PAYMENT refused by the bank", 2),  # one word of many, in another case and number
        ("the búsqueda index is broken", 3),
    ],
)
def test_words_that_tell_something_decide_which_incident_is_likeliest(
    spy: SpyKit, title: str, likeliest: int
):
    for name in ("errors for customers in the office", "payments fail", "búsqueda is slow", "old printers"):
        spy.say(f'incident me "{name}" sev3')

    hears(owned(spy), title, service=None)

    assert labels(line(spy))[1] == f"Same as INC-{likeliest}"


def test_a_service_that_only_the_title_names_makes_an_incident_likely(spy: SpyKit):
    for name in ("checkout loses carts", "mail is late", "old printers"):
        spy.say(f'incident me "{name}" sev3')

    hears(owned(spy), "p99 of checkout above 2 s", service=None)

    assert labels(line(spy))[1] == "Same as INC-1"


def test_private_incidents_and_drills_are_not_offered(spy: SpyKit):
    spy.say('incident me "checkout error rate" sev3 private')
    spy.say('incident me "checkout error rate again" sev3 drill')

    hears(owned(spy))

    assert labels(line(spy)) == ["Declare", "Not an incident"]


def test_not_an_incident_is_said_in_the_line_and_can_be_undone(spy: SpyKit):
    hears(owned(spy))
    spy.press("Not an incident", line(spy), channel="C0PAY")

    assert 'Marked "not an incident" by Ana Lima' in line(spy).text
    told = spy.private()[-1]
    spy.press("Declare it anyway", told, by="U0RAJ", channel="C0PAY")
    assert spy.incident(1).commander == "U0RAJ"
    assert alert(spy).decision is Decision.DECLARED


def test_declaring_what_somebody_called_no_incident_says_who_and_offers_to_do_it_anyway(spy: SpyKit):
    hears(owned(spy))
    spy.say("alert ignore 1", channel="C0PAY")

    refused = said(spy, "alert declare 1", by="U0RAJ")

    assert "<@U0ANA> said at 12:00 UTC that alert 1 is not an incident" in refused.text
    assert labels(refused) == ["Declare it anyway"]


def test_an_ignored_alert_that_comes_back_asks_nothing(spy: SpyKit):
    hears(owned(spy))
    spy.say("alert ignore 1", channel="C0PAY")
    hears(spy, state=RESOLVED)
    spy.clock.tick(minutes=20)

    hears(spy)

    assert {it.slot for it in lines(spy)} == {"alert:1"}
    assert labels(line(spy)) == ["Declare it anyway"]


def test_an_alert_of_an_open_incident_that_comes_back_is_told_there(spy: SpyKit):
    hears(owned(spy))
    spy.press("Declare", line(spy), channel="C0PAY")
    hears(spy, state=RESOLVED)
    spy.clock.tick(hours=3)

    hears(spy)

    assert [it.kind for it in spy.timeline(1)][-2:] == ["alert_resolved", "alert_fired_again"]
    assert {it.slot for it in lines(spy)} == {"alert:1"}


def test_an_alert_that_comes_back_after_its_incident_is_over_is_asked_anew(spy: SpyKit):
    hears(owned(spy))
    spy.press("Declare", line(spy), channel="C0PAY")
    hears(spy, state=RESOLVED)
    spy.say('incident 1 resolve "rolled back"')

    assert [it.number for it in hears(spy)] == [2]
    assert labels(line(spy, 2)) == ["Declare", "Not an incident"]


def test_one_decision_is_for_the_whole_storm(spy: SpyKit):
    hears(owned(spy), *"abcdef")

    said(spy, "alert declare 5")

    assert alert(spy, 1).incident == 1
    assert "INC-1 a" in line(spy, 1).text
    hears(spy, "g")
    assert alert(spy, 7).storm == 1


def test_a_wrong_incident_is_put_right(spy: SpyKit):
    spy.say('incident me "mail is late" sev3')
    spy.say('incident me "checkout" sev3')
    hears(owned(spy))
    said(spy, "alert same 1 as 1")

    refused = said(spy, "alert same 1 as 2", by="U0RAJ")
    spy.press("Add it to INC-2 instead", refused, by="U0RAJ", channel="C0PAY")

    assert alert(spy).incident == 2
    assert spy.timeline(1)[-1].kind == "alert_removed"


def test_an_open_incident_of_this_name_is_offered_first(spy: SpyKit):
    spy.say('incident me "error rate 12 %" sev3', by="U0KIM")
    hears(owned(spy))

    asked = said(spy, "alert declare 1")

    assert labels(asked) == ["Same as INC-1", "Open another"]
    spy.press("Open another", asked, channel="C0PAY")
    assert alert(spy).incident == 2


def test_the_severity_that_the_source_names_counts(spy: SpyKit):
    hears(owned(spy), severity="P2")

    said(spy, "alert declare 1")

    assert (spy.incident(1).severity, spy.incident(1).services) == ("sev2", ("checkout",))
    assert [it.team for it in spy.pages(1)] == ["imoc"]


def test_a_private_incident_is_not_named_in_the_line(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1 private")
    spy.create_channel(1, channel="C0SECRET")

    assert "INC-1" not in line(spy).text
    assert "a private incident" in line(spy).text
    refused = said(spy, "alert same 1", by="U0RAJ", channel="C0SECRET")
    assert "error rate" not in said(spy, "alert list", by="U0RAJ").text
    assert refused


def test_alerts_are_listed(spy: SpyKit):
    hears(owned(spy), "a")
    hears(spy, "b", service="orders")

    assert "2 alerts" in said(spy, "alert list").text
    assert "1 alert on checkout" in said(spy, "alert list checkout").text
    assert "There is no service mail" in said(spy, "alert list mail").text


def test_every_way_of_speaking_decides(spy: SpyKit):
    for number, source in enumerate((Source.SLASH, Source.MENTION, Source.PLAIN, Source.BUTTON), 1):
        hears(owned(spy), f"alert of {source}", service=f"service-{number}")
        spy.say(f"alert ignore {number}", channel="C0PAY", source=source)

    assert [alert(spy, number).decision for number in (1, 2, 3, 4)] == [Decision.IGNORED] * 4


@pytest.mark.parametrize("words", ["alert declare 9", "alert ignore 9", "alert same 9 as 1"])
def test_an_unknown_alert_is_refused(spy: SpyKit, channel: str, words: str):
    assert "There is no alert 9" in said(spy, words).text


def test_an_incident_that_opens_beside_an_alert_is_offered_in_its_line(spy: SpyKit):
    hears(owned(spy))
    spy.deliver()
    before = len(lines(spy))
    spy.say('incident me "checkout is down" sev3', by="U0KIM")

    spy.create_channel(1)

    assert len(lines(spy)) == before + 1
    assert labels(line(spy))[1] == "Same as INC-1"


def test_the_line_says_when_its_incident_is_over(spy: SpyKit):
    hears(owned(spy))
    said(spy, "alert declare 1")
    spy.deliver()
    before = len(lines(spy))

    spy.say('incident 1 resolve "rolled back"')

    assert len(lines(spy)) == before + 1
    assert "(resolved)" in line(spy).text


def test_whoever_puts_it_with_the_same_incident_second_hears_who_was_first(spy: SpyKit):
    spy.say('incident me "checkout" sev3')
    hears(owned(spy))
    said(spy, "alert same 1 as 1")

    refused = said(spy, "alert same 1 as 1", by="U0RAJ")

    assert "<@U0ANA> added alert 1 to INC-1 checkout at 12:00 UTC" in refused.text


def test_a_real_alert_stays_out_of_a_drill(spy: SpyKit):
    """The end of a drill would resolve the pager's incident while the alert still fires."""
    said(spy, 'incident me "game day" sev3 drill', by="U0RAJ")
    hears(owned(spy), pager_id="Q1", assigned="Kim Park", source="pagerduty")

    refused = said(spy, "alert same 1 as 1")

    assert "INC-1 is a drill and alert 1 is real, so they stay apart." in refused.text
    assert alert(spy).is_undecided
    assert not spy.pages(1)

    spy.press("Declare", refused, channel="C0PAY")

    assert alert(spy).incident == 2


def test_an_alert_of_an_incident_is_not_moved_into_a_drill(spy: SpyKit):
    said(spy, 'incident me "game day" sev3 drill', by="U0RAJ")
    hears(owned(spy))
    said(spy, "alert declare 1")

    said(spy, "alert same 1 as 1 anyway")

    assert alert(spy).incident == 2
