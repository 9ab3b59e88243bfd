"""Reads what PagerDuty sends of its own accord: webhooks, version 3, believed only when signed."""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.ports import PagerNews, Rejected, Ringing

_KINDS = {
    "incident.acknowledged": "acknowledged",
    "incident.unacknowledged": "unacknowledged",
    "incident.reopened": "unacknowledged",
    "incident.resolved": "resolved",
    "incident.escalated": "escalated",
    "incident.reassigned": "escalated",
    "incident.delegated": "escalated",
}
"""Whoever it is given to, by hand or by the policy: another phone rings now. Reopened, it wants an answer again."""


def news(body: bytes, signature: str, secrets: Collection[str]) -> PagerNews | None:
    """Read the body of a webhook; None where it is not about a page.

    `signature` is the X-PagerDuty-Signature header. Rejected with `signature` where none of the secrets made it,
    with `malformed` where PagerDuty's own words can't be read.
    """
    if not is_signed(body, signature, secrets):
        raise Rejected("signature", "This webhook is not signed with PAGERDUTY_WEBHOOK_SECRET.")
    try:
        return _news(json.loads(body)["event"])
    except (ValueError, KeyError, TypeError, AttributeError) as odd:
        raise Rejected("malformed", "This webhook is not what PagerDuty sends, version 3.") from odd


def is_signed(body: bytes, signature: str, secrets: Collection[str]) -> bool:
    """Whether one of the header's signatures (`v1=hex, …`: one for each secret in use) is by one of ours."""
    given = [each.strip().encode() for each in signature.split(",")]
    ours = [b"v1=" + _digest(body, secret) for secret in secrets if secret]
    return any([hmac.compare_digest(one, other) for one in given for other in ours])  # noqa: C419  no short cut


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _news(event: Mapping[str, Any]) -> PagerNews | None:
    incident = event["data"]
    if not event["event_type"].startswith("incident.") or incident.get("type") != "incident":
        return None
    kind = _KINDS.get(event["event_type"], "other")
    return PagerNews(id=event["id"], kind=kind, page=_ringing(incident, event))


def _ringing(incident: Mapping[str, Any], event: Mapping[str, Any]) -> Ringing:
    assignees = [each["summary"] for each in incident.get("assignees") or ()]
    return Ringing(
        id=incident["id"],
        url=incident["html_url"],
        status=incident["status"],
        key=incident.get("incident_key"),
        who=(event.get("agent") or {}).get("summary"),
        at=datetime.fromisoformat(event["occurred_at"]).astimezone(UTC),
        assigned=", ".join(assignees) or None,
    )
