"""PagerDuty's own incidents: lines like other alerts, and pages of the incident that is opened for them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.pagerduty.webhook import news
from bot.domain.paging.effects import AnswerPage, SendPage
from bot.domain.paging.page import PageState
from bot.domain.service import Service
from bot.ports import PagerNews, Ringing
from bot.services.alert.reports import Reports
from bot.services.paging.pager_results import PagerResults
from bot.testing import SpyKit
from bot.web.webhooks.pager import heard
from bot.workers.sync import Sync
from tests.adapters.test_pagerduty_webhook import SECRET, signed
from tests.alert.world import alert, labels, line, lines
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager
from tests.support.folders import ROOT

RECORDED = json.loads((ROOT / "tests/alert/payloads/pagerduty.json").read_text(encoding="utf-8"))["event"]


def told(
    spy: SpyKit,
    kind: str = "incident.triggered",
    status: str = "triggered",
    **more: Any,
) -> PagerNews:
    """Deliver the recorded webhook, with the times of the test, as the door does."""
    now = spy.clock.now()
    data = RECORDED["data"] | {"status": status, "created_at": iso(now - timedelta(minutes=2))} | more
    event = RECORDED | {
        "event_type": kind,
        "occurred_at": iso(now),
        "data": data,
        "id": f"{kind}-{now}-{data['id']}".replace(" ", ""),
    }
    body = json.dumps({"event": event}).encode()
    found = news(body, signed(body), [SECRET])
    assert found
    with spy.tx(source="pagerduty") as tx:
        heard(tx, found)
    return found


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    services = {"checkout": Service(key="checkout", team="payments", pager_ids=("PF9KMXH",))}
    severities = {key: replace(it, page=("imoc", "payments")) for key, it in spy.policy.severities.items()}
    spy.adopt(replace(spy.policy, services=services, severities=severities))
    return spy


def synced(spy: SpyKit, pager: FakePager) -> None:
    """Let Spy ask the pager for its own incidents."""
    sync = Sync(
        sessions=spy.sessions,
        clock=spy.clock,
        policy=lambda: spy.policy,
        chat=FakeChat(),
        pager=pager,
        wake=lambda: None,
        owner="me",
    )
    sync.alerts()


def declared(spy: SpyKit) -> None:
    spy.press("Declare", line(spy), channel="C0PAY")


def test_an_incident_that_spy_did_not_make_is_a_line_that_says_whom_it_rings(spy: SpyKit):
    told(spy)

    assert lines(spy)[0].to == "C0PAY"
    assert "A little bump in the road" in line(spy).text
    assert "(P1)" in line(spy).text
    assert "is paging User 123" in line(spy).text
    assert labels(line(spy)) == ["Declare", "Not an incident"]


def test_the_same_line_shows_each_change_there(spy: SpyKit):
    told(spy)
    spy.clock.tick(minutes=1)
    told(spy, "incident.acknowledged", "acknowledged")
    acknowledged = line(spy).text
    spy.clock.tick(minutes=1)
    told(spy, "incident.resolved", "resolved")

    assert "acknowledged by Tenex Engineer" in acknowledged
    assert "resolved" in line(spy).text
    assert {it.slot for it in lines(spy)} == {"alert:1"}


def test_declare_makes_it_the_page_of_the_incident_and_rings_nobody_twice(spy: SpyKit):
    told(spy)

    declared(spy)

    pages = {it.team: it for it in spy.pages(1)}
    assert pages["payments"].pager_id == "PGR0VU2"
    assert pages["payments"].state is PageState.SENT
    assert [it.page for it in spy.asked(SendPage)] == [pages["imoc"].number]
    assert "page_adopted" in [it.kind for it in spy.timeline(1)]
    assert spy.incident(1).severity == "sev1"


def test_what_happens_there_afterwards_happens_to_the_page(spy: SpyKit):
    told(spy)
    declared(spy)
    spy.clock.tick(minutes=1)

    told(spy, "incident.acknowledged", "acknowledged")

    [page] = [it for it in spy.pages(1) if it.team == "payments"]
    assert (page.state, page.acknowledged_by) == (PageState.ACKNOWLEDGED, "Tenex Engineer")


def test_an_acknowledgement_from_before_counts(spy: SpyKit):
    told(spy)
    spy.clock.tick(minutes=1)
    told(spy, "incident.acknowledged", "acknowledged")

    declared(spy)

    [page] = [it for it in spy.pages(1) if it.team == "payments"]
    assert page.state is PageState.ACKNOWLEDGED


def test_the_end_of_the_incident_resolves_it_there(spy: SpyKit):
    told(spy)
    declared(spy)

    spy.say('incident 1 resolve "rolled back"')

    [page] = [it.number for it in spy.pages(1) if it.team == "payments"]
    assert (page, "resolved") in [(it.page, it.answer) for it in spy.asked(AnswerPage)]


def test_same_as_makes_it_a_page_of_that_incident(spy: SpyKit):
    spy.say('incident me "checkout is slow" sev3', by="U0KIM")
    told(spy)

    spy.press("Same as INC-1", line(spy), channel="C0PAY")

    assert "PGR0VU2" in [it.pager_id for it in spy.pages(1)]


def test_a_wrong_incident_is_put_right_with_its_page(spy: SpyKit):
    spy.say('incident me "mail is late"', by="U0KIM")
    spy.say('incident me "checkout is slow"', by="U0KIM")
    told(spy)
    spy.say("alert same 1 as 1", channel="C0PAY")

    spy.say("alert same 1 as 2 anyway", channel="C0PAY")

    assert [it.pager_id for it in spy.pages(1)] == []
    assert [it.pager_id for it in spy.pages(2)] == ["PGR0VU2"]


def test_not_an_incident_leaves_it_as_it_is_there(spy: SpyKit):
    told(spy)

    answer = spy.say("alert ignore 1", channel="C0PAY")

    assert answer.message
    assert "It stays as it is in" in answer.message.text
    assert spy.asked(AnswerPage) == []


def test_what_is_resolved_there_becomes_no_page(spy: SpyKit):
    told(spy)
    spy.clock.tick(minutes=1)
    told(spy, "incident.resolved", "resolved")

    spy.say("alert declare 1 sev3", channel="C0PAY")

    assert [it.pager_id for it in spy.pages(1)] == [None, None]


def test_pages_that_spy_asked_for_are_no_alerts(spy: SpyKit):
    told(spy, incident_key="spy-3f2a")

    assert lines(spy) == []


def test_an_unknown_service_has_its_name_there(spy: SpyKit):
    told(spy, service={"id": "PNEW", "type": "service_reference", "summary": "API Service"})

    assert alert(spy).service == "api-service"
    assert lines(spy)[0].to == "C0IMOC"


def test_without_a_webhook_spy_asks(spy: SpyKit):
    report = told(spy).alert
    assert report
    pager = FakePager(
        own=[replace(report, key="pagerduty:Q2", title="disk is full", heard_at=spy.clock.now())]
    )

    synced(spy, pager)
    synced(spy, pager)

    assert alert(spy, 2).title == "disk is full"
    assert len({it.slot for it in lines(spy)}) == 2


def test_a_reopened_incident_of_pagerduty_asks_nothing_twice(spy: SpyKit):
    told(spy)
    declared(spy)
    spy.clock.tick(minutes=1)
    told(spy, "incident.resolved", "resolved")
    spy.clock.tick(minutes=1)

    told(spy, "incident.reopened", "triggered")

    assert alert(spy).times == 2
    assert {it.slot for it in lines(spy)} == {"alert:1"}
    assert len(spy.asked(SendPage)) == 1


def test_a_webhook_that_arrives_late_changes_nothing(spy: SpyKit):
    first = told(spy)
    spy.clock.tick(minutes=1)
    told(spy, "incident.resolved", "resolved")

    with spy.tx(source="pagerduty") as tx:
        assert first.alert
        assert Reports(tx).hear_all([first.alert]).changed == 0
        PagerResults(tx).record(first)

    assert alert(spy).is_resolved


# --- those that come later, and those of long ago ---------------------------------------------------------


def storm(spy: SpyKit, numbers: range) -> None:
    for number in numbers:
        told(spy, id=f"Q{number}", title=f"pod {number} is down")


def paged_there(spy: SpyKit, incident: int = 1) -> list[str | None]:
    return [it.pager_id for it in spy.pages(incident) if it.team == "payments"]


def test_one_that_joins_a_storm_after_declare_becomes_a_page_too(spy: SpyKit):
    storm(spy, range(4))
    declared(spy)

    storm(spy, range(4, 6))

    assert set(paged_there(spy)) == {f"Q{number}" for number in range(6)}
    spy.say('incident 1 resolve "rolled back"')
    theirs = {it.number for it in spy.pages(1) if it.team == "payments"}
    assert theirs <= {it.page for it in spy.asked(AnswerPage) if it.answer == "resolved"}


def test_what_a_press_could_not_take_over_at_once_becomes_a_page_when_it_is_reported_again(spy: SpyKit):
    storm(spy, range(25))
    declared(spy)
    assert len(paged_there(spy)) == 21
    spy.clock.tick(minutes=1)

    storm(spy, range(25))

    assert set(paged_there(spy)) == {f"Q{number}" for number in range(25)}


def test_an_old_report_wakes_no_page_that_was_resolved_here(spy: SpyKit):
    old = told(spy)
    declared(spy)
    page = next(it for it in spy.pages(1) if it.team == "payments")
    ended = Ringing(id="PGR0VU2", url="", status="resolved", who="Kim Park", at=spy.clock.now())
    with spy.tx() as tx:
        PagerResults(tx).answered(page.number, "resolved", ended, by="U0KIM")

    with spy.tx(source="pagerduty") as tx:
        assert old.alert
        Reports(tx).hear_all([replace(old.alert, assigned="Kim Park", heard_at=spy.clock.now())])

    assert next(it for it in spy.pages(1) if it.team == "payments").state is PageState.RESOLVED


def test_a_page_that_came_later_is_no_deed_of_a_person(spy: SpyKit):
    storm(spy, range(4))
    declared(spy)

    storm(spy, range(4, 5))

    assert [it.actor for it in spy.timeline(1) if it.kind == "page_adopted"][-1] is None


def test_one_that_fires_again_there_rings_as_a_page_again(spy: SpyKit):
    told(spy)
    declared(spy)
    spy.clock.tick(minutes=1)
    told(spy, "incident.resolved", "resolved")
    spy.clock.tick(minutes=1)

    told(spy, "incident.reopened", "triggered")

    [page] = [it for it in spy.pages(1) if it.team == "payments"]
    assert page.state is PageState.SENT


def test_one_that_is_over_for_its_incident_becomes_no_page(spy: SpyKit):
    storm(spy, range(4))
    declared(spy)
    spy.say('incident 1 resolve "rolled back"')

    storm(spy, range(4, 5))

    assert "Q4" not in paged_there(spy)


def of_long_ago(spy: SpyKit, status: str = "resolved") -> FakePager:
    """Let an incident of the pager be two days old, and be answered there without a webhook."""
    told(spy)
    spy.clock.tick(hours=48)
    page = Ringing(id="PGR0VU2", url="https://acme.pagerduty.com/1", status=status, who="Raj Patel", at=None)
    return FakePager(pages={page.id: page})


def test_without_a_webhook_an_old_one_that_is_over_is_asked_for(spy: SpyKit):
    synced(spy, of_long_ago(spy))

    assert alert(spy).is_resolved
    assert "resolved" in line(spy).text
    assert "by Raj Patel" in line(spy).text


def test_an_old_one_that_still_rings_stays_as_it_is(spy: SpyKit):
    pager = of_long_ago(spy, "triggered")
    before = len(lines(spy))

    synced(spy, pager)

    assert not alert(spy).is_resolved
    assert (alert(spy).times, len(lines(spy))) == (1, before)


def test_those_about_which_nothing_is_new_keep_no_other_waiting(spy: SpyKit):
    storm(spy, range(30))
    late = spy.clock.now() - timedelta(seconds=1)  # there in whole seconds, in a webhook with their parts
    spy.clock.tick(hours=48)
    rings = Ringing(id="", url="", status="triggered", at=late)
    pager = FakePager(pages={f"Q{number}": replace(rings, id=f"Q{number}") for number in range(30)})
    for number in range(20, 30):
        pager.pages[f"Q{number}"] = replace(rings, id=f"Q{number}", status="resolved", at=None)

    synced(spy, pager)
    spy.clock.tick(minutes=2)
    synced(spy, pager)

    assert [number for number in range(1, 31) if alert(spy, number).is_resolved] == list(range(21, 31))


def test_one_that_the_pager_has_no_longer_is_over(spy: SpyKit):
    of_long_ago(spy)

    synced(spy, FakePager())

    assert alert(spy).is_resolved


def test_an_answer_that_spy_does_not_know_ends_nothing(spy: SpyKit):
    synced(spy, of_long_ago(spy, "on fire"))

    assert not alert(spy).is_resolved


def test_old_ones_are_asked_for_in_turn_and_only_some_at_once(spy: SpyKit):
    storm(spy, range(30))
    spy.clock.tick(hours=48)
    page = Ringing(id="", url="", status="resolved")
    pager = FakePager(pages={f"Q{number}": replace(page, id=f"Q{number}") for number in range(30)})

    synced(spy, pager)
    over = [number for number in range(1, 31) if alert(spy, number).is_resolved]
    spy.clock.tick(minutes=2)
    synced(spy, pager)

    assert len(over) == 20
    assert all(alert(spy, number).is_resolved for number in range(1, 31))
