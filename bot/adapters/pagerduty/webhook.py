"""Read PagerDuty's webhooks, version 3, and check their signatures."""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Any

from pydantic import ValidationError

from bot.adapters.network.payload import Maybe, Moment, Part
from bot.adapters.network.signatures import is_signed
from bot.adapters.pagerduty.alerts import alert_report
from bot.adapters.pagerduty.answers import ringing
from bot.adapters.pagerduty.reading import Ident, IncidentBody, User
from bot.adapters.pagerduty.rings import ring_news
from bot.ports import PagerNews, Rejected

_KINDS = {
    "incident.acknowledged": "acknowledged",
    "incident.unacknowledged": "unacknowledged",
    "incident.reopened": "unacknowledged",
    "incident.resolved": "resolved",
    "incident.escalated": "escalated",
    "incident.reassigned": "escalated",
    "incident.delegated": "escalated",
}
"""Spy's words for PagerDuty's event types.

Reassigned or delegated means escalated: another phone rings now. Reopened means that it needs an answer again.
"""


class _Agent(User):
    """Who caused an event: a person, a service or a workflow. It may have a name only."""

    id: str = ""


class _PagerDutyEvent(Part):
    id: Ident
    event_type: str
    occurred_at: Moment
    agent: Annotated[_Agent | None, Maybe] = None
    data: dict[str, Any]


class _Webhook(Part):
    event: _PagerDutyEvent


def news(body: bytes, signature: str, secrets: Collection[str]) -> PagerNews | None:
    """Return the news in the body of a webhook; None if it is not about a page.

    `signature` is the X-PagerDuty-Signature header. Raise Rejected `signature` if no secret matches it, and
    Rejected `malformed` if the body is not as PagerDuty documents it.
    """
    if not is_signed(body, signature.split(","), secrets, scheme="v1"):
        raise Rejected("signature", "This webhook is not signed with PAGERDUTY_WEBHOOK_SECRET.")
    try:
        return _news(_Webhook.model_validate_json(body).event)
    except ValidationError as odd:
        raise Rejected("malformed", "This webhook is not what PagerDuty sends, version 3.") from odd


def _news(event: _PagerDutyEvent) -> PagerNews | None:
    if not event.event_type.startswith("incident.") or event.data.get("type") != "incident":
        return None
    incident = IncidentBody.model_validate(event.data)
    page = replace(
        ringing(incident),
        who=event.agent.called if event.agent else None,
        user=event.agent.id if event.agent and event.agent.is_person else None,
        at=event.occurred_at,
    )
    ring = ring_news(event.event_type, incident, by=page.user, at=event.occurred_at)
    alert = alert_report(incident, who=page.who, as_of=event.occurred_at, heard_at=event.occurred_at)
    kind = _KINDS.get(event.event_type, "other")
    return PagerNews(id=event.id, kind=kind, page=page, ring=ring, alert=alert)
