"""Read the groups of alerts that Alertmanager (version 4) and Grafana send: their form is the same."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from bot.adapters.network.mistakes import sentence
from bot.adapters.network.payload import Maybe, Moment, Part
from bot.domain.alert.report import AlertNews, AlertReport, AlertState
from bot.domain.foreign import WORD, address, inert
from bot.domain.service import service_name
from bot.ports import Rejected

AT_MOST = 200
"""How many alerts of one delivery are kept. More of them are a storm, which is one line anyway."""
LIKE = '{"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "HighErrorRate"}}]}'
NAMES_SERVICE = ("service", "service_name", "app", "job")
"""The labels that may name the service, the likeliest first."""


def news(body: bytes, *, source: str, heard_at: datetime) -> AlertNews:
    """Return the alerts in a body; one that can't be read is left out. Raise Rejected `malformed` without a list."""
    try:
        group = _Group.model_validate_json(body)
    except ValidationError as odd:
        raise Rejected("malformed", sentence(odd, like=LIKE)) from None
    reports = [_report(it, source, heard_at) for it in group.alerts[:AT_MOST]]
    found = tuple(it for it in reports if it)
    truncated = group.truncatedAlerts or 0
    return AlertNews(
        source=source, reports=found, left_out=len(group.alerts) - len(found) + max(truncated, 0)
    )


def _report(given: Any, source: str, heard_at: datetime) -> AlertReport | None:
    try:
        alert = _Alert.model_validate(given)
    except ValidationError:
        return None
    title = inert(alert.annotations.get("summary") or "") or inert(alert.labels.get("alertname") or "")
    named = next((alert.labels[it] for it in NAMES_SERVICE if alert.labels.get(it)), "")
    links = (alert.panelURL, alert.dashboardURL, alert.generatorURL)
    return AlertReport(
        key=f"{source}:{alert.fingerprint or _fingerprint(alert.labels)}",
        source=source,
        title=title or "(no title)",
        state=AlertState(alert.status),
        service=service_name(named),
        heard_at=heard_at,
        began_at=alert.startsAt,
        ended_at=alert.endsAt if alert.status == "resolved" else None,
        severity=inert(alert.labels.get("severity") or alert.labels.get("priority") or "", WORD) or None,
        url=next(filter(None, map(address, links)), None),
    )


def _fingerprint(labels: Mapping[str, str]) -> str:
    text = "\n".join(f"{name}={labels[name]}" for name in sorted(labels))
    return hashlib.sha256(text.encode()).hexdigest()


def _texts(given: Any) -> Any:
    """Return the labels that are texts. Others can't be compared or shown."""
    return {name: it for name, it in given.items() if isinstance(it, str)} if isinstance(given, dict) else {}


_Labels = Annotated[dict[str, str], BeforeValidator(_texts)]
_Text = Annotated[str | None, Maybe]


class _Alert(Part):
    status: Literal["firing", "resolved"]
    labels: _Labels
    annotations: _Labels = Field(default_factory=dict)
    fingerprint: Annotated[str | None, Field(pattern=r"^[\x21-\x7e]{1,200}$"), Maybe] = None
    startsAt: Annotated[Moment | None, Maybe] = None  # noqa: N815  as it is sent
    endsAt: Annotated[Moment | None, Maybe] = None  # noqa: N815
    generatorURL: _Text = None  # noqa: N815
    dashboardURL: _Text = None  # noqa: N815
    panelURL: _Text = None  # noqa: N815


class _Group(Part):
    alerts: list[Any]
    truncatedAlerts: Annotated[int | None, Maybe] = None  # noqa: N815  as it is sent
