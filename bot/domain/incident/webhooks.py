"""What webhooks hear of incidents, and the effect that tells them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bot.domain.effects import Effect
from bot.domain.incident import events
from bot.domain.incident.following import TOLD
from bot.domain.incident.incident import Incident
from bot.domain.paging.events import PageAcknowledged, PageRequested
from bot.domain.postmortem.events import FollowUpAdded, FollowUpDone
from bot.domain.service import Services
from bot.domain.status.events import StatusPublished
from bot.domain.webhook import WebhookSettings

USUAL = frozenset(TOLD)
"""The events that a webhook hears of without a list of its own: those that followers are told of."""
EVENTS = USUAL | {
    it.kind()
    for it in (
        events.CauseSuspected,
        events.CommandTaken,
        events.ImpactStated,
        events.NoteTaken,
        events.RoleGiven,
        events.ServicesAffected,
        events.ServicesCleared,
        FollowUpAdded,
        FollowUpDone,
        PageAcknowledged,
        PageRequested,
        StatusPublished,
    )
}
"""The kinds of events that a webhook may ask for."""
LONGEST_REPLAY = 500
"""The most events that are sent again at once."""


def wants(
    webhook: WebhookSettings, incident: Incident, services: Services, *, paged: Iterable[str | None]
) -> bool:
    """Whether a webhook hears of an incident, as the incident is now. `paged` are the teams that were paged."""
    if (incident.private and not webhook.private) or (incident.drill and not webhook.drills):
        return False
    if webhook.severities and incident.severity not in webhook.severities:
        return False
    owners = (services[it].team for it in incident.services if it in services)
    return not webhook.teams or not {*webhook.teams}.isdisjoint((*owners, *incident.told, *paged))


@dataclass(frozen=True, kw_only=True)
class CallWebhook(Effect):
    """Tell a webhook of an event: line `line` of incident `number`; without one, that this is a test.

    Those of one webhook keep their order. What is told is read when it is sent.
    """

    webhook: str
    number: int | None = None
    line: int | None = None
    mark: str = ""
    """Distinguishes tests."""
    label: ClassVar[str] = "An event for the webhook {webhook}"

    @property
    def lane(self) -> str:
        return f"webhook:{self.webhook}"
