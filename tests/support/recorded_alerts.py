"""Recorded payloads of alerts, as requests: signed as their senders sign. What they are about is the test's."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.support import samples
from tests.support.folders import TESTS

PAYLOADS = TESTS / "alert" / "payloads"
TOOL = "sandbox-alerts-secret"
SECRETS = {
    "pagerduty": "sandbox-pagerduty-secret",
    "alertmanager": "sandbox-alertmanager-token",
    "grafana": "sandbox-grafana-secret",
}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What a sender posts to the bot."""

    path: str
    body: bytes
    headers: Mapping[str, str]


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def delivery(source: str, title: str, *, service: str, at: datetime) -> Delivery:
    """Return the recording of a source with another title, service and time, signed at that time."""
    told = _incident(title, service, at) if source == "pagerduty" else _group(source, title, service, at)
    body = samples.body(told)
    return Delivery(path=f"/webhooks/{source}", body=body, headers=_headers(source, body, at))


def _incident(title: str, service: str, at: datetime) -> Any:
    event = recorded("pagerduty")["event"]
    ident = hashlib.sha256(title.encode()).hexdigest()[:14].upper()
    about = {"id": service, "type": "service_reference", "summary": service}
    event["data"] |= {
        "id": ident,
        "title": title,
        "created_at": _iso(at),
        "status": "triggered",
        "service": about,
    }
    event |= {"id": f"E{ident}", "event_type": "incident.triggered", "occurred_at": _iso(at)}
    return {"event": event}


def _group(source: str, title: str, service: str, at: datetime) -> Any:
    told = recorded(source)
    first = told["alerts"][0]
    first |= {"fingerprint": title.replace(" ", "-"), "startsAt": _iso(at)}
    first["labels"] |= {"service": service}
    first["annotations"] |= {"summary": title}
    return told | {"alerts": [first]}


def _headers(source: str, body: bytes, at: datetime) -> Mapping[str, str]:
    secret, seconds = SECRETS[source], int(at.timestamp())
    if source == "alertmanager":
        return {"Authorization": f"Bearer {secret}"}
    if source == "pagerduty":
        return {"X-PagerDuty-Signature": f"v1={_signature(secret, body)}"}
    signature = _signature(secret, b"%d:%s" % (seconds, body))
    return {"X-Grafana-Alerting-Signature": signature, "X-Grafana-Alerting-Timestamp": str(seconds)}


def _signature(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
