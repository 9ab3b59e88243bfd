"""PagerDuty's adapter with faults, and the number of its calls without."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest

from bot.adapters.pagerduty.check import results
from bot.adapters.pagerduty.client import PagerDuty
from bot.config.vendors import PagerIds
from bot.ports import Pager, Rejected, Ringing, Throttled, Unreachable
from bot.sandbox.box import Box
from bot.sandbox.faults import Fault, hang, http, rate_limited, reset_after, reset_before
from tests.adapters.conftest import Connect, Stopwatch


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def page_imoc(pager: Pager, key: str = "inc-1", title: str = "checkout is down") -> Ringing:
    return pager.page_policy(key=key, title=title, details="by ana", service="PSVC1", policy=None)


# --- failures


@pytest.mark.parametrize("fault", [http(503), reset_before])
def test_a_page_that_did_not_arrive_is_not_repeated(fault: Fault, box: Box, pager: PagerDuty) -> None:
    box.faults.inject("pagerduty", "POST /incidents", fault)

    with pytest.raises(Unreachable):
        page_imoc(pager)

    assert box.calls("pagerduty") == ["POST /incidents"]
    assert pager.find("inc-1") is None


def test_a_page_whose_answer_is_lost_can_be_looked_up(box: Box, pager: PagerDuty) -> None:
    box.faults.inject("pagerduty", "POST /incidents", reset_after)

    with pytest.raises(Unreachable):
        page_imoc(pager)

    assert box.calls("pagerduty") == ["POST /incidents"]
    assert pager.find("inc-1") is not None


def test_an_answer_that_comes_too_late_is_no_answer(box: Box, pager: PagerDuty) -> None:
    box.faults.inject("pagerduty", "POST /incidents", hang(3))

    with pytest.raises(Unreachable, match="no answer in time"):
        page_imoc(pager)


def test_a_service_that_is_not_there_is_unreachable(connect: Connect) -> None:
    with pytest.raises(Unreachable):
        connect(url="http://127.0.0.1:9").look("Q1")


def test_a_request_for_patience_is_passed_on_at_once(box: Box, pager: PagerDuty) -> None:
    box.faults.inject("pagerduty", "POST /incidents", rate_limited(7))

    with pytest.raises(Throttled) as throttled:
        page_imoc(pager)

    assert throttled.value.retry_after == timedelta(seconds=7)
    assert box.calls("pagerduty") == ["POST /incidents"]


def test_a_wrong_token_is_told_with_its_cure(connect: Connect) -> None:
    with pytest.raises(Rejected, match="PAGERDUTY_API_TOKEN") as rejected:
        page_imoc(connect(token="wrong"))

    assert rejected.value.code == "unauthorized"


def test_an_unknown_sender_is_told_with_its_cure(connect: Connect) -> None:
    with pytest.raises(Rejected, match=r"pagerduty\.from") as rejected:
        page_imoc(connect(from_email="nobody@example.com"))

    assert rejected.value.code == "unknown_requester"


def test_a_refusal_is_told_in_pagerdutys_words(pager: PagerDuty) -> None:
    with pytest.raises(Rejected, match="Invalid Input Provided; Service not found"):
        pager.page_policy(key="k", title="x", details="", service="PNOWHERE", policy=None)


# --- what is said, and what it costs


def test_a_phone_shows_words_without_slacks_marks(box: Box, pager: PagerDuty) -> None:
    page_imoc(pager, title="p99 &gt; 2 s\n&amp; rising, see <https://example.com|the graph>")

    [ring] = box.pagerduty.phones["raj"]
    assert ring.title == "p99 > 2 s & rising, see the graph"


def test_one_connection_serves_call_after_call(box: Box, pager: PagerDuty) -> None:
    page = page_imoc(pager)
    pager.look(page.id)
    pager.answer(page.id, "resolved", email=None)

    assert box.connections("pagerduty") == 1


def test_pages_leave_side_by_side(box: Box, pager: PagerDuty) -> None:
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda number: page_imoc(pager, key=f"inc-{number}"), range(24)))

    assert len({page.id for page in pages}) == 24
    assert all(pager.find(f"inc-{number}") == page for number, page in enumerate(pages))


def test_duties_say_from_when_to_when(box: Box, pager: PagerDuty) -> None:
    first, *_ = pager.on_calls(["PPOL1"])

    assert first.start is not None
    assert first.end is not None
    assert first.start <= box.clock.now() < first.end
    assert first.start.tzinfo is UTC


def test_someone_named_in_the_policy_is_always_on_call(pager: PagerDuty) -> None:
    [always] = [on_call for on_call in pager.on_calls(["PPOL2"]) if on_call.level == 2]

    assert (always.name, always.start, always.end) == ("Raj Patel", None, None)


def test_phone_numbers_are_asked_for_once_a_day(box: Box, pager: PagerDuty, watch: Stopwatch) -> None:
    for watch.seconds in (0, 60, 86_399):
        pager.on_calls(["PPOL1"])
    assert box.calls("pagerduty").count("GET /users/{id}/contact_methods") == 2

    watch.seconds = 86_401
    pager.on_calls(["PPOL1"])

    assert box.calls("pagerduty").count("GET /users/{id}/contact_methods") == 4


def test_a_number_that_cannot_be_had_hides_nobody(box: Box, pager: PagerDuty) -> None:
    box.faults.inject("pagerduty", "GET /users/{id}/contact_methods", http(500), times=2)

    without = pager.on_calls(["PPOL1"])
    later = pager.on_calls(["PPOL1"])

    assert [on_call.phone for on_call in without] == [None, None]
    assert [on_call.phone for on_call in later] == ["+15550101", "+15550100"]


# --- spy check


def test_findings_are_well_where_all_is_well(pager: PagerDuty) -> None:
    found = list(results(pager, PagerIds(services=("PSVC1",), policies=("PPOL1",), schedules=("PSCH1",))))

    assert [(result.what, result.well) for result in found] == [
        ("PagerDuty token", True),
        ("PagerDuty user spy@example.com", True),
        ("PagerDuty service PSVC1", True),
        ("PagerDuty escalation policy PPOL1", True),
        ("PagerDuty schedule PSCH1 (layered)", True),
        ("PagerDuty log: who was paged, for oncall load and the ledger", True),
    ]


def test_findings_come_with_cures(connect: Connect) -> None:
    pager = connect(from_email="nobody@example.com")

    bad = [f for f in results(pager, PagerIds(services=("PNO",), schedules=("PSCH1",))) if not f.well]

    assert [(result.what, result.cure) for result in bad] == [
        (
            "PagerDuty user nobody@example.com",
            "Set pagerduty.from in config.yaml to the e-mail of a PagerDuty user.",
        ),
        ("PagerDuty service PNO", "Take the id from the end of the service's address in PagerDuty."),
    ]


@pytest.mark.parametrize(
    ("token", "url", "cure"),
    [("wrong", "", "PAGERDUTY_API_TOKEN"), (None, "http://127.0.0.1:9", "PAGERDUTY_API_URL")],
)
def test_nothing_more_is_asked_where_the_door_is_shut(
    token: str | None, url: str, cure: str, connect: Connect
) -> None:
    [result] = results(connect(token=token, url=url), PagerIds(services=("PSVC1",)))

    assert not result.well
    assert cure in result.cure
