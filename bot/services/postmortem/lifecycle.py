"""Start a postmortem's timers when its incident is resolved; stop them when it is reopened."""

from datetime import datetime

from bot.domain.effects import Effect, UpsertMessage
from bot.domain.incident.events import Reopened
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.postmortem import Postmortem, due_by, postmortem_agenda
from bot.domain.timer import Timer
from bot.services.transaction import Transaction, follower


@follower
class PostmortemLifecycle:
    """Starts and stops the timers. Each change is made while the incident is locked."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def follow(self, before: Incident | None, incident: Incident) -> list[Effect]:
        """Set the timers when an incident ends or is reopened. Return the messages to refresh."""
        if before is None or before.is_open == incident.is_open:
            return []
        postmortem = self.of(incident.number)
        if incident.is_open and postmortem.closed_at:
            postmortem = postmortem.after(Reopened(at=self._tx.now))
        return self.keep(postmortem, incident)

    def of(self, number: int) -> Postmortem:
        return self._session.postmortems.get(number) or Postmortem(incident=number)

    def keep(self, postmortem: Postmortem, incident: Incident) -> list[Effect]:
        """Store the postmortem and its timers. Return its last reminder to refresh; all of them once it is over."""
        self._session.postmortems.put(postmortem)
        self._session.timers.replace(postmortem.subject, self.agenda(postmortem, incident))
        at = int(self._tx.now.timestamp() * 1000)
        is_over = postmortem.closed_at or incident.is_open
        return [
            UpsertMessage.about(
                "review",
                postmortem.incident,
                occurrence,
                to=postmortem.told_to.get(occurrence) or postmortem.owned_by(incident),
                origin=str(at),
            )
            for occurrence in (*postmortem.told,)[0 if is_over else -1 :]
        ]

    def agenda(self, postmortem: Postmortem, incident: Incident) -> list[Timer]:
        zone = self.zone(postmortem.owned_by(incident))
        return postmortem_agenda(postmortem, incident, self._tx.policy, zone=zone)

    def due(self, postmortem: Postmortem, incident: Incident) -> datetime | None:
        return due_by(postmortem, incident, self._tx.policy, zone=self.zone(postmortem.owned_by(incident)))

    def zone(self, person: str) -> str:
        known = self._session.people.get(person)
        return (known.zone if known else None) or "UTC"
