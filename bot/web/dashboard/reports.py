"""Reports: a month of a team, or of all, with charts, and each table as CSV and JSON."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.ledger import Month
from bot.domain.policy import Team
from bot.domain.report.report import HOURS, MonthlyReport
from bot.domain.report.sheets import SHEETS, sheet
from bot.services.report.monthly_reports import ALL_TEAMS, MonthlyReports
from bot.services.transaction import Transaction
from bot.web.dashboard import Download, NotHere, PageReply, PageRequest, page

LISTED = 12
"""How many months are listed for each team."""
MINUTE = timedelta(minutes=1)
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}
_MONTH, _FILE = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])"), re.compile(r"([a-z-]{1,20})\.(csv|json)")


@page("/reports", menu="Reports")
def index(ask: PageRequest, *, reports: MonthlyReports, tx: Transaction) -> PageReply:
    """List the months of each team. With a team and a month in the query, show that report."""
    if ask.query.get("month"):
        return _shown(_report(ask.query.get("team", ALL_TEAMS), ask.query["month"], ask, reports, tx), tx)
    current = _current(ask, tx)
    months = [current.before(it) for it in range(LISTED)]
    return PageReply("web/reports", {"teams": [ALL_TEAMS, *tx.policy.teams], "months": months})


@page("/reports/{team}/{month}")
def report(ask: PageRequest, *, reports: MonthlyReports, tx: Transaction) -> PageReply:
    """Show a month of a team, or of `all`."""
    return _shown(_report(ask.path["team"], ask.path["month"], ask, reports, tx), tx)


@page("/reports/{team}/{month}/{file}")
def download(ask: PageRequest, *, reports: MonthlyReports, tx: Transaction) -> Download:
    """Return a table of a report as a file: `times.csv`, `times.json`."""
    named = _FILE.fullmatch(ask.path["file"])
    if named is None or named[1] not in SHEETS:
        raise NotHere(f"A report has no such table. It has: {', '.join(SHEETS)}, each as .csv and .json.")
    found = _report(ask.path["team"], ask.path["month"], ask, reports, tx)
    table = sheet(found, named[1])
    text = "" if table is None else table.csv if named[2] == "csv" else table.json
    name = f"{found.team or ALL_TEAMS}-{found.month}-{named[1]}.{named[2]}"
    return Download(name, TYPES[named[2]], text)


def _report(
    team: str, month: str, ask: PageRequest, reports: MonthlyReports, tx: Transaction
) -> MonthlyReport:
    return reports.for_person(ask.viewer.id, _team(team, tx), _month(month, ask, tx))


def _team(key: str, tx: Transaction) -> Team | None:
    team = tx.policy.teams.get(key)
    if team is None and key != ALL_TEAMS:
        raise NotHere("There is no such team.")
    return team


def _month(words: str, ask: PageRequest, tx: Transaction) -> Month:
    found = _MONTH.fullmatch(words)
    if found is None:
        raise NotHere("A month is written as 2026-11.")
    month = Month(year=int(found[1]), month=int(found[2]))
    if str(month) > str(_current(ask, tx).before(-1)):  # another zone may be a month ahead
        raise NotHere(f"{month.name} has not begun yet.")
    return month


def _current(ask: PageRequest, tx: Transaction) -> Month:
    return Month.of(tx.now.astimezone(ZoneInfo(ask.viewer.zone)))


def _shown(report: MonthlyReport, tx: Transaction) -> PageReply:
    timers = tx.policy.timers
    facts = {
        "report": report,
        "key": report.team or ALL_TEAMS,
        "before": report.month.before(1),
        "after": None if report.is_current else report.month.before(-1),
        "night": [it for it in range(HOURS) if timers.is_night(it)],
    }
    return PageReply("web/report", facts)
