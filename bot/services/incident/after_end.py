"""What people say once an incident is over: that it is still broken for them."""

from datetime import timedelta

from bot.domain.incident.events import StillBroken
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.services.incident.incidents import Incidents
from bot.services.incident.merges import Merges
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

REOPENS_WITHIN = timedelta(days=1)
"""For how long after its end it opens again at once, if so configured. Later a person is asked."""


class AfterEnd:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def still_broken(self, incident: Incident, words: str, *, by: str) -> Incident:
        """Record that it is still broken for a person. Ask who led whether to reopen it, or reopen it."""
        said_of, incident = incident, self._last(incident, by)
        if incident.is_open:
            goes_on = f"{said_of.id} goes on as {incident.id}, which" if said_of.merged else f"{incident.id}"
            raise Refusal(
                f"{goes_on} is open: it is {incident.state}, and people work on it.",
                choices=(Choice(label="Join it", say=f"incident {incident.number} join"),),
            )
        if by in incident.still_broken_for and not words:
            raise Refusal(f"You said so already. {self._asked(incident)}")
        reopens = self._reopens(incident)
        asked = None if reopens else incident.contact
        said = StillBroken(at=self._tx.now, by=by, words=words, asked=asked)
        incident = self._tx.record(incident, said)
        return Incidents(self._tx).reopen(incident, by=by) if reopens else incident

    def _last(self, incident: Incident, asker: str) -> Incident:
        """Return the incident as which a merged one goes on: its people are asked, not those of the channel left."""
        last = Merges(self._tx).last(incident)
        if not ReadAccess(self._tx).sees(asker, last):
            raise Refusal(
                f"{incident.id} goes on as an incident that you can't see. Tell who you know in it."
            )
        return self._tx.incident(last.number)

    def _asked(self, incident: Incident) -> str:
        return f"<@{incident.contact}> was asked in {incident.id} whether to reopen it."

    def _reopens(self, incident: Incident) -> bool:
        is_recent = incident.is_over_since(self._tx.now - REOPENS_WITHIN)
        return self._tx.policy.resolution.still_broken == "reopen" and is_recent
