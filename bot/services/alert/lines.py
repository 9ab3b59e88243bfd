"""The lines of alerts: one lasting message for each, or for a whole storm."""

from dataclasses import replace
from typing import Any

from bot.domain.alert.alert import Alert
from bot.domain.alert.likeness import likeliest
from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.ports import Posted
from bot.services.alert.routing import other_channels
from bot.services.channels import Channels
from bot.services.incident.merges import Merges
from bot.services.messages import Facts, message, tell_maintainers
from bot.services.transaction import Transaction

LOOKED_THROUGH = 50
"""Among how many of the newest open incidents the likeliest are looked for."""
NAMED_IN_STORM = 5
"""How many alerts of a storm its line names."""


def section(service: str | None) -> str:
    """Return the lock of the alerts of a service. Reports and decisions take it before they look."""
    return f"alerts:{service or ''}"


class Lines:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def lead(self, alert: Alert) -> Alert:
        """Return the alert whose line shows this one: its own, or that of its storm."""
        lead = self._session.alerts.get(alert.storm) if alert.storm is not None else None
        return lead or alert

    def keep(self, alert: Alert) -> Alert:
        """Store an alert, and refresh its line."""
        alert = replace(alert, version=alert.version + 1)
        self._session.alerts.put(alert)
        if alert.to:
            self._tx.send(_upsert(alert))
        return alert

    def refresh(self, alert: Alert, *, because: str) -> None:
        """Show what has changed around an alert. Nothing is stored: whoever decides about it just now is first."""
        if alert.to:
            self._tx.send(replace(_upsert(alert), key=f"alert:{alert.number}:{because}"))

    def posted(self, alert: Alert) -> Posted | None:
        """Return where its line is in Slack, if it is there yet."""
        return self._session.messages.get(_upsert(alert).slot)

    def move(self, number: int, why: str) -> bool:
        """Show a line in another channel, because Slack refuses it in its own. Return False if there is none."""
        found = self._session.alerts.get(number)
        if found:
            self._session.lock(section(found.service))
        alert = self._session.alerts.get(number)  # as it is now: somebody may have decided meanwhile
        others = other_channels(self._tx.policy, alert) if alert else []
        if alert is None or alert.is_moved or not others:
            return False
        Channels(self._tx).refused(alert.to or "", why)
        self.keep(replace(alert, to=others[0], is_moved=True))
        return True

    def likeliest(self, alert: Alert) -> list[Incident]:
        """Return the open incidents that it may belong to, likeliest first: those that everybody may see."""
        incidents = self._session.incidents.open(limit=LOOKED_THROUGH)
        alerts = self._session.alerts.of([it.number for it in incidents])
        services = {number: {it.service for it in theirs if it.service} for number, theirs in alerts.items()}
        return list(likeliest(alert, incidents, services, services=self._tx.policy.services))


def _upsert(alert: Alert) -> UpsertMessage:
    return UpsertMessage(
        key=f"alert:{alert.number}:{alert.version}",
        message_type="alert",
        ref=alert.number,
        to=alert.to or "",
        mark=":moved" if alert.is_moved else "",
    )


def _refused(tx: Transaction, it: UpsertMessage, why: str) -> None:
    if not Lines(tx).move(it.ref, why):
        tell_maintainers(tx, it, why)


def _delivered(tx: Transaction, it: UpsertMessage) -> None:
    Channels(tx).ends(str(it.to))


@message("alert", "alert/line", on_refused=_refused, on_delivered=_delivered)
def line(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a line."""
    alert = tx.session.alerts.get(it.ref)
    return facts_of_line(tx, alert) if alert else {"alert": None, "now": tx.now}


def facts_of_line(tx: Transaction, alert: Alert) -> Facts:
    """Return what a line shows of an alert. Everybody in its channel reads it, so it names no private incident."""
    lines = Lines(tx)
    lead = lines.lead(alert)
    incident = tx.session.incidents.look(lead.incident) if lead.incident else None
    last = Merges(tx).last(incident) if incident else None
    facts: dict[str, Any] = {
        "alert": alert,
        "lead": lead,
        "lead_at": lines.posted(lead) if alert.storm is not None else None,
        "incident": _public(incident),
        "last": _public(last),
        "likely": lines.likeliest(alert) if alert.is_undecided and alert.storm is None else [],
        "counts": tx.session.alerts.storm_counts(alert.number),
        "stormed": tx.session.alerts.in_storm(alert.number, limit=NAMED_IN_STORM) if alert.is_storm else [],
        "now": tx.now,
    }
    return facts


def _public(incident: Incident | None) -> Incident | None:
    return None if incident is None or incident.private else incident
