"""A moment, a day and a length of time, as people say them at night."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.moment import (
    is_day,
    is_moment,
    is_start,
    looks_daily,
    looks_timely,
    names_its_day,
    read_day,
    read_length,
    read_moment,
    read_start,
)
from bot.domain.refusal import Refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
KOLKATA, BERLIN = "Asia/Kolkata", "Europe/Berlin"


def moment(words: str, zone: str = "UTC", now: datetime = NOON) -> str:
    return f"{read_moment(words, now=now, zone=zone):%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "utc"),
    [
        ("10:05", "23 10:05"),
        ("10.05", "23 10:05"),
        ("2pm", "22 14:00"),
        ("2 PM", "22 14:00"),
        ("9:30 a.m.", "23 09:30"),
        ("12am", "23 00:00"),
        ("12 pm", "23 12:00"),
        ("0930", "23 09:30"),
        ("noon", "23 12:00"),
        ("midnight", "23 00:00"),
        ("yesterday 23:10", "22 23:10"),
        ("yesterday at 11:10pm", "22 23:10"),
        ("2pm yesterday", "22 14:00"),
        ("today at 9:00", "23 09:00"),
        ("friday 18:00", "20 18:00"),
        ("last monday 10:00", "16 10:00"),
        ("monday 10:00", "23 10:00"),
        ("2026-11-20T23:10", "20 23:10"),
        ("2026-11-20 23:10z", "20 23:10"),
        ("20 nov 23:10", "20 23:10"),
        ("nov 20th at 23:10", "20 23:10"),
        ("20m", "23 11:40"),
        ("20 minutes ago", "23 11:40"),
        ("an hour ago", "23 11:00"),
        ("half an hour ago", "23 11:30"),
        ("1h 30m ago", "23 10:30"),
        ("about 2 hours ago", "23 10:00"),
        ("~10:05", "23 10:05"),
        ("just now", "23 12:00"),
        ("tomorrow 9:00", "24 09:00"),
        ("10h05", "23 10:05"),
        ("14h30", "22 14:30"),
        ("2h30 ago", "23 09:30"),
        ("two hours ago", "23 10:00"),
        ("two hours", "23 10:00"),
        ("ten minutes ago", "23 11:50"),
        ("10:00 Uhr", "23 10:00"),
        ("9:30am, approx", "23 09:30"),
        ("9:30+01:00", "23 08:30"),
        ("2026-11-22T14:00:00+01:00", "22 13:00"),
        ("2026-11-22T14:00:00-05:00", "22 19:00"),
    ],
)
def test_a_moment_is_read_as_people_say_it(words: str, utc: str):
    assert is_moment(words)
    assert moment(words) == utc


def test_a_time_that_may_as_well_be_a_length_is_asked_back():
    with pytest.raises(Refusal, match=r"Is 2h30 02:30, or so long ago\?") as refused:
        moment("2h30")
    assert [it.say for it in refused.value.choices] == ["02:30", "2h30 ago"]


def test_a_moment_is_on_the_askers_own_clock():
    assert moment("2pm", zone=KOLKATA) == "23 08:30"
    assert moment("2pm utc", zone=KOLKATA) == "22 14:00"


@pytest.mark.parametrize(
    ("words", "utc"),
    [("yesterday", "22 00:00"), ("today", "23 00:00"), ("friday", "20 00:00"), ("2026-11-20", "20 00:00")],
)
def test_a_list_may_start_on_a_day(words: str, utc: str):
    assert is_start(words)
    assert f"{read_start(words, now=NOON, zone='UTC'):%d %H:%M}" == utc
    assert read_start("yesterday", now=NOON, zone=BERLIN).hour == 23


@pytest.mark.parametrize(
    "words",
    [
        *("this morning", "yesterday", "last week", "25:00", "13pm", "11/22 10:00", "30 feb 10:00"),
        *(
            "last night",
            "half past two",
            "a quarter to nine",
            "22.11. 14:00",
            "the 22nd",
            "10:05-10:20",
            "lunch",
        ),
        "a few minutes ago",
    ],
)
def test_a_time_that_cannot_be_read_looks_like_one_and_is_refused(words: str):
    assert looks_timely(words)
    assert not is_moment(words) or words == "30 feb 10:00"
    with pytest.raises(Refusal, match="can't read the time"):
        moment(words)


@pytest.mark.parametrize(
    ("words", "times"), [("5", ["05:00", "17:00"]), ("yesterday 9", ["yesterday 09:00", "yesterday 21:00"])]
)
def test_a_bare_hour_may_be_two(words: str, times: list[str]):
    with pytest.raises(Refusal) as refused:
        moment(words)

    assert [it.label for it in refused.value.choices] == times


def test_another_zone_is_refused_by_name():
    with pytest.raises(Refusal, match="can't read PST times"):
        moment("2pm PST")


@pytest.mark.parametrize(
    "words",
    [
        "mistake",
        "least",
        "the deploy",
        "once",
        "2 of 5 nodes died",
        "50 %",
        "300ms",
        "the moment",
        "night",
        "hand",
        "100",
        "am",
        "as",
        "a",
        "",
    ],
)
def test_plain_words_are_no_time(words: str):
    assert not looks_timely(words)
    assert not is_moment(words)


@pytest.mark.parametrize("words", ["5", "1730", "2s"])
def test_a_bare_number_may_be_a_time_or_not(words: str):
    assert looks_timely(words)
    assert not is_moment(words)


# --- days -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("friday", "11-27"),
        ("next friday", "12-04"),
        ("this friday", "11-27"),
        ("monday", "11-23"),
        ("eod", "11-23"),
        ("end of the day", "11-23"),
        ("eow", "11-27"),
        ("end of next week", "12-04"),
        ("end of month", "11-30"),
        ("tomorrow", "11-24"),
        ("in 2 days", "11-25"),
        ("in a week", "11-30"),
        ("in 2 months", "01-23"),
        ("3d", "11-26"),
        ("1 dec", "12-01"),
        ("Dec 1st", "12-01"),
        ("2026-12-01", "12-01"),
    ],
)
def test_a_day_is_read_as_people_say_it(words: str, day: str):
    assert is_day(words)
    assert f"{read_day(words, now=NOON, zone='UTC'):%m-%d}" == day


@pytest.mark.parametrize("words", ["mistake", "20 minutes", "2 weeks", "50", "half", "hand", "ad"])
def test_what_is_done_by_so_much_is_no_day(words: str):
    assert not looks_daily(words)


@pytest.mark.parametrize(
    "words",
    [
        "friday 5pm",
        "12/01",
        "next week",
        "this weekend",
        "the 5th",
        "2026/12/01",
        "01.12.2026",
        "tmrw",
        "december",
    ],
)
def test_a_day_that_cannot_be_read_looks_like_one_and_is_refused(words: str):
    assert looks_daily(words)
    assert not is_day(words)
    with pytest.raises(Refusal, match="can't read the day"):
        read_day(words, now=NOON, zone="UTC")


# --- lengths ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("15", 15),
        ("15m", 15),
        ("for 15", 15),
        ("15 min", 15),
        ("90s", 1.5),
        ("2 hours", 120),
        ("an hour", 60),
        ("half an hour", 30),
        ("1h30", 90),
        ("1h 30m", 90),
        ("1 hour and 30 minutes", 90),
        ("1.5h", 90),
        ("the last 2 hours", 120),
    ],
)
def test_a_length_is_read_as_people_say_it(words: str, minutes: float):
    assert read_length(words) == timedelta(minutes=minutes)


@pytest.mark.parametrize("words", ["long", "a while", "15 apples", "h", "-5m"])
def test_what_is_no_length_is_none(words: str):
    assert read_length(words) is None


# --- when clocks change -----------------------------------------------------------------------------------


def test_an_hour_that_is_left_out_is_refused_with_the_reason():
    spring = datetime(2027, 3, 28, 8, tzinfo=UTC)

    with pytest.raises(Refusal) as refused:
        moment("2:30", zone=BERLIN, now=spring)

    assert refused.value.sentence == (
        "There is no 02:30 on Sunday 28 March in Europe/Berlin: the clocks go from 02:00 to 03:00. Use 03:00 or 01:59."
    )


def test_an_hour_that_comes_twice_is_refused_with_both():
    autumn = datetime(2026, 10, 25, 8, tzinfo=UTC)

    with pytest.raises(Refusal, match="comes twice") as refused:
        moment("2:30", zone=BERLIN, now=autumn)

    assert [moment(it.say, zone=BERLIN, now=autumn) for it in refused.value.choices] == [
        "25 00:30",
        "25 01:30",
    ]


# --- what is in the future --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["12:05", "12:45", "12.45z", "1:30pm", "1359"])
def test_a_time_that_comes_soon_is_not_taken_for_yesterdays(words: str):
    with pytest.raises(Refusal, match=f"{words} is in the future") as refused:
        moment(words)

    assert [moment(it.say)[:2] for it in refused.value.choices] == ["22"]


def test_a_moment_names_its_day_or_leaves_it_open():
    named = ("on friday at 10:00", "at 10:00 yesterday", "20 nov 23:10", "2 hours ago", "2026-11-20 10:00")
    assert all(map(names_its_day, named))
    assert not any(
        map(names_its_day, ("10:00", "20m", "friday", "in 2 days", "just now", "the friday deploy"))
    )


@pytest.mark.parametrize("words", ["yesterday", "friday", "24 april", "2026-04-24"])
def test_a_day_starts_with_its_first_moment_where_it_has_no_midnight(words: str):
    saturday = datetime(2026, 4, 25, 8, tzinfo=UTC)

    assert read_start(words, now=saturday, zone="Africa/Cairo") == datetime(2026, 4, 23, 22, tzinfo=UTC)


def test_a_midnight_that_comes_twice_is_the_first():
    sunday = datetime(2026, 11, 2, 8, tzinfo=UTC)

    assert read_start("2026-11-01", now=sunday, zone="America/Havana") == datetime(2026, 11, 1, 4, tzinfo=UTC)
