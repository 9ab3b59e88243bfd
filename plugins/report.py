"""Reports: a month of a team in counts and times."""

from typing import Annotated

from bot.commands.arguments.months import REPORT_MONTH
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.oncall.ledger import Month
from bot.domain.policy import Team
from bot.services.report.monthly_reports import MonthlyReports

ReportMonth = Annotated[Month, REPORT_MONTH]


@command("report [:team] [<month>]", reads=True)
def report(
    request: Request, team: Team | None, month: ReportMonth | None, *, reports: MonthlyReports
) -> Reply:
    """Show a month of a team, or of all: incidents, times, updates, pages, relief, follow-ups, what was learnt."""
    found = reports.for_person(request.user, team, month)
    return Reply("report/month", {"report": found, "web": reports.address(found), "shared": False})


@command("report share [:team] [<month>]")
def share(team: Team | None, month: ReportMonth | None, *, reports: MonthlyReports) -> Reply:
    """Show it to everyone here, without private incidents."""
    found = reports.for_channel(team, month)
    return Reply(
        "report/month", {"report": found, "web": reports.address(found), "shared": True}, shared=True
    )
