"""The services that an incident affects: named, taken back, and shown with their runbooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.incident import affected
from bot.domain.incident.incident import Incident
from bot.domain.runbook.runbook import Runbook
from bot.domain.service import Service
from bot.services.transaction import Transaction

PARAMETER = "service"
"""The parameter of a runbook that is filled in with the service."""


class AffectedServices:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def affect(self, incident: Incident, services: Sequence[str], *, by: str) -> Incident:
        """Record that an incident affects more services, by their names."""
        return self._tx.record(incident, affected.affect(incident, services, by=by, at=self._tx.now))

    def clear(self, incident: Incident, services: Sequence[str], *, by: str) -> Incident:
        """Record that an incident does not affect these services."""
        return self._tx.record(incident, affected.clear(incident, services, by=by, at=self._tx.now))

    def values(self, incident: Incident | None, runbook: Runbook) -> Mapping[str, str]:
        """Return what a runbook needs to know of the incident's services: its parameter `service`."""
        if incident is None or all(it.name != PARAMETER for it in runbook.parameters):
            return {}
        listed = self._tx.policy.services
        named = incident.services or affected.likely(incident, listed)
        has_it = [
            it for it in named if it in listed and runbook.name in listed[it].runbooks_at(incident.severity)
        ]
        likeliest = next(iter((*has_it, *named)), None)
        return {PARAMETER: likeliest} if likeliest else {}

    def facts(self, incident: Incident) -> Mapping[str, Any]:
        """Return its services, those that its name and suspects speak of, and the names of the runbooks for it."""
        listed = self._tx.policy.services
        named = [listed.get(it) or Service(key=it) for it in incident.services]
        likely = () if named or not incident.is_open else affected.likely(incident, listed)
        return {
            "incident": incident,
            "services": named,
            "likely": likely,
            "runbooks": affected.runbooks(incident, listed) if incident.is_open else (),
        }
