"""A work period of time as people say it, in their own zone and across the days when clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moment import read_day
from bot.domain.refusal import Refusal
from bot.domain.window import Window, read_window, spoken

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
LISBON, KOLKATA, BERLIN = "Europe/Lisbon", "Asia/Kolkata", "Europe/Berlin"


def read(words: str, zone: str = LISBON, now: datetime = NOON) -> str:
    window = read_window(words, now=now, zone=zone)
    return f"{window.start:%d %H:%M} {window.end:%d %H:%M}"


@pytest.mark.parametrize(
    ("hour", "night"),
    [
        (3, "22 18:00 23 08:00"),
        (8, "23 18:00 24 08:00"),
        (19, "23 18:00 24 08:00"),
        (23, "23 18:00 24 08:00"),
    ],
)
def test_tonight_is_the_night_that_is_on_or_the_next(hour: int, night: str):
    assert read("tonight", now=NOON.replace(hour=hour)) == night


@pytest.mark.parametrize(
    ("words", "utc"),
    [
        ("tomorrow 18:00-20:00", "24 18:00 24 20:00"),
        ("Tomorrow 18 – 20", "24 18:00 24 20:00"),  # noqa: RUF001  as phones type it
        ("today 18 to 20", "23 18:00 23 20:00"),
        ("18:00-20:00", "23 18:00 23 20:00"),
        ("9-11", "24 09:00 24 11:00"),
        ("tomorrow 22-6", "24 22:00 25 06:00"),
        ("tonight", "23 18:00 24 08:00"),
        ("fri 9-17", "27 09:00 27 17:00"),
        ("friday 18:00 - sunday 20:00", "27 18:00 29 20:00"),
        ("monday 9-11", "30 09:00 30 11:00"),
        ("monday 9-17", "23 09:00 23 17:00"),
        ("monday 22-6", "23 22:00 24 06:00"),
        ("sat", "28 00:00 29 00:00"),
        ("sat - sun", "28 00:00 30 00:00"),
        ("24 dec 18:00 - 26 dec 09:00", "24 18:00 26 09:00"),
        ("2026-12-24 20:00-24:00", "24 20:00 25 00:00"),
        ("1 jan", "01 00:00 02 00:00"),
    ],
)
def test_a_time_is_read_as_people_say_it(words: str, utc: str):
    assert read(words) == utc


def test_a_time_is_the_askers_own():
    assert read("tomorrow 18:00-20:00", zone=KOLKATA) == "24 12:30 24 14:30"


def test_a_day_may_have_another_name_where_the_asker_lives():
    late = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)

    assert read("tomorrow 18:00-20:00", zone=KOLKATA, now=late) == "25 12:30 25 14:30"


@pytest.mark.parametrize(
    ("now", "utc"),
    [
        (datetime(2026, 10, 24, 12, tzinfo=UTC), "24 20:00 25 07:00"),
        (datetime(2027, 3, 27, 12, tzinfo=UTC), "27 21:00 28 06:00"),
    ],
)
def test_the_wall_clock_counts_on_the_night_when_clocks_change(now: datetime, utc: str):
    assert read("today 22:00-08:00", zone=BERLIN, now=now) == utc


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("whenever", "can't read the time"),
        ("40 dec", "can't read the time"),
        ("5 brumaire", "can't read the time"),
        ("today 9-11", "is over"),
        ("2026-11-01", "is over"),
        ("2026-12-24 18:00 - 2026-12-23 09:00", "end after it begins"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: str, why: str):
    with pytest.raises(Refusal, match=why):
        read(words)


@given(
    start=st.datetimes(datetime(2026, 12, 1), datetime(2030, 1, 1)),  # noqa: DTZ001  given a zone below
    hours=st.integers(1, 400),
    zone=st.sampled_from(["UTC", KOLKATA, "Asia/Kathmandu"]),
)
def test_what_is_offered_in_a_form_is_understood_again(start: datetime, hours: int, zone: str):
    begins = start.replace(second=0, microsecond=0, tzinfo=UTC)
    window = Window(start=begins, end=begins + timedelta(hours=hours))

    assert read_window(spoken(window, zone), now=NOON, zone=zone) == window


@pytest.mark.parametrize("words", ["29 feb", "30 feb", "2026-02-30", "2026-13-01", "31 apr", "whenever"])
def test_a_day_that_is_none_is_refused_as_a_day(words: str):
    with pytest.raises(Refusal, match=f"can't read the day {words}. Try friday"):
        read_day(words, now=datetime(2028, 3, 1, tzinfo=UTC), zone=LISBON)


def test_a_leap_day_that_is_over_is_no_time():
    with pytest.raises(Refusal, match="can't read the time 29 feb"):
        read("29 feb 9-17", now=datetime(2028, 3, 1, tzinfo=UTC))
