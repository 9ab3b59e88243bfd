"""What the tests of alerts share: a way to report one, and to read its line."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.alert.alert import Alert
from bot.domain.alert.report import TOOL, AlertReport, AlertState
from bot.domain.effects import UpsertMessage
from bot.domain.message import Message
from bot.domain.service import Service
from bot.services.alert.reports import Reports
from bot.testing import SpyKit

FIRING, RESOLVED = AlertState.FIRING, AlertState.RESOLVED


def owned(spy: SpyKit, **more: Any) -> SpyKit:
    """Let the team payments own the service checkout."""
    services = {"checkout": Service(key="checkout", team="payments", **more)}
    spy.adopt(replace(spy.policy, services=services))
    return spy


def report(spy: SpyKit, title: str = "error rate 12 %", **more: Any) -> AlertReport:
    given = {
        "key": f"tool:{title}",
        "source": TOOL,
        "title": title,
        "state": FIRING,
        "service": "checkout",
        "heard_at": spy.clock.now(),
        "severity": "critical",
        "url": "https://grafana.example.com/d/7",
    }
    return AlertReport(**given | more)


def hears(spy: SpyKit, *titles: str, **more: Any) -> list[Alert]:
    """Report these alerts in one delivery, and return those that are new."""
    with spy.tx(source="alerts") as tx:
        reports = [report(spy, it, **more) for it in titles or ("error rate 12 %",)]
        return list(Reports(tx).hear_all(reports).new)


def line(spy: SpyKit, number: int = 1) -> Message:
    mark = ":moved" if alert(spy, number).is_moved else ""
    return spy.message_type("alert", number, mark)


def alert(spy: SpyKit, number: int = 1) -> Alert:
    with spy.tx() as tx:
        found = tx.session.alerts.get(number)
    assert found
    return found


def lines(spy: SpyKit) -> list[UpsertMessage]:
    return [it for it in spy.asked(UpsertMessage) if it.message_type == "alert"]


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts for it in getattr(part, "buttons", ())]


def ago(spy: SpyKit, **by: float) -> Any:
    return spy.clock.now() - timedelta(**by)
