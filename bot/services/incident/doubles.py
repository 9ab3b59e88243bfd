"""Find what is open already when an incident is declared: of the same name, or from the same message."""

from datetime import timedelta

from bot.domain.incident.incident import Incident
from bot.domain.incident.name import bare_name
from bot.domain.incident.origin import Origin
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

SAME_ASK = timedelta(seconds=60)
"""The same words from the same person within this time are a double click, not a second incident (issue 2)."""
NEWEST = 100
"""How many open incidents are looked at for the message that they were declared from."""


class Doubles:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def of(
        self,
        wanted: str,
        by: str | None,
        *,
        reader: str,
        private: bool,
        drill: bool,
        origin: Origin | None,
    ) -> list[Incident]:
        """Return the open incidents of this bare name, or from this message, that `reader` may see, oldest first.

        A drill never matches a real incident, nor a private one a public one. Older incidents of `by` don't count,
        because they know of them.
        """
        every = {it.number: it for it in (*self._named(wanted), *self._linked(origin))}
        same = [it for _, it in sorted(every.items()) if (it.private, it.drill) == (private, drill)]
        others = [it for it in same if it.declared_by != by or self.is_double_click(it, by)]
        return [it for it in others if ReadAccess(self._tx).sees(reader, it)]

    def _named(self, wanted: str) -> list[Incident]:
        severities = self._tx.policy.severities
        found = self._session.incidents.open_named([wanted, *(f"{wanted} {it}" for it in severities)])
        return [it for it in found if bare_name(it.name, severities) == wanted]

    def _linked(self, origin: Origin | None) -> list[Incident]:
        newest = self._session.incidents.open(limit=NEWEST) if origin else ()
        return [it for it in newest if origin and origin.is_of(it)]

    def is_double_click(self, incident: Incident, by: str | None) -> bool:
        """Whether `by` opened it within the last minute (`SAME_ASK`)."""
        return (
            by is not None and incident.declared_by == by and incident.declared_at >= self._tx.now - SAME_ASK
        )
