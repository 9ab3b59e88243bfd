"""What people decide about an alert: it is an incident, it belongs to one, or it is none. The first decision counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.domain.alert import events
from bot.domain.alert.alert import Alert, Decision
from bot.domain.alert.report import AlertState
from bot.domain.incident.incident import Incident
from bot.domain.incident.severity import means
from bot.domain.policy import Policy, Severity
from bot.domain.refusal import Choice, Refusal
from bot.services.alert.lines import Lines, section
from bot.services.alert.routing import team_of
from bot.services.incident.incidents import Declaration, Incidents
from bot.services.paging.adoption import Adoption, PagersIncident
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

LISTED_FOR = timedelta(days=7)
LISTED_AT_MOST = 200
ADOPTED = 20
"""How many of the pager's incidents in one storm become pages."""
UNKNOWN = "`alert list` shows those of the last 7 days."


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An alert of a list, and its incident if the reader may see that."""

    alert: Alert
    incident: Incident | None


class Alerts:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._access = ReadAccess(tx)
        self._lines = Lines(tx)

    # --- decisions ---

    def declare(
        self,
        number: int,
        *,
        by: str,
        severity: Severity | None = None,
        private: bool = False,
        anyway: bool = False,
    ) -> Declaration:
        """Open an incident with the name, service, link and start of an alert, and `by` as commander.

        If an incident of this name is open, return that one, unless `anyway` is set.
        """
        alert = self._locked(number, asker=by)
        if alert.is_decided_so(Decision.DECLARED, by=by) and (mine := self._incident(alert)):
            return Declaration(incident=mine, is_new=True)
        self._must_be_open_to(alert, by, instead=_anyway(alert), anyway=anyway)
        declared = Incidents(self._tx).declare(
            alert.title,
            by=by,
            private=private,
            anyway=anyway,
            **self.carried(alert, severity),
        )
        if not declared.is_new:
            return declared
        incident = self.attach(alert, declared.incident, Decision.DECLARED, by=by)
        return Declaration(incident=incident, is_new=True)

    def carried(self, alert: Alert, severity: Severity | None = None) -> dict[str, Any]:
        """Return what an incident takes over from an alert, beside its name."""
        return {
            "severity": severity or self._severity(alert),
            "services": self._affected(alert),
            "paged": {it.team for it in self._theirs(alert)},
        }

    def _affected(self, alert: Alert) -> Sequence[str]:
        """Return the alert's service, if it is listed."""
        return [alert.service] if alert.service and alert.service in self._tx.policy.services else []

    def same(self, number: int, incident: Incident, *, by: str, anyway: bool = False) -> Alert:
        """Put an alert with an open incident. `anyway` takes it from another one."""
        alert = self._locked(number, asker=by)
        if alert.is_decided_so(Decision.SAME, by=by, incident=incident.number):
            return alert
        if alert.incident == incident.number:
            raise alert.already(asker=by, shown=incident)
        again = Choice(
            label=f"With {incident.id} instead", say=f"alert same {number} as {incident.number} anyway"
        )
        self._must_be_open_to(alert, by, instead=again, anyway=anyway)
        incident.must_be_open()
        self._detach(alert, by=by)
        self.attach(alert, incident, Decision.SAME, by=by)
        return alert

    def ignore(self, number: int, *, by: str) -> Alert:
        """Say that an alert is not an incident."""
        alert = self._locked(number, asker=by)
        if alert.is_decided_so(Decision.IGNORED, by=by):
            return alert
        self._must_be_open_to(alert, by)
        return self._lines.keep(alert.decided(Decision.IGNORED, by=by, at=self._tx.now))

    def _locked(self, number: int, *, asker: str) -> Alert:
        """Return the alert that is decided: this one, or that of its storm. Nobody else decides until the end."""
        found = self._find(number, asker=asker)
        self._session.lock(section(found.service))
        return self._lines.lead(self._session.alerts.get(number) or found)

    def _find(self, number: int, *, asker: str) -> Alert:
        """Return an alert. Refuses one of a private incident for people who are not in it, as if it did not exist."""
        found = self._session.alerts.get(number)
        if found is None or not self._access.sees_record(asker, self._lines.lead(found).incident):
            raise Refusal(f"There is no alert {number} that you can see. {UNKNOWN}")
        return found

    def _must_be_open_to(
        self, alert: Alert, asker: str, *, instead: Choice | None = None, anyway: bool = False
    ) -> None:
        """Refuse a second decision, and say who was first."""
        if alert.is_undecided or anyway:
            return
        incident = self._incident(alert)
        seen = incident if incident and self._access.sees(asker, incident) else None
        raise alert.already(asker=asker, shown=seen, instead=instead)

    def _incident(self, alert: Alert) -> Incident | None:
        return self._session.incidents.get(alert.incident) if alert.incident else None

    def _severity(self, alert: Alert) -> Severity | None:
        """Return the severity with the name that the source gives: `sev1`, `P1`. Other words mean none."""
        named = alert.severity
        if named is None:
            return None
        return next((it for it in self._tx.policy.severities.values() if means(named, it.key)), None)

    def attach(self, alert: Alert, incident: Incident, what: Decision, *, by: str | None) -> Incident:
        """Put an alert with an incident (`by` None: the settings say so). The pager's incident becomes a page of it."""
        incident = self._tx.incident(incident.number)
        added = events.AlertAdded(
            at=self._tx.now,
            by=by,
            alert=alert.number,
            title=alert.title,
            source=alert.source,
            service=alert.service,
            url=alert.url,
            began_at=alert.began_at,
            is_first=what is Decision.DECLARED,
        )
        self._lines.keep(alert.decided(what, by=by, at=self._tx.now, incident=incident.number))
        self._tx.record(incident, added)
        for theirs in self._theirs(alert):
            Adoption(self._tx).adopt(theirs, incident, by=by)
        return self._tx.incident(incident.number)

    def _theirs(self, alert: Alert) -> list[PagersIncident]:
        """Return the incidents of the pager that this alert, or its storm, stands for and that still ring."""
        every = [
            alert,
            *(self._session.alerts.in_storm(alert.number, limit=ADOPTED) if alert.is_storm else ()),
        ]
        return [
            PagersIncident(
                pager_id=it.pager_id,
                url=it.url or "",
                title=it.title,
                team=_team(self._tx.policy, it),
                assigned=it.assigned,
                acknowledged_by=it.who if it.state is AlertState.ACKNOWLEDGED else None,
            )
            for it in every
            if it.pager_id and not it.is_resolved
        ]

    def _detach(self, alert: Alert, *, by: str) -> None:
        incident = self._incident(alert)
        if incident:
            removed = events.AlertRemoved(at=self._tx.now, by=by, alert=alert.number, title=alert.title)
            self._tx.record(incident, removed)

    # --- finding ---

    def recent(self, service: str | None, *, asker: str) -> Sequence[Listed]:
        """Return the alerts of the last 7 days that a person may see, newest first."""
        since = self._tx.now - LISTED_FOR
        found = self._session.alerts.recent(service, since=since, limit=LISTED_AT_MOST)
        return [
            Listed(alert=it, incident=self._session.incidents.look(it.incident) if it.incident else None)
            for it in found
            if self._access.sees_record(asker, it.incident)
        ]


def _team(policy: Policy, alert: Alert) -> str:
    team = team_of(policy, alert)
    return team.key if team else alert.service or policy.pager_name.casefold()


def _anyway(alert: Alert) -> Choice | None:
    """Offer to declare what somebody called no incident."""
    if alert.decision is not Decision.IGNORED:
        return None
    return Choice(label="Declare it anyway", say=f"alert declare {alert.number} anyway")
