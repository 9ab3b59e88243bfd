"""Read the incidents of PagerDuty that Spy did not make: each is an alert."""

from datetime import datetime, timedelta

from bot.adapters.pagerduty.reading import IncidentBody
from bot.domain.alert.report import AlertReport, AlertState
from bot.domain.service import service_name

SOURCE = "pagerduty"
OWN = "spy-"
"""How the keys of pages that a Spy asked for begin."""
MOST = 200
"""How many incidents one look reads."""
_STATES = {
    "triggered": AlertState.FIRING,
    "acknowledged": AlertState.ACKNOWLEDGED,
    "resolved": AlertState.RESOLVED,
}


def alert_report(
    incident: IncidentBody,
    *,
    who: str | None,
    as_of: datetime,
    heard_at: datetime,
    ahead: timedelta = timedelta(),
) -> AlertReport | None:
    """Return an incident as an alert; None if a Spy made it, or its state is unknown.

    `who` has acknowledged or resolved it. `ahead` is how far PagerDuty's clock is ahead of ours.
    """
    state = _STATES.get(incident.status)
    if state is None or (incident.incident_key or "").startswith(OWN):
        return None
    service = incident.service
    return AlertReport(
        key=f"{SOURCE}:{incident.id}",
        source=SOURCE,
        title=incident.title or "(no title)",
        state=state,
        service=service_name(service.summary or service.id) if service else None,
        pager_service=service.id if service else None,
        heard_at=heard_at,
        began_at=incident.created_at - ahead if incident.created_at else None,
        firing=incident.created_at,
        ended_at=as_of - ahead if state is AlertState.RESOLVED else None,
        as_of=as_of,
        severity=incident.priority.summary if incident.priority else None,
        urgency=incident.urgency,
        url=incident.html_url,
        who=who if state is not AlertState.FIRING else None,
        assigned=incident.assigned,
        pager_id=incident.id,
    )
