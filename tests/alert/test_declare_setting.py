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
from bot.testing import SpyKit
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


def test_without_anybody_on_call_the_line_asks(spy: SpyKit):
    hears(owned(spy, declare=Declare.ALWAYS))

    assert labels(line(spy)) == ["Declare", "Not an incident"]


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
