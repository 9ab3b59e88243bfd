"""Why Spy sent a reminder or a page: the rule and the event, from the timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.incident.agenda import reminder_of, sent_name
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import MILESTONE, milestone_of
from bot.domain.incident.timeline import Entry
from bot.domain.paging.page import Page
from bot.domain.paging.reminders import UNANSWERED
from bot.domain.refusal import Refusal
from bot.domain.relief.relief import ESCALATION, LONG_DAY, ON_DUTY, WorkPeriod
from bot.domain.subject import MilestoneName
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]
OF_PEOPLE = frozenset({ESCALATION, ON_DUTY, LONG_DAY})


class Reasons:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def of(self, incident: Incident, reminder: str | None = None) -> Facts:
        """Return why Spy sent its last reminder or page here, or the last one of this kind."""
        entries = self._session.timeline.among([incident.number], ["reminded", "page_requested"])
        for entry in reversed(entries):
            if entry.kind == "reminded" and reminder in {None, entry.data["reminder"]}:
                return self._reminder(incident, entry)
            if entry.kind == "page_requested" and reminder in {None, "page"}:
                page = self._session.pages.get(entry.data["page"])
                if page:
                    return self.page(page)
        raise Refusal(f"Spy has sent no reminder{' of that kind' if reminder else ''} in {incident.id} yet.")

    def page(self, page: Page) -> Facts:
        """Return why a page was sent."""
        incident = self._session.incidents.get(page.incident) if page.incident else None
        severity = self._tx.policy.severities.get((incident.severity if incident else None) or "")
        by_severity = bool(severity and page.team in severity.page and page.line_at is None)
        return {
            "reminder": "page",
            "incident": incident,
            "page": page,
            "severity": severity.key if severity and by_severity else None,
            "unanswered": page.reminded.get(UNANSWERED),
            "after": self._tx.policy.timers.page_unanswered_after,
            "period": self._relieving(page),
            "unasked": incident is not None and _is_unasked(page, incident),
            "timers": self._tx.policy.timers,
        }

    def _relieving(self, page: Page) -> WorkPeriod | None:
        """Return the work period that a page for relief was about."""
        is_by_spy = page.incident and not page.requested_by
        entries = self._session.timeline.among([page.incident or 0], ["reminded"]) if is_by_spy else ()
        for entry in entries:
            if entry.data["reminder"] == ESCALATION:
                period = self._session.periods.get(int(entry.data["mark"]))
                if period and page.number in period.pages:
                    return period
        return None

    def _reminder(self, incident: Incident, entry: Entry) -> Facts:
        severity = self._tx.policy.severities.get(incident.severity or "")
        reminder = sent_name(incident, entry.data["reminder"], self._tx.policy)
        return {
            "reminder": MILESTONE if isinstance(reminder, MilestoneName) else reminder,
            "is_about_incident": reminder_of(reminder) is not None,
            "named": str(reminder),
            "incident": incident,
            "said_at": entry.occurred_at,
            "due_at": datetime.fromisoformat(entry.data["due_at"]),
            "late": entry.data["late"],
            "every": severity.update_every if severity else None,
            "milestone": milestone_of(reminder, self._tx.policy),
            "period": self._session.periods.get(int(entry.data["mark"])) if reminder in OF_PEOPLE else None,
            "timers": self._tx.policy.timers,
        }


def _is_unasked(page: Page, incident: Incident) -> bool:
    """Whether Spy sent the page when it opened the incident for an alert."""
    is_by_spy = page.requested_by is None and incident.declared_by is None
    return is_by_spy and page.requested_at == incident.declared_at
