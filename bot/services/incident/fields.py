"""The fields of an incident that a runbook can use."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.incident.incident import Incident
from bot.services.people import People
from bot.services.transaction import Transaction


class IncidentFields:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of(self, incident: Incident | None) -> Mapping[str, object] | None:
        """Return the incident's fields. Unknown ones are None; times are ISO 8601 in UTC."""
        if incident is None:
            return None
        leads = incident.commander
        return {
            "id": incident.id,
            "number": incident.number,
            "name": incident.name,
            "severity": incident.severity,
            "services": ", ".join(incident.services) or None,
            "phase": incident.phase.value,
            "commander": People(self._tx).name(leads) or leads if leads else None,
            "impact": incident.impact,
            "impact_since": _iso(incident.impact_since),
            "cause": incident.cause,
            "opened_at": _iso(incident.declared_at),
            "channel": incident.channel_name,
            "drill": incident.drill,
        }


def _iso(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None
