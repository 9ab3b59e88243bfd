"""The report of a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.domain.oncall.ledger import Month
from bot.domain.report.sheets import SHEETS, Cell, sheet
from bot.services.api.incidents import Described
from bot.services.directory import Directory
from bot.services.report.monthly_reports import ALL_TEAMS, MonthlyReports
from bot.services.transaction import Transaction
from bot.web.api import ApiRequest, NotHere, reads

TeamKey = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[a-z0-9_-]+$", examples=["all"])]
MonthWords = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-11"])]


@dataclass(frozen=True, kw_only=True)
class ApiReport(Described):
    """A month of a team, or of all. Lengths of time are in seconds; what is not known is null."""

    team: str
    month: str
    tables: Mapping[str, Sequence[Mapping[str, Cell]]]
    """Rows by the name of their table, as the dashboard offers them as files."""


@reads("/reports/{team}/{month}")
def get_report(
    ask: ApiRequest, team: TeamKey, month: MonthWords, *, reports: MonthlyReports, tx: Transaction
) -> ApiReport:
    """Return the report of a month, such as 2026-11, of a team, or of `all`. It counts what you may see."""
    known = tx.policy.teams.get(team)
    if known is None and team != ALL_TEAMS:
        raise NotHere("There is no such team.")
    first = date.fromisoformat(f"{month}-01")
    wanted = Month(year=first.year, month=first.month)
    zone = ZoneInfo(Directory(tx).zone(ask.person))
    if str(wanted) > str(Month.of(tx.now.astimezone(zone)).before(-1)):  # another zone may be a month ahead
        raise NotHere(f"{wanted.name} has not begun yet.")
    report = reports.for_person(ask.person, known, wanted)
    tables = (sheet(report, name) for name in SHEETS)
    return ApiReport(
        team=team,
        month=month,
        tables={it.name: [dict(zip(it.columns, row, strict=True)) for row in it.rows] for it in tables if it},
    )
