"""docs/reports.md, word for word: what it tells people to say, what it says is counted, and its tables."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.oncall.ledger import Month
from bot.domain.policy import Timers
from bot.domain.report.counting import TimeTo
from bot.domain.report.report import MonthlyReport, ReportRecords, made
from bot.domain.report.sheets import SHEETS
from bot.testing import SpyKit
from tests.support.docs import section
from tests.support.folders import PLUGINS
from tests.support.reports import DAY, DOWN, HOUR, NOON, entry

PAGE = "docs/reports.md"


def cells(heading: str) -> list[list[str]]:
    """Return the rows of the tables in a section, without their headings."""
    lines = [it for it in section(PAGE, heading).splitlines() if it.startswith("|")]
    rows = [[cell.strip() for cell in it.strip("|").split("|")] for it in lines]
    rules = {at for at, row in enumerate(rows) if set(row[0]) == {"-"}}
    return [row for at, row in enumerate(rows) if at not in rules and at + 1 not in rules]


SAID = [words for row in cells("Ask for one") for words in re.findall(r"`([^`]+)`", row[0])]


@pytest.mark.parametrize("words", SAID)
def test_what_the_page_tells_people_to_say_is_understood(words: str):
    spy = SpyKit(PLUGINS)

    answer = spy.say(words)

    assert not answer.is_refusal
    assert answer.shared is words.startswith("report share")


OVER = replace(DOWN, phase=Phase.RESOLVED, resolved_at=NOON + HOUR, mitigated_at=NOON + HOUR)
KINDS = {
    "open, or resolved": OVER,
    "recorded afterwards (`incident was`)": replace(OVER, recorded=True),
    "false alarm": replace(OVER, phase=Phase.FALSE_ALARM),
    "merged into another": replace(OVER, phase=Phase.MERGED),
    "drill": replace(OVER, drill=True),
}


def report_of(incident: Incident) -> MonthlyReport:
    led = (entry(1, 1, "declared", 0), entry(1, 2, "resolved", 1))
    return made(
        ReportRecords(incidents=[incident], entries={1: led}),
        team="",
        month=Month(year=2026, month=11),
        zone="UTC",
        now=NOON + DAY,
        severities=[],
        timers=Timers(),
    )


def test_each_kind_of_incident_counts_as_the_page_says():
    """Whose pages count needs a database: see test_monthly_reports."""
    found = {}
    for kind, incident in KINDS.items():
        report = report_of(incident)
        known = {it.time: it.known for it in report.times}
        found[kind] = (report.count == 1, known[TimeTo.RESOLVE] == 1, report.command.total > timedelta())

    said = {row[0]: row for row in cells("What counts") if row[0] in KINDS}
    yes = re.compile("yes|what is known")
    assert found == {kind: tuple(bool(yes.match(row[at])) for at in (1, 2, 4)) for kind, row in said.items()}


def test_each_time_and_each_table_is_on_the_page():
    assert [row[0] for row in cells("What counts") if row[0] in {*TimeTo}] == [*TimeTo]
    assert [it for row in cells("As data") for it in re.findall("`([^`]+)`", row[0])] == [*SHEETS]
