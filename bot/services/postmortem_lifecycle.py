"""Follow what becomes of incidents: a postmortem's timers begin when it is resolved, and rest when it is reopened."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.effects import Effect, UpsertMessage
from bot.domain.events import Reopened
from bot.domain.incident import Incident
from bot.domain.policy import Policy
from bot.domain.postmortem import Postmortem, due_by, postmortem_agenda
from bot.domain.timer import Timer
from bot.ports import Session


@dataclass(frozen=True, kw_only=True)
class PostmortemLifecycle:
    """Each change is made while its incident is locked."""

    session: Session
    now: datetime
    policy: Policy

    def follow(self, before: Incident | None, incident: Incident) -> list[Effect]:
        """Set the timers when an incident ends or is reopened; give what to show of it."""
        if before is None or before.is_open == incident.is_open:
            return []
        postmortem = self.of(incident.number)
        if incident.is_open and postmortem.closed_at:
            postmortem = postmortem.after(Reopened(at=self.now))
        return self.keep(postmortem, incident)

    def of(self, number: int) -> Postmortem:
        return self.session.postmortems.get(number) or Postmortem(incident=number)

    def keep(self, postmortem: Postmortem, incident: Incident) -> list[Effect]:
        """Keep it and its timers, and let the last message that asked for it show how it stands; at the end, all."""
        self.session.postmortems.put(postmortem)
        self.session.timers.replace(postmortem.subject, self.agenda(postmortem, incident))
        at = int(self.now.timestamp() * 1000)
        is_over = postmortem.closed_at or incident.is_open
        return [
            UpsertMessage(
                key=f"review:{postmortem.incident}:{occurrence}:{at}",
                message_type="review",
                ref=postmortem.incident,
                to=postmortem.told_to.get(occurrence) or postmortem.owned_by(incident),
                mark=f":{occurrence}",
            )
            for occurrence in (*postmortem.told,)[0 if is_over else -1 :]
        ]

    def agenda(self, postmortem: Postmortem, incident: Incident) -> list[Timer]:
        zone = self.zone(postmortem.owned_by(incident))
        return postmortem_agenda(postmortem, incident, self.policy, zone=zone)

    def due(self, postmortem: Postmortem, incident: Incident) -> datetime | None:
        return due_by(postmortem, incident, self.policy, zone=self.zone(postmortem.owned_by(incident)))

    def zone(self, person: str) -> str:
        known = self.session.people.get(person)
        return (known.zone if known else None) or "UTC"
