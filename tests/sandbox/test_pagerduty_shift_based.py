"""Shift-based schedules of the stand-in: an upgrade changes nothing, overrides and custom shifts do what they say."""

from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.pagerduty.account import PagerDutyAccount, schedules
from bot.sandbox.pagerduty.schedules import PagerDutySchedule, ScheduleOverride, ScheduleShift, clipped
from bot.sandbox.pagerduty.shift_based import ShiftBasedSchedule, upgraded

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOURS = st.integers(min_value=0, max_value=1500)
LAYERED = PagerDutySchedule(id="PSCH1", name="imoc", users=("raj", "ana"), start=START)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def shift_based(schedule: PagerDutySchedule) -> ShiftBasedSchedule:
    return upgraded(schedule, ids=map(str, count(1)))


@st.composite
def shifts(draw: st.DrawFn) -> ScheduleShift:
    start = draw(HOURS)
    return ScheduleShift(user="kim", start=at(start), end=at(start + draw(st.integers(1, 400))))


@given(covers=st.lists(shifts(), max_size=4), moments=st.lists(HOURS, min_size=1, max_size=20))
def test_an_upgrade_changes_nobodys_time(covers: list[ScheduleShift], moments: list[int]):
    schedule = LAYERED
    for number, cover in enumerate(covers):
        schedule = schedule.with_override(ScheduleOverride(id=f"O{number}", shift=cover))

    new = shift_based(schedule)

    for hour in moments:
        before = {it.user for it in schedule.all_on_call(at(hour))}
        assert {it.user for it in new.all_on_call(at(hour))} == before


@given(cover=shifts(), hour=HOURS)
def test_everybody_is_replaced_at_once_for_as_long_as_it_takes(cover: ScheduleShift, hour: int):
    schedule = shift_based(LAYERED).with_rotation("zoe", start=START)

    there = {it.user for it in schedule.replacing_all(cover, ids=map(str, count(1))).all_on_call(at(hour))}

    others = {it.user for it in schedule.all_on_call(at(hour))}
    assert there == ({"kim"} if cover.start <= at(hour) < cover.end else others)


def test_a_rotation_without_users_is_an_unassigned_slot():
    schedule = ShiftBasedSchedule(id="P", name="p", rotations=()).with_rotation(start=START)

    assert schedule.assignments(at(0), at(1))[0].is_empty
    assert schedule.final(at(0), at(1)) == []


def test_all_who_are_on_call_at_a_level_are_rung():
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    account = PagerDutyAccount(schedules=schedules(now))
    account.add_rotation("PSCH1", "PUKIM")

    assert account.users_at(account.policies["PPOL1"], 1, now) == ["PURAJ", "PUKIM"]


def test_assignments_are_cut_to_a_window_only_if_that_is_asked():
    [assignment] = shift_based(LAYERED).assignments(at(1), at(2))

    assert (assignment.shift.start, assignment.shift.end) == (at(0), at(168))
    assert clipped([assignment.shift], at(1), at(2))[0].start == at(1)
