"""Sample facts for reports: of a full month, of a month with gaps, and of one in which nothing happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.app.samples.postmortems import FILED, FOLLOW_UPS
from bot.app.samples.world import FULL, HALF_HOUR, NEW, NOON, NOW, TYPED, Facts
from bot.domain.oncall.ledger import Month
from bot.domain.oncall.load import Ring
from bot.domain.policy import Timers
from bot.domain.postmortem.postmortem import Postmortem
from bot.domain.report.report import LESSONS, CommandTime, MonthlyReport, ReportRecords, made

MONTH = Month(year=2026, month=11)
LATER = NOW + timedelta(days=40)
LEARNT = Postmortem(incident=FULL.number, parts=dict.fromkeys(LESSONS, TYPED), filed=FILED)


def _report(records: ReportRecords, *, team: str = "payments") -> MonthlyReport:
    return made(
        records,
        team=team,
        month=MONTH,
        zone="Europe/Lisbon",
        now=LATER,
        severities=["sev1", "sev2", "sev3"],
        timers=Timers(),
    )


FULL_MONTH = replace(
    _report(
        ReportRecords(
            incidents=(
                replace(FULL, services=("checkout", "search")),
                replace(FULL, number=43, name=TYPED, severity=None),
                replace(NEW, number=44, drill=True),
            ),
            rings=(
                Ring(person="U0ANA", at=NOON, about="INC-42"),
                Ring(person="", at=NOON - timedelta(hours=10), about="INC-42"),
            ),
            follow_ups=FOLLOW_UPS,
            overdue={7},
            postmortems=(LEARNT, replace(LEARNT, incident=43, filed=None)),
        )
    ),
    command=CommandTime(total=3 * HALF_HOUR, longest=HALF_HOUR),
)
LONG_MONTH = replace(FULL_MONTH, team="", lessons=[*FULL_MONTH.lessons] * 6, unwritten=2)
NO_TIMES = replace(
    FULL_MONTH, times=[replace(it, known=0, median=None, high=None) for it in FULL_MONTH.times]
)
QUIET_MONTH = _report(ReportRecords())
MONTHS = (FULL_MONTH, LONG_MONTH, NO_TIMES, QUIET_MONTH, replace(QUIET_MONTH, is_current=True))

CASES: dict[str, Sequence[Facts]] = {
    "report/month": [
        {"report": it, "shared": shared, "web": web}
        for it in MONTHS
        for shared, web in ((False, None), (True, "https://spy.example.com/reports/payments/2026-11"))
    ],
    "report/digest": [
        {"report": it, "due_at": due_at, "web": web}
        for it in MONTHS
        for due_at, web in ((None, "https://spy.example.com/reports/payments/2026-11"), (NOON, None))
    ],
}
