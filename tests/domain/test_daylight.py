"""The next time at which a clock shows an hour, across the nights in which clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.daylight import next_hour

LISBON = ZoneInfo("Europe/Lisbon")
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "earliest", "found"),
    [
        (7, "2026-11-23 06:59", "2026-11-23 07:00"),
        (7, "2026-11-23 07:00", "2026-11-23 07:00"),
        (7, "2026-11-23 07:01", "2026-11-24 07:00"),
        (0, "2026-11-23 23:30", "2026-11-24 00:00"),
        (7, "2027-03-28 00:30", "2027-03-28 06:00"),
        (1, "2027-03-28 00:30", "2027-03-28 01:00"),
        (1, "2027-10-31 00:30", "2027-11-01 01:00"),
        (7, "2027-10-30 12:00", "2027-10-31 07:00"),
    ],
)
def test_the_next_hour_is_that_of_the_wall_clock(hour: int, earliest: str, found: str):
    """In Lisbon 01:00 is skipped on 28 March 2027, and comes twice on 31 October."""
    assert next_hour(hour, at(earliest), LISBON) == at(found)


@given(
    minutes=st.integers(0, 366 * 24 * 60),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_it_shows_the_hour_and_comes_within_a_day(minutes: int, hour: int, zone: str):
    earliest, place = at("2027-01-01 00:00") + minutes * MINUTE, ZoneInfo(zone)

    found = next_hour(hour, earliest, place)

    assert earliest <= found <= earliest + timedelta(hours=25)
    assert found.astimezone(place).hour in {hour, (hour + 1) % 24}  # an hour that is skipped comes later
