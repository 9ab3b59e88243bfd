"""A report made of records: counts, pages by hour, command, follow-ups, lessons, and its tables as CSV and JSON."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident.state import Phase
from bot.domain.oncall.ledger import Month
from bot.domain.oncall.load import Ring
from bot.domain.policy import Timers
from bot.domain.postmortem.follow_up import Category, FollowUp
from bot.domain.postmortem.postmortem import Postmortem
from bot.domain.report.counting import Exclusion
from bot.domain.report.report import FollowUpCount, Lesson, MonthlyReport, ReportRecords, made
from bot.domain.report.sheets import SHEETS, sheet
from tests.support.reports import DAY, DOWN, HOUR, NOON, entry


def reported(zone: str = "UTC", now: datetime = NOON + DAY, **records: object) -> MonthlyReport:
    return made(
        ReportRecords(**records),  # type: ignore[arg-type]
        team="payments",
        month=Month(year=2026, month=11),
        zone=zone,
        now=now,
        severities=["sev1", "sev2"],
        timers=Timers(),
    )


def test_an_incident_counts_for_its_severity_and_once_for_each_of_its_services():
    report = reported(
        incidents=(
            DOWN,
            replace(DOWN, number=2, severity=None, services=()),
            replace(DOWN, number=3, severity="old"),
            replace(DOWN, number=4, drill=True),
            replace(DOWN, number=5, phase=Phase.FALSE_ALARM),
        )
    )

    assert report.count == 3
    assert report.severities == [("sev1", 0), ("sev2", 1), ("old", 1), ("", 1)]
    assert report.services == [("checkout", 2), ("search", 2), ("", 1)]
    assert report.left_out == {Exclusion.DRILL: 1, Exclusion.FALSE_ALARM: 1}


def test_the_time_in_command_is_of_all_but_drills_and_recorded_incidents():
    led = {
        1: (entry(1, 1, "declared", 0), entry(1, 2, "command_taken", 2, commander="U0RAJ", before="U0ANA")),
        2: (entry(2, 1, "declared", 0), entry(2, 2, "merged_into", 1, into=1)),
        3: (entry(3, 1, "declared", 0), entry(3, 2, "resolved", 9)),
    }
    merged = replace(DOWN, number=2, phase=Phase.MERGED, resolved_at=NOON + HOUR)
    over = replace(DOWN, resolved_at=NOON + 5 * HOUR, phase=Phase.RESOLVED)
    recorded = replace(DOWN, number=3, recorded=True, phase=Phase.RESOLVED, resolved_at=NOON + 9 * HOUR)

    report = reported(incidents=(over, merged, recorded, replace(over, number=4, drill=True)), entries=led)

    assert report.command.total == 6 * HOUR
    assert report.command.longest == 3 * HOUR


def test_pages_are_counted_by_each_persons_own_clock():
    rings = (
        Ring(person="U0ANA", at=NOON, about="INC-1"),
        Ring(person="U0KIM", at=NOON, about="INC-1"),
        Ring(person="", at=NOON, about="Q1"),
    )

    report = reported(zone="Europe/Lisbon", rings=rings, zones={"U0ANA": "UTC", "U0KIM": "Asia/Tokyo"})

    assert {hour: count for hour, count in enumerate(report.pages.hours) if count} == {12: 2, 21: 1}
    assert report.pages.by_two_hours[6] == 2
    assert (report.pages.total, report.pages.at_night, report.pages.unknown) == (3, 0, 1)
    late = reported(rings=[replace(it, at=NOON + HOUR) for it in rings], zones={"U0KIM": "Asia/Tokyo"})
    assert late.pages.at_night == 1


def test_follow_ups_are_counted_by_category_and_open_ones_by_age():
    def one(number: int, age: timedelta, **more: object) -> FollowUp:
        made_of = FollowUp(number=number, incident=1, what="x", added_by="U0ANA", added_at=NOON - age)
        return replace(made_of, **more)  # type: ignore[arg-type]

    report = reported(
        now=NOON,
        follow_ups=(
            one(1, DAY, category=Category.DETECTION),
            one(2, 7 * DAY, category=Category.DETECTION),
            one(3, 28 * DAY, category=Category.DETECTION),
            one(4, 90 * DAY, category=Category.DETECTION, done_at=NOON),
            one(5, DAY),
        ),
        overdue={3},
    )

    assert report.follow_ups[0] == FollowUpCount(
        category="detection", done=1, new=1, weeks=1, old=1, overdue=1
    )
    assert report.follow_ups[-1] == FollowUpCount(category="", new=1)
    assert [it.category for it in report.follow_ups[1:4]] == ["escalation", "recovery", "prevention"]


def test_lessons_are_the_words_of_postmortems_and_nothing_else():
    written = Postmortem(incident=1, parts={"summary": "x", "lucky": "it was noon", "helped": " "})
    alarm = replace(DOWN, number=2, phase=Phase.FALSE_ALARM)

    report = reported(
        incidents=(DOWN, alarm, replace(DOWN, number=3)),
        postmortems=(written, replace(written, incident=2)),
    )

    assert report.lessons == [Lesson(incident=1, name="down", part="lucky", words="it was noon")]
    assert report.unwritten == 1


def test_a_month_in_which_nothing_happened_is_empty():
    assert reported().is_empty
    assert not reported(incidents=(replace(DOWN, drill=True),)).is_empty


def test_each_table_is_csv_and_json():
    named = replace(DOWN, name='=HYPERLINK("x")')
    report = reported(incidents=(named,), entries={1: (entry(1, 1, "declared", 0),)})

    tables = {name: sheet(report, name) for name in SHEETS}

    assert sheet(report, "nothing") is None
    assert all(it and it.csv.splitlines()[0] == ",".join(it.columns) for it in tables.values())
    incidents = tables["incidents"]
    assert incidents
    assert 'INC-1,"\'=HYPERLINK(""x"")"' in incidents.csv
    [one] = json.loads(incidents.json)
    assert (one["incident"], one["detect_s"], one["services"]) == ("INC-1", None, "checkout checkout search")
