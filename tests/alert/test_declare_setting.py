"""`declare:` of a service: always, ask, never; by severity or urgency."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.alert.alert import Decision
from bot.domain.paging.effects import SendPage
from bot.domain.policy import Account
from bot.domain.service import Declare
from bot.ports import OnCallShift
from bot.services.oncall.oncall import OnCall
from bot.testing import NOON, SpyKit
from tests.alert.world import RESOLVED, alert, hears, labels, line, owned


def raj_on_call(spy: SpyKit, **treated: Any) -> SpyKit:
    """Let payments own checkout, and Raj be on call for payments."""
    owned(spy, **treated)
    spy.adopt(replace(spy.policy, people={"U0RAJ": Account(pager_id="PURAJ")}))
    shift = OnCallShift(policy="PPOL2", level=1, name="Raj Patel", email="raj@example.com", user="PURAJ")
    with spy.tx() as tx:
        OnCall(tx).synced([shift])
    return spy


def test_always_opens_an_incident_led_by_who_is_on_call(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))

    assert (spy.incident(1).name, spy.incident(1).commander) == ("error rate 12 %", "U0RAJ")
    assert spy.incident(1).services == ("checkout",)
    assert "Declared by Spy" in line(spy).text
    assert labels(line(spy)) == []


def test_the_next_alert_of_the_service_joins_the_open_incident(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))

    hears(spy, "latency")

    assert (alert(spy, 2).decision, alert(spy, 2).incident) == (Decision.SAME, 1)
    with pytest.raises(LookupError):
        spy.incident(2)


def test_a_flapping_alert_opens_nothing_more_while_the_incident_is_open(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))
    hears(spy, state=RESOLVED)
    spy.clock.tick(minutes=5)

    hears(spy)

    with pytest.raises(LookupError):
        spy.incident(2)


def test_without_anybody_on_call_in_slack_the_team_is_paged_and_the_line_asks(spy: SpyKit):
    hears(owned(spy, declare=Declare.ALWAYS))

    assert labels(line(spy)) == ["Declare", "Not an incident"]
    [page] = spy.asked(SendPage)
    assert "Page 1 to :payments" in spy.message_type("page", page.page).text
    why = spy.say("why page 1").message
    assert why
    assert "nobody on call was known in Slack" in why.text


def test_nobody_is_paged_whom_the_pager_pages_already(spy: SpyKit):
    hears(owned(spy, declare=Declare.ALWAYS), pager_id="Q1", assigned="Kim Park", source="pagerduty")

    assert spy.asked(SendPage) == []


def test_never_shows_the_alert_and_asks_nothing(spy: SpyKit):
    hears(owned(spy, declare=Declare.NEVER))

    assert "error rate 12 %" in line(spy).text
    assert labels(line(spy)) == []
    assert spy.say("alert declare 1", channel="C0PAY").message
    assert spy.incident(1).commander == "U0ANA"


def test_the_severity_or_the_urgency_decides(spy: SpyKit):
    raj_on_call(spy, declare_by={"sev1": Declare.ALWAYS, "low": Declare.NEVER})

    hears(spy, "ask", severity="warning", urgency="high")
    hears(spy, "never", severity=None, urgency="low")
    hears(spy, "always", severity="P1")

    assert [len(labels(line(spy, number))) for number in (1, 2)] == [3, 0]
    assert spy.incident(1).name == "always"


def test_the_team_of_an_incident_that_nobody_asked_for_is_paged(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))

    [page] = spy.pages(1)
    assert (page.team, page.requested_by) == ("payments", None)
    assert [it.page for it in spy.asked(SendPage)] == [page.number]


def test_a_team_that_its_severity_pages_is_paged_once(spy: SpyKit):
    raj_on_call(spy, declare=Declare.ALWAYS)
    severities = {key: replace(it, page=("payments",)) for key, it in spy.policy.severities.items()}
    spy.adopt(replace(spy.policy, severities=severities))

    hears(spy, severity="sev1")

    assert [it.team for it in spy.pages(1)] == ["payments"]


def test_a_storm_of_alerts_that_open_incidents_is_one_incident_and_one_line(spy: SpyKit):
    raj_on_call(spy, declare=Declare.ALWAYS)

    hears(spy, *(f"pod {number} is down" for number in range(20)))

    assert alert(spy, 20).storm == 1
    assert [it.team for it in spy.pages(1)] == ["payments"]
    with pytest.raises(LookupError):
        spy.incident(2)


def test_an_alert_that_opens_an_incident_does_so_in_a_storm_of_others(spy: SpyKit):
    raj_on_call(spy, declare_by={"low": Declare.NEVER, "sev1": Declare.ALWAYS})
    hears(spy, *"abcde", severity="low")

    hears(spy, "the database is down", severity="sev1")

    assert (spy.incident(1).name, spy.incident(1).severity) == ("the database is down", "sev1")
    assert alert(spy, 6).storm is None


def test_an_alert_that_asks_is_not_hidden_in_a_storm_that_does_not(spy: SpyKit):
    owned(spy, declare_by={"low": Declare.NEVER})
    hears(spy, *"abcde", severity="low")

    hears(spy, "the disk is full", severity="sev2")

    assert labels(line(spy, 6)) == ["Declare", "Not an incident"]


# --- nobody did what Spy did ------------------------------------------------------------------------------


def test_nothing_says_that_a_person_opened_what_spy_opened(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS), severity="sev1")

    assert spy.incident(1).declared_by is None
    assert {it.actor for it in spy.timeline(1)} == {None}
    assert {it.requested_by for it in spy.pages(1)} == {None}
    assert "Opened by Spy" in spy.message_type("card", 1).text
    said = spy.say("incident 1 timeline", by="U0ANA").message
    assert said
    assert "Spy declared it: error rate 12 % (sev1), affects checkout, led by Raj Patel" in said.text


def test_a_name_that_is_too_long_is_noted_by_spy(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS), "error rate " * 20)

    [note] = [it for it in spy.timeline(1) if it.kind == "note_taken"]
    assert note.actor is None


def test_who_types_the_same_name_reads_that_spy_opened_it(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))

    answer = spy.say('incident me "error rate 12 %"', by="U0RAJ").message

    assert answer
    assert "by Spy" in answer.text
    assert "You are in it" in answer.text


def test_the_limits_of_a_person_hold_back_no_incident_that_spy_opens(spy: SpyKit):
    raj_on_call(spy, declare=Declare.ALWAYS)
    limits = replace(spy.policy.limits, incidents_per_person=0, pages_per_person=0, pages_per_team=0)
    spy.adopt(replace(spy.policy, limits=limits))

    hears(spy, severity="sev1")

    assert spy.incident(1).is_open
    assert {it.team for it in spy.pages(1)} == {"imoc", "payments"}


def test_what_spy_opened_counts_towards_no_limit_of_a_person(spy: SpyKit):
    raj_on_call(spy, declare=Declare.ALWAYS)
    spy.adopt(replace(spy.policy, limits=replace(spy.policy.limits, incidents_per_person=1)))
    hears(spy)

    spy.say('incident me "mail is late"', by="U0RAJ")

    assert spy.incident(2).declared_by == "U0RAJ"


def test_the_same_trouble_of_two_services_is_two_incidents(spy: SpyKit):
    raj_on_call(spy, declare=Declare.ALWAYS)
    search = replace(spy.policy.services["checkout"], key="search")
    spy.adopt(replace(spy.policy, services={**spy.policy.services, "search": search}))

    hears(spy)
    hears(spy, service="search", key="tool:other")

    assert [spy.incident(number).services for number in (1, 2)] == [("checkout",), ("search",)]


def test_why_the_team_was_paged_is_the_setting(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))

    answer = spy.say("why page 1", by="U0ANA").message

    assert answer
    assert "Rule: `declare: always`. Spy opened INC-1 for an alert" in answer.text


def test_somebody_answers_for_it_when_who_leads_is_gone(spy: SpyKit):
    hears(raj_on_call(spy, declare=Declare.ALWAYS))
    led = spy.incident(1)

    gone = replace(led.without_member("U0RAJ", NOON), commander=None)

    assert gone.owner == "U0RAJ"
    assert gone.with_member("U0KIM").owner == "U0KIM"
