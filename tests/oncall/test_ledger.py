"""The ledger: what was counted is what an independent reckoning counts, across changes of clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.ledger import LedgerEntry, LedgerSource, Month, lines, sums, table
from bot.domain.oncall.rest import Span
from bot.domain.policy import Timers

HOUR = timedelta(hours=1)
ZONES = ("UTC", "Europe/Lisbon", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe")


def entry(
    start: datetime, hours: float, source: LedgerSource = LedgerSource.SHIFT, ref: str = "PSCH1 #1"
) -> LedgerEntry:
    return LedgerEntry(source=source, ref=ref, span=Span(start=start, end=start + hours * HOUR), team="imoc")


def no_holiday(_day: date, _team: str) -> None:
    return None


def of(entries: list[LedgerEntry], month: Month, zone: str = "UTC", timers: Timers | None = None):
    return lines("U0ANA", entries, month, zone=zone, timers=timers or Timers(), holiday=no_holiday)


def test_a_night_in_which_the_clocks_go_back_is_an_hour_longer():
    october = entry(datetime(2026, 10, 24, 21, tzinfo=UTC), 10)  # 22:00 to 07:00 in Lisbon
    march = entry(datetime(2026, 3, 28, 22, tzinfo=UTC), 8)

    longer = sums(of([october], Month(year=2026, month=10), "Europe/Lisbon"))
    shorter = sums(of([march], Month(year=2026, month=3), "Europe/Lisbon"))

    assert (longer.on_call, longer.night) == (10 * HOUR, 10 * HOUR)
    assert (shorter.on_call, shorter.night) == (8 * HOUR, 8 * HOUR)


def test_a_shift_over_the_end_of_a_month_counts_in_both_by_the_persons_clock():
    shift = entry(datetime(2026, 10, 31, 18, tzinfo=UTC), 24)

    october, november = (sums(of([shift], Month(year=2026, month=it), "Asia/Kolkata")) for it in (10, 11))

    assert (october.on_call, november.on_call) == (0.5 * HOUR, 23.5 * HOUR)


def test_time_in_three_teams_at_once_counts_once_and_each_line_names_its_shift():
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    shifts = [entry(start, 8, ref="A #1"), entry(start + HOUR, 8, ref="B #2"), entry(start, 3, ref="C #3")]

    found = of(shifts, Month(year=2026, month=11))

    assert sums(found).on_call == 9 * HOUR
    assert {it.ref for it in found} == {"B #2", "A #1", "C #3"}


def test_a_weekend_and_a_holiday_are_days_of_the_persons_calendar():
    shift = entry(datetime(2026, 11, 27, 0, tzinfo=UTC), 72)
    found = lines(
        "U0ANA",
        [shift],
        Month(year=2026, month=11),
        zone="UTC",
        timers=Timers(),
        holiday=lambda day, _team: "Day off" if day == date(2026, 11, 27) else None,
    )

    total = sums(found)
    assert (total.weekend, total.holiday, total.night) == (48 * HOUR, 24 * HOUR, 27 * HOUR)


def test_rings_count_when_they_came_and_work_does_not_add_to_time_on_call():
    night = datetime(2026, 11, 23, 3, tzinfo=UTC)
    every = [
        entry(night, 0, LedgerSource.PAGE, "Q1"),
        entry(night + 9 * HOUR, 0, LedgerSource.PAGE, "Q2"),
        entry(night, 0.5, LedgerSource.WORK, "INC-1"),
    ]

    total = sums(of(every, Month(year=2026, month=11)))

    assert (total.rings, total.night_rings, total.worked, total.on_call) == (2, 1, 0.5 * HOUR, timedelta())


def test_without_nights_there_are_none():
    shift = entry(datetime(2026, 11, 23, 0, tzinfo=UTC), 24)

    assert (
        sums(of([shift], Month(year=2026, month=11), timers=Timers(night_from=0, night_until=0))).night
        == timedelta()
    )


def test_a_name_from_a_calendar_is_no_formula_in_a_spreadsheet():
    found = lines(
        "U0ANA",
        [entry(datetime(2026, 11, 27, 0, tzinfo=UTC), 1)],
        Month(year=2026, month=11),
        zone="UTC",
        timers=Timers(),
        holiday=lambda _day, _team: '=cmd("x"), y',
    )

    assert table(found).endswith(',"\'=cmd(""x""), y"')


@pytest.mark.parametrize("month", [Month(year=2026, month=12), Month(year=2026, month=1)])
def test_a_month_ends_where_the_next_one_begins(month: Month):
    after = Month(year=month.year + month.month // 12, month=month.month % 12 + 1)

    assert month.span("Europe/Lisbon").end == after.span("Europe/Lisbon").start


# --- an independent reckoning -----------------------------------------------------------------------------

FIRST = datetime(2026, 9, 25, tzinfo=UTC)
SHIFTS = st.lists(st.tuples(st.integers(0, 24 * 2 * 45), st.integers(1, 200)), max_size=6)
HOURS = st.integers(0, 23)


@given(
    shifts=SHIFTS,
    zone=st.sampled_from(ZONES),
    night=st.tuples(HOURS, HOURS),
    off=st.sets(st.integers(1, 31), max_size=5),
)
def test_the_sums_are_those_of_an_independent_reckoning(
    shifts: list[tuple[int, int]], zone: str, night: tuple[int, int], off: set[int]
):
    """Count each half hour of the time by itself, as a person with a calendar would."""
    step, timers, there = HOUR / 2, Timers(night_from=night[0], night_until=night[1]), ZoneInfo(zone)
    halves = {at + n for at, length in shifts for n in range(length)}
    local = [moment for it in halves if (moment := (FIRST + it * step).astimezone(there)).month == 10]

    found = lines(
        "U0ANA",
        [entry(FIRST + at * step, length / 2, ref=f"#{n}") for n, (at, length) in enumerate(shifts)],
        Month(year=2026, month=10),
        zone=zone,
        timers=timers,
        holiday=lambda day, _team: "off" if day.day in off else None,
    )

    total = sums(found)
    assert total.on_call == len(local) * step
    assert total.weekend == sum(it.isoweekday() > 5 for it in local) * step
    assert total.holiday == sum(it.day in off for it in local) * step
    assert total.night == sum(timers.is_night(it.hour) for it in local) * step
    assert all(it.hours == it.span.length for it in found)
