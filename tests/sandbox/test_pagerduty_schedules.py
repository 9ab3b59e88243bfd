"""How turns and overrides become one schedule without gaps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.pagerduty.schedules import PagerDutySchedule, ScheduleOverride, ScheduleShift, clipped

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOURS = st.integers(min_value=-500, max_value=1500)
SCHEDULE = PagerDutySchedule(id="PSCH1", name="imoc", users=("raj", "ana"), start=START)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


@st.composite
def shifts(draw: st.DrawFn) -> ScheduleShift:
    start = draw(HOURS)
    return ScheduleShift(user="kim", start=at(start), end=at(start + draw(st.integers(1, 400))))


@given(covers=st.lists(shifts(), max_size=5), since=HOURS, length=st.integers(1, 1000))
def test_somebody_is_always_on_call_and_never_two(covers: list[ScheduleShift], since: int, length: int):
    schedule = SCHEDULE
    for number, cover in enumerate(covers):
        schedule = schedule.with_override(ScheduleOverride(id=f"O{number}", shift=cover))

    entries = clipped(schedule.final(at(since), at(since + length)), at(since), at(since + length))

    assert (entries[0].start, entries[-1].end) == (at(since), at(since + length))
    assert all(one.end == next_one.start for one, next_one in pairwise(entries))


@given(covers=st.lists(shifts(), min_size=1, max_size=5), moment=st.floats(0, 0.999))
def test_the_last_override_wins_for_all_of_its_time(covers: list[ScheduleShift], moment: float):
    schedule = SCHEDULE
    for number, cover in enumerate(covers):
        schedule = schedule.with_override(ScheduleOverride(id=f"O{number}", shift=cover))
    last = covers[-1]

    on_call = schedule.on_call(last.start + moment * (last.end - last.start))

    assert on_call == last


def test_turns_change_weekly():
    assert [SCHEDULE.on_call(at(hours)).user for hours in (-1, 0, 167, 168)] == ["ana", "raj", "raj", "ana"]


def test_a_removed_override_has_no_effect():
    cover = ScheduleShift(user="kim", start=at(1), end=at(2))

    schedule = SCHEDULE.with_override(ScheduleOverride(id="O1", shift=cover)).without_override("O1")

    assert schedule == SCHEDULE
