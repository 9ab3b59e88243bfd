"""Which services an incident affects, and which of their runbooks are of use."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.domain.incident.events import ServicesAffected, ServicesCleared
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.service import Services, named_in

MOST = 20
"""How many services an incident affects at most."""
LOOKED_THROUGH = 200
"""In how many characters of its name a service is looked for."""
_WORD = re.compile(r"[\w.-]+")


def affect(incident: Incident, services: Sequence[str], *, by: str, at: datetime) -> ServicesAffected:
    """Return the event that the incident affects more services."""
    new = tuple(it for it in services if it not in incident.services)
    if not new:
        raise Refusal(
            f"{incident.id} affects {' and '.join(services)} already.",
            choices=(Choice(label="What does it affect?", say=f"incident {incident.number} affects"),),
        )
    if len(incident.services) + len(new) > MOST:
        raise Refusal(f"An incident affects at most {MOST} services here. Name those that matter most.")
    return ServicesAffected(at=at, by=by, services=new)


def clear(incident: Incident, services: Sequence[str], *, by: str, at: datetime) -> ServicesCleared:
    """Return the event that the incident does not affect these services."""
    known = tuple(it for it in services if it in incident.services)
    if not known:
        affects = ", ".join(incident.services) or "no service yet"
        raise Refusal(f"{incident.id} does not affect {' or '.join(services)}. It affects: {affects}.")
    return ServicesCleared(at=at, by=by, services=known)


def likely(incident: Incident, services: Services) -> tuple[str, ...]:
    """Return the services that it probably affects while nobody has said so: those in its name and its suspects."""
    words = _WORD.findall(incident.name[:LOOKED_THROUGH])
    return named_in((*words, *(it.service for it in incident.suspects if it.service)), services)


def runbooks(incident: Incident, services: Services) -> tuple[str, ...]:
    """Return the names of the runbooks for its services at its severity, the likeliest first."""
    of = incident.services or likely(incident, services)
    named = (services[it].runbooks_at(incident.severity) for it in of if it in services)
    return tuple(dict.fromkeys(name for names in named for name in names))
