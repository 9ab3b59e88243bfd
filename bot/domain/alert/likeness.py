"""Which open incidents an alert may belong to, likeliest first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.alert.alert import Alert
from bot.domain.incident.incident import Incident
from bot.domain.incident.likeness import Traits, in_common, services_in, telling_words, traits

OFFERED = 3
"""How many incidents an alert's line offers."""
RECENT = timedelta(hours=1)


def likeliest(
    alert: Alert,
    incidents: Iterable[Incident],
    about: Mapping[int, Collection[str]],
    *,
    services: Collection[str] = (),
) -> Sequence[Incident]:
    """Return open incidents that everybody may see.

    `about` are the services of the alerts that each incident has, by its number; `services` are all that the
    organisation has. What both have in common counts most, then that it was opened within the hour; then the newest.
    """
    mine, known = _traits(alert, services), {*services, *filter(None, [alert.service])}

    def rank(incident: Incident) -> tuple[int, bool, int]:
        theirs = traits(incident, services=known)
        named = {it.casefold() for it in about.get(incident.number, ())}
        common = in_common(mine, replace(theirs, services=theirs.services | named))
        is_recent = abs(incident.opened_at - alert.began_at) <= RECENT
        return common.score if common else 0, is_recent, incident.number

    public = (it for it in incidents if it.is_open and not it.private and not it.drill)
    return sorted(public, key=rank, reverse=True)[:OFFERED]


def _traits(alert: Alert, services: Iterable[str]) -> Traits:
    words = telling_words(alert.title)
    own = {alert.service.casefold()} if alert.service else services_in(words, services)
    return Traits(services=frozenset(own), words=words)
