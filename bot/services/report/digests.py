"""The monthly digest: a report of the last month in a team's channel, once, with what everybody there may see."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.effects import UpsertMessage
from bot.domain.oncall.ledger import Month
from bot.domain.report.digest import report_agenda, report_subject
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.services.messages import Facts, message
from bot.services.reminder_sources import planner, reminds
from bot.services.report.monthly_reports import MonthlyReports
from bot.services.transaction import Transaction


@planner
def plan(tx: Transaction) -> None:
    """Set the timers of all teams."""
    for key in tx.policy.teams:
        subject = report_subject(key)
        tx.session.lock(str(subject))
        tx.session.timers.replace(subject, ReportReminders(tx).agenda(subject))


@reminds("report")
class ReportReminders:
    """The reports that teams get each month."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        self._tx.session.lock(str(subject))
        team = self._tx.policy.teams.get(subject.ref)
        if team is None:
            return []
        zone = MonthlyReports(self._tx).zone(team)
        return report_agenda(team, self._tx.policy.timers, zone=zone, now=self._tx.now)

    def send(self, timer: Timer) -> None:
        team = self._tx.policy.teams.get(timer.subject.ref)
        if team is None:
            return
        zone = ZoneInfo(MonthlyReports(self._tx).zone(team))
        month = Month.of(timer.due_at.astimezone(zone)).before(1)
        mark = f":{team.key}:{month}"
        facts = {
            "team": team.key,
            "year": month.year,
            "month": month.month,
            "due_at": timer.due_at.isoformat() if timer.is_late(self._tx.now) else None,
        }
        self._tx.send(
            UpsertMessage(
                key=f"report{mark}", message_type="report", ref=0, to=team.channel, mark=mark, facts=facts
            )
        )


@message("report", "report/digest", is_worth_posting=lambda facts: facts["report"] is not None)
def digest(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a team's digest; no report if the team is gone, or nothing happened in that month."""
    team, reports = tx.policy.teams.get(it.facts["team"]), MonthlyReports(tx)
    month, due_at = Month(year=it.facts["year"], month=it.facts["month"]), it.facts["due_at"]
    report = reports.for_channel(team, month) if team else None
    return {
        "report": None if report is None or report.is_empty else report,
        "web": reports.address(report) if report else None,
        "due_at": datetime.fromisoformat(due_at) if due_at else None,
    }
