"""Which open incidents an alert may belong to, likeliest first."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from bot.domain.alert.alert import Alert
from bot.domain.incident.incident import Incident

OFFERED = 3
"""How many incidents an alert's line offers."""
RECENT = timedelta(hours=1)
SAME_SERVICE, SHARED_WORD, IS_RECENT = 100, 10, 1
_WORD = re.compile(r"[^\W_]{3,}")


def likeliest(
    alert: Alert, incidents: Iterable[Incident], services: Mapping[int, Collection[str]]
) -> Sequence[Incident]:
    """Return open incidents that everybody may see. `services` are those that each incident is about, by number.

    The same service counts most, then words in common, then that it was opened within the hour; then the newest.
    """
    public = [it for it in incidents if it.is_open and not it.private and not it.drill]
    ranked = sorted(public, key=lambda it: (_score(alert, it, services.get(it.number, ())), it.number))
    return ranked[::-1][:OFFERED]


def _score(alert: Alert, incident: Incident, services: Collection[str]) -> int:
    suspected = {it.service for it in incident.suspects}
    is_same = alert.service is not None and alert.service in {*services, *suspected, *incident.services}
    about = words(f"{alert.title} {alert.service or ''}")
    shared = about & words(f"{incident.name} {incident.impact or ''} {incident.cause or ''}")
    is_recent = abs(incident.opened_at - alert.began_at) <= RECENT
    return SAME_SERVICE * is_same + SHARED_WORD * len(shared) + IS_RECENT * is_recent


def words(text: str) -> frozenset[str]:
    """Return the words of a text that can tell something: of three letters or more."""
    return frozenset(it.casefold() for it in _WORD.findall(text))
