"""Reports on the dashboard: charts with a table beside each, files, and what an outsider gets."""

import csv
import json
import re

import pytest

from bot.commands.request import Source
from bot.domain.report.sheets import SHEETS
from bot.testing import SpyKit
from tests.support.dashboard import visiting

MONTH = "2026-11"


@pytest.fixture
def busy(spy: SpyKit, channel: str) -> SpyKit:
    """A Spy with one incident that is over, and a private one."""
    spy.say("incident affects checkout", channel=channel)
    spy.clock.tick(minutes=10)
    spy.say('incident update "rolling back"', channel=channel)
    spy.say('incident resolve "rolled back"', channel=channel)
    spy.say('postmortem write lucky "<b>it was noon</b>"', channel=channel)
    spy.say('incident me "payroll leaked" sev1 private')
    spy.create_channel(2)
    spy.say('postmortem write lucky "payroll was empty"', channel="C0INC2")
    return spy


def test_a_report_has_a_chart_and_a_table_of_each_number(busy: SpyKit):
    with visiting(busy, "U0KIM") as browser:
        page = browser.get(f"/reports/all/{MONTH}").text

    pictures = re.findall(r'<svg [^>]*role="img"[^>]*>', page)
    assert len(pictures) == 4
    assert page.count("<title id=") == page.count("<desc id=") == 4
    assert "style=" not in page
    assert "Incidents by severity</title>" in page
    assert re.search(r'<th scope="row">sev1</th><td class="number">1</td>', page)
    assert re.search(r'<th scope="row">resolve</th><td class="number">1</td>.*?<td>10 min</td>', page)
    assert "&lt;b&gt;it was noon&lt;/b&gt;" in page


def test_a_private_incident_is_on_no_page_and_in_no_file_of_an_outsider(busy: SpyKit):
    paths = [f"/reports/all/{MONTH}", *(f"/reports/all/{MONTH}/{it}.csv" for it in SHEETS)]
    with visiting(busy, "U0KIM") as outsider:
        theirs = [outsider.get(it).text for it in paths]
    with visiting(busy, "U0ANA") as member:
        mine = [member.get(it).text for it in paths]

    assert not [it for it in theirs if "payroll" in it]
    assert theirs[1].count("\n") == 2
    assert [bool(re.search("payroll", it)) for it in mine] == [
        True,
        *(it in {"incidents", "lessons"} for it in SHEETS),
    ]
    assert mine[1].count("\n") == 3


def test_each_table_is_a_file(busy: SpyKit):
    with visiting(busy, "U0KIM") as browser:
        page = browser.get(f"/reports/imoc/{MONTH}").text
        times = browser.get(f"/reports/imoc/{MONTH}/times.csv")
        hours = browser.get(f"/reports/imoc/{MONTH}/pages.json")

    assert {re.sub(r".*/", "", it) for it in re.findall(r'href="(/reports/[^"]+)" download', page)} == {
        f"{name}.{kind}" for name in SHEETS for kind in ("csv", "json")
    }
    rows = {it["time"]: it for it in csv.DictReader(times.text.splitlines())}
    assert (rows["resolve"]["median_s"], rows["detect"]["median_s"]) == ("600", "")
    assert times.headers["content-disposition"] == f'attachment; filename="imoc-{MONTH}-times.csv"'
    assert sum(it["pages"] for it in json.loads(hours.text)) == 1


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/reports/nobody/2026-11", "There is no such team."),
        ("/reports/all/2026-13", "A month is written as 2026-11."),
        ("/reports/all/2027-02", "February 2027 has not begun yet."),
        ("/reports/all/2026-11/secrets.csv", "A report has no such table."),
        ("/reports/all/2026-11/times.xlsx", "A report has no such table."),
    ],
)
def test_what_there_is_not_is_said_in_a_sentence(spy: SpyKit, path: str, words: str):
    with visiting(spy, "U0KIM") as browser:
        answer = browser.get(path)

    assert answer.status_code == 404
    assert words in answer.text


def test_the_reports_of_each_team_are_listed(spy: SpyKit):
    with visiting(spy, "U0KIM") as browser:
        page = browser.get("/reports").text
        chosen = browser.get("/reports?team=payments&month=2026-10").text

    assert len(re.findall(r'href="/reports/payments/20', page)) == 12
    assert "<h1>October 2026: :payments</h1>" in chosen


def test_the_message_in_slack_leads_to_the_page(busy: SpyKit):
    with visiting(busy, "U0KIM"):
        busy.say("report", by="U0KIM", source=Source.SLASH)

    assert f"http://localhost:3000/reports/all/{MONTH}" in busy.private()[-1].text
