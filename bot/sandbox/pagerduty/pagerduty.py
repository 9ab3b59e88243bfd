"""A stand-in for PagerDuty: an account whose incidents ring people's phones until they acknowledge."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bot.sandbox.feed import BoxEvent
from bot.sandbox.pagerduty.account import ChangeEvent, PagerDutyAccount, schedules
from bot.sandbox.pagerduty.incidents import PagerDutyIncident, PagerDutyIncidents
from bot.sandbox.pagerduty.rest import PagerDutyApi
from bot.sandbox.pagerduty.shapes import PagerDutyJson
from bot.sandbox.pagerduty.webhooks import WebhookSender
from bot.sandbox.recorder import Exchange
from bot.sandbox.server.rest import Api

LATEST = "latest"


class PagerDutyHost(Protocol):
    """What the stand-in needs from the box."""

    @property
    def url(self) -> str: ...
    @property
    def bot_url(self) -> str | None: ...
    @property
    def exchanges(self) -> list[Exchange]: ...
    def environment(self) -> dict[str, str]: ...
    def publish(self, event: BoxEvent) -> None: ...


@dataclass(frozen=True, kw_only=True)
class PhoneRing:
    """What a ringing phone shows."""

    incident_id: str
    number: int
    title: str
    service: str
    urgency: str
    since: datetime


class NobodyThereError(LookupError):
    """A person without a phone, or an unknown incident."""


class SandboxPagerDuty:
    """What people see and do on their phones. The bot calls `api`.

    With `webhooks`, each change is sent to the bot. `secrets` are the signing secrets, the newest first.
    """

    def __init__(
        self, box: PagerDutyHost, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.webhooks = False
        self.secrets: list[str] = []
        self.account = PagerDutyAccount(schedules=schedules(clock()))
        self.incidents = PagerDutyIncidents(self.account, self, clock)
        self.lock = threading.RLock()
        self._box = box
        self._clock = clock
        self._shapes = PagerDutyJson(self.account, url=lambda: f"{box.url}/pagerduty")
        self._sender = WebhookSender(
            bot_url=lambda: box.bot_url,
            secrets=lambda: self.secrets or [box.environment()["PAGERDUTY_WEBHOOK_SECRET"]],
            record=self._record,
        )

    def api(self) -> Api:
        rest = PagerDutyApi(
            self.account,
            self.incidents,
            self._shapes,
            lock=self.lock,
            clock=self._clock,
            token=lambda: self._box.environment()["PAGERDUTY_API_TOKEN"],
        )
        return rest.api()

    def close(self) -> None:
        self._sender.close()

    # --- what a person sees and does

    @property
    def phones(self) -> dict[str, list[PhoneRing]]:
        """What rings, by person, the oldest first."""
        with self.lock:
            self.incidents.apply_timeouts()
            return {user.handle: self._rings(user.id) for user in self.account.users.values()}

    def acknowledge(self, person: str, which: str = LATEST) -> PagerDutyIncident:
        with self.lock:
            incident = self.incident(which, person)
            self.incidents.change_status(incident, "acknowledged", by=self._user_id(person))
            return incident

    def resolve(self, person: str, which: str = LATEST) -> PagerDutyIncident:
        with self.lock:
            incident = self.incident(which, person)
            self.incidents.change_status(incident, "resolved", by=self._user_id(person))
            return incident

    def escalate(self, person: str, which: str = LATEST) -> PagerDutyIncident:
        with self.lock:
            incident = self.incident(which, person)
            self.incidents.escalate(incident, level=incident.level + 1, by=self._user_id(person))
            return incident

    def merge(self, person: str, which: str = LATEST, *, into: str) -> PagerDutyIncident:
        """Merge an incident into another."""
        with self.lock:
            incident = self.incident(which, person)
            self.incidents.merge(incident, self.incident(into), by=self._user_id(person))
            return incident

    def ignore(self, person: str, which: str = LATEST) -> PagerDutyIncident:
        """Stop the ringing. PagerDuty does not learn of it."""
        with self.lock:
            incident = self.incident(which, person)
            incident.ignored.add(self._user_id(person))
            return incident

    def incident(self, which: str = LATEST, person: str = "") -> PagerDutyIncident:
        """Find by id, number or key. The latest is what rings for this person, else what is open."""
        with self.lock:
            if which != LATEST:
                found = self.incidents.find(which)
            else:
                mine = [self.incidents.find(ring.incident_id) for ring in self.phones.get(person, [])]
                still_open = [incident for incident in self.incidents if incident.is_open]
                found = ([None, *self.incidents, *still_open, *mine])[-1]
        if found is None:
            raise NobodyThereError(f"PagerDuty has no incident {which}")
        return found

    def put_on_call(self, policy: str, *people: str) -> None:
        """Put people on call for 12 h, one per level of the policy."""
        with self.lock:
            self.account.put_on_call(policy, [self._user_id(person) for person in people], self._clock())

    def alert(self, title: str, *, service: str) -> PagerDutyIncident:
        """Open an incident, as a monitoring tool does, and ring for who is on call for the service."""
        with self.lock:
            found = next((it for it in self.account.services.values() if service in (it.id, it.name)), None)
            if found is None:
                raise NobodyThereError(f"PagerDuty has no service {service}")
            return self.incidents.open(title, found, by=found.id)

    def change(self, summary: str, *, service: str = "PSVC1") -> ChangeEvent:
        """Add a change event, as a tool sends it to the Events API."""
        with self.lock:
            change = ChangeEvent(
                id=f"01SPY{len(self.account.changes):021d}",
                summary=summary,
                at=self._clock(),
                source="acme-build-pipeline",
                service=service,
                link="https://ci.example.com/7",
            )
            self.account.changes.append(change)
            return change

    def redeliver(self, last: int = 1) -> None:
        """Send the last webhooks again, byte for byte, as PagerDuty does after a lost answer."""
        self._sender.redeliver(last)

    # --- events of the incidents (Audience)

    def rings(self, incident: PagerDutyIncident, user_id: str) -> None:
        self._publish("page_rings", incident, user_id)

    def changed(self, incident: PagerDutyIncident, event: str, *, by: str) -> None:
        self._publish(f"page_{event}", incident, by)
        if self.webhooks:
            body = self._shapes.webhook(
                incident, event, by=by, event_id=uuid.uuid4().hex[:26].upper(), at=self._clock()
            )
            self._sender.send(body)

    def _record(self, exchange: Exchange) -> None:
        self._box.exchanges.append(exchange)

    def _publish(self, kind: str, incident: PagerDutyIncident, who: str) -> None:
        user = self.account.users.get(who)
        text = f"[#{incident.number}] {incident.title}"
        person = user.handle if user else ""
        self._box.publish(BoxEvent(kind=kind, person=person, text=text, ref=incident.id, subject=incident))

    def _rings(self, user_id: str) -> list[PhoneRing]:
        return [
            PhoneRing(
                incident_id=incident.id,
                number=incident.number,
                title=incident.title,
                service=incident.service.name,
                urgency=incident.urgency,
                since=incident.assigned[user_id],
            )
            for incident in self.incidents
            if incident.rings_for(user_id)
        ]

    def _user_id(self, person: str) -> str:
        user = self.account.user_called(person)
        if user is None:
            raise NobodyThereError(f"{person} has no phone in PagerDuty")
        return user.id
