"""PagerDuty's shift-based schedules where something is refused, lost, odd or upgraded."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.adapters.pagerduty.check import results
from bot.adapters.pagerduty.client import PagerDuty
from bot.adapters.pagerduty.reading import PolicyEntry
from bot.adapters.pagerduty.schedules import LAYERED_FOR
from bot.config.vendors import PagerIds
from bot.ports import Rejected, Unreachable
from bot.sandbox.box import Box
from bot.sandbox.faults import http, reset_after, reset_before
from tests.adapters.conftest import StandIn, Stopwatch
from tests.fakes.pager import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READ, READ_LAYERS = "GET /v3/schedules/{id}", "GET /schedules/{id}"
OVERRIDE, ADD = "POST /v3/schedules/{id}/overrides", "POST /v3/schedules/{id}/custom_shifts"


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def now(box: Box) -> datetime:
    return box.clock.now().replace(microsecond=0)


def on_call(pager: PagerDuty, since: datetime, length: timedelta = HOUR) -> list[str]:
    return [turn.name for turn in pager.shifts(["PSCH1"], since=since, until=since + length)]


# --- which kind


def test_a_layered_schedule_is_asked_for_among_the_shift_based_once_an_hour(
    box: Box, pager: PagerDuty, watch: Stopwatch
):
    on_call(pager, now(box))
    on_call(pager, now(box))
    watch.seconds += LAYERED_FOR.total_seconds()
    on_call(pager, now(box))

    calls = box.calls("pagerduty")
    assert (calls.count(READ), calls.count(READ_LAYERS)) == (2, 3)


def test_a_schedule_that_pagerduty_upgrades_goes_on_at_once(box: Box, pager: PagerDuty):
    before = on_call(pager, now(box))
    box.pagerduty.account.upgrade("PSCH1")

    assert on_call(pager, now(box)) == before == ["Raj Patel"]


def test_where_shift_based_schedules_are_refused_the_on_calls_are_read(box: Box, pager: PagerDuty):
    box.pagerduty.account.add_rotation("PSCH1", "PUKIM")
    box.faults.inject("pagerduty", READ, http(403), times=9)

    assert sorted(on_call(pager, now(box))) == ["Kim Park", "Raj Patel"]


def test_an_outage_is_no_sign_of_the_other_kind(box: Box, pager: PagerDuty):
    box.pagerduty.account.upgrade("PSCH1")
    box.faults.inject("pagerduty", READ, http(503))

    with pytest.raises(Unreachable):
        on_call(pager, now(box))
    assert READ_LAYERS not in box.calls("pagerduty")


def test_a_cover_that_pagerduty_refuses_to_enter_says_so(box: Box, pager: PagerDuty):
    box.pagerduty.account.upgrade("PSCH1")
    box.faults.inject("pagerduty", READ, http(403))

    with pytest.raises(Rejected):
        pager.override("PSCH1", email="kim@example.com", start=now(box), end=now(box) + HOUR)


def test_the_check_says_which_kind_each_schedule_is(box: Box, pager: PagerDuty):
    box.pagerduty.account.upgrade("PSCH2")

    found = results(pager, PagerIds(schedules=("PSCH1", "PSCH2", "PNOWHERE")))

    assert [(it.what, it.well) for it in found if "schedule" in it.what] == [
        ("PagerDuty schedule PNOWHERE", False),
        ("PagerDuty schedule PSCH1 (layered)", True),
        ("PagerDuty schedule PSCH2 (shift-based)", True),
    ]


def test_the_check_says_what_a_refused_schedule_costs(box: Box, pager: PagerDuty):
    box.pagerduty.account.upgrade("PSCH1")
    box.faults.inject("pagerduty", READ, http(403))

    [found] = [it for it in results(pager, PagerIds(schedules=("PSCH1",))) if "schedule" in it.what]

    assert (found.what, found.well) == ("PagerDuty schedule PSCH1 (read from /oncalls)", False)
    assert "can't enter covers" in found.cure


@pytest.mark.parametrize("kind", ["schedule_reference", "schedule_v3_reference"])
def test_a_policy_names_a_schedule_of_either_kind(kind: str):
    rules = [{"targets": [{"id": "PUANA", "type": "user_reference"}, {"id": "PSCH1", "type": kind}]}]

    assert PolicyEntry.model_validate({"id": "PPOL1", "escalation_rules": rules}).schedule == "PSCH1"


# --- a crash between two steps


def test_an_override_whose_answer_is_lost_is_not_made_again(box: Box, pager: PagerDuty):
    box.pagerduty.account.upgrade("PSCH1")
    box.faults.inject("pagerduty", OVERRIDE, reset_after)
    start, end = now(box) + HOUR, now(box) + 2 * HOUR

    with pytest.raises(Unreachable):
        pager.override("PSCH1", email="kim@example.com", start=start, end=end, instead_of="PURAJ")
    made = pager.override("PSCH1", email="kim@example.com", start=start, end=end, instead_of="PURAJ")

    assert (made.name, made.start, made.end) == ("Kim Park", start, end)
    assert box.calls("pagerduty").count(OVERRIDE) == 1
    assert on_call(pager, start) == ["Kim Park"]


@pytest.mark.parametrize("fault", [reset_before, reset_after])
def test_a_cover_that_ended_between_two_steps_is_completed(box: Box, pager: PagerDuty, fault: Any):
    """The first half replaces Raj; in the second half nobody is on call, so a custom shift is needed too."""
    account, start = box.pagerduty.account, now(box) + HOUR
    account.upgrade("PSCH1")
    account.vacate("PSCH1")
    body = {"start_time": f"{start:%FT%TZ}", "end_time": f"{start + HOUR:%FT%TZ}"}
    _raj_has_a_custom_shift(pager, body)
    box.faults.inject("pagerduty", ADD, fault)

    with pytest.raises(Unreachable):
        pager.override(
            "PSCH1", email="kim@example.com", start=start, end=start + 2 * HOUR, instead_of="PURAJ"
        )
    pager.override("PSCH1", email="kim@example.com", start=start, end=start + 2 * HOUR, instead_of="PURAJ")

    schedule = account.upgrade("PSCH1")
    assert (len(schedule.overrides), len(schedule.custom_shifts)) == (1, 2)
    assert set(on_call(pager, start, 2 * HOUR)) == {"Kim Park"}


def _raj_has_a_custom_shift(pager: PagerDuty, times: dict[str, str]) -> None:
    start, end = (datetime.fromisoformat(it) for it in times.values())
    pager.override("PSCH1", email="raj@example.com", start=start, end=end)


def test_an_override_that_came_too_late_says_who_is_on_call(box: Box, pager: PagerDuty):
    box.pagerduty.account.upgrade("PSCH1")
    start, end = now(box) + HOUR, now(box) + 2 * HOUR

    with pytest.raises(Rejected, match="someone else is on call"):
        pager.override("PSCH1", email="kim@example.com", start=start, end=end, instead_of="PUANA")


# --- odd answers

SHIFT = {
    "start_time": "2026-11-23T12:00:00Z",
    "end_time": "2026-11-23T20:00:00Z",
    "member": {"type": "user_member", "user_id": "PURAJ"},
    "source": {"type": "schedule_rotation", "rotation_id": "R1"},
}


@pytest.mark.parametrize(
    "odd",
    [
        *({**SHIFT, "member": it} for it in (None, {}, "PURAJ", {"type": "empty_member"}, {"user_id": 7})),
        *({**SHIFT, "start_time": at} for at in (None, "soon", "2026-11-23T12:00:00", {})),
        {**SHIFT, "end_time": None},
        None,
        "shift",
        {},
    ],
)
def test_one_odd_shift_does_not_hide_the_others(stand_in: StandIn, odd: Any):
    [turn] = _telling(stand_in, [odd, SHIFT]).shifts(["PSCH1"], since=NOON, until=NOON + DAY)

    assert (turn.user, turn.name, turn.email) == ("PURAJ", "PagerDuty user PURAJ", None)


@pytest.mark.parametrize("source", [None, {}, "R1", {"rotation_id": None}])
def test_a_shift_of_an_unknown_source_is_read_and_not_overridden(stand_in: StandIn, source: Any):
    pager = _telling(stand_in, [{**SHIFT, "source": source}])

    assert len(pager.shifts(["PSCH1"], since=NOON, until=NOON + DAY)) == 1
    with pytest.raises(Rejected, match="which rotation"):
        pager.override("PSCH1", email="kim@example.com", start=NOON, end=NOON + HOUR, instead_of="PURAJ")


def _telling(stand_in: StandIn, shifts: list[Any]) -> PagerDuty:
    def answer(method: str, path: str, _body: Any) -> tuple[int, dict[str, str], Any]:
        if path.startswith("/users/"):
            return 404, {}, {"error": {"message": "Not Found"}}
        return (
            200,
            {},
            {
                "users": [{"id": "PUKIM", "email": "kim@example.com"}],
                "schedule": {"final_schedule": {"computed_shift_assignments": shifts}},
                "overrides": [None, {}],
                "custom_shifts": [None, {"assignments": None}],
                "method": method,
            },
        )

    return PagerDuty("t", from_email="spy@example.com", url=stand_in(answer))
