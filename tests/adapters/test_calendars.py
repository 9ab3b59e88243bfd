"""Holidays, from the package and from a file."""

import os
from datetime import date
from pathlib import Path

import pytest

from bot.adapters.calendars import HolidayCalendars

FILE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Acme//Days off//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261226
SUMMARY:Company days
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20261231T120000Z
SUMMARY:
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def calendars(tmp_path: Path) -> HolidayCalendars:
    (tmp_path / "days.ics").write_text(FILE.replace("\n", "\r\n"), encoding="utf-8")
    return HolidayCalendars(tmp_path)


def test_a_country_has_its_holidays(calendars: HolidayCalendars):
    assert calendars.holiday("PT", date(2026, 12, 1))
    assert calendars.holiday("IN", date(2026, 12, 1)) is None
    assert calendars.trouble("US-CA") == ""


def test_a_region_has_its_own(calendars: HolidayCalendars):
    assert calendars.holiday("DE-BY", date(2026, 1, 6))
    assert calendars.holiday("DE-BE", date(2026, 1, 6)) is None


def test_a_file_has_days_and_spans_of_days(calendars: HolidayCalendars):
    found = [calendars.holiday("days.ics", date(2026, 12, day)) for day in (23, 24, 25, 26, 31)]

    assert found == [None, "Company days", "Company days", None, "holiday"]


def test_a_file_that_changes_is_read_again(calendars: HolidayCalendars, tmp_path: Path):
    assert calendars.holiday("days.ics", date(2026, 12, 24))
    path = tmp_path / "days.ics"
    path.write_text(FILE.replace("20261224", "20261225"), encoding="utf-8")
    os.utime(path, ns=(1, 1))

    assert calendars.holiday("days.ics", date(2026, 12, 24)) is None


@pytest.mark.parametrize("calendar", ["XX", "US-QQ", "gone.ics", "broken.ics"])
def test_what_cannot_be_read_has_no_holidays_and_says_why(
    calendars: HolidayCalendars, tmp_path: Path, calendar: str
):
    (tmp_path / "broken.ics").write_bytes(b"\xff\xfe no calendar")

    assert calendars.trouble(calendar)
    assert calendars.holiday(calendar, date(2026, 12, 24)) is None


def written(folder: Path, *events: str) -> None:
    """Write a file of a good event, after events of these lines."""
    several = "".join(f"BEGIN:VEVENT\n{it}\nEND:VEVENT\n" for it in events)
    text = FILE.replace("BEGIN:VEVENT", f"{several}BEGIN:VEVENT", 1)
    (folder / "odd.ics").write_text(text.replace("\n", "\r\n"), encoding="utf-8")


@pytest.mark.parametrize(
    "odd",
    [
        "DTSTART;VALUE=DATE:20261201\nDTSTART;VALUE=DATE:20261202",
        "DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261202\nDTEND;VALUE=DATE:20261203",
        "DTSTART;VALUE=TEXT:soon",
        "DTSTART;VALUE=TIME:120000",
        "DTSTART;VALUE=PERIOD:20261201T000000Z/P1D",
        "DTSTART;VALUE=DATE:99991231",
        "DTSTART;VALUE=DATE:20260231",
        "DTSTART;VALUE=DATE:20261201\nDURATION:soon",
        "SUMMARY:without a day",
    ],
)
def test_an_odd_event_is_left_out_and_the_others_count(calendars: HolidayCalendars, tmp_path: Path, odd: str):
    written(tmp_path, odd)

    assert calendars.holiday("odd.ics", date(2026, 12, 24)) == "Company days"
    assert "1 of 3 events" in calendars.trouble("odd.ics")


def test_an_event_may_have_a_length_or_two_names(calendars: HolidayCalendars, tmp_path: Path):
    written(tmp_path, "DTSTART;VALUE=DATE:20261201\nDURATION:P3D\nSUMMARY:First\nSUMMARY:Second")

    found = [calendars.holiday("odd.ics", date(2026, 12, day)) for day in (1, 2, 3, 4)]

    assert found == ["First", "First", "First", None]
    assert calendars.trouble("odd.ics") == ""


def test_a_huge_file_is_not_read(calendars: HolidayCalendars, tmp_path: Path):
    written(tmp_path, *["SUMMARY:" + "x" * 1000] * 500)

    assert "more than 500 kB" in calendars.trouble("odd.ics")
    assert calendars.holiday("odd.ics", date(2026, 12, 24)) is None
