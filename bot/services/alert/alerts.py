"""What people decide about an alert: it is an incident, it belongs to one, or it is none. The first decision counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.domain.alert import events
from bot.domain.alert.alert import Alert, Decision
from bot.domain.alert.report import AlertState
from bot.domain.incident.incident import Incident
from bot.domain.incident.severity import means
from bot.domain.paging import page
from bot.domain.policy import Policy, Severity
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import shortened
from bot.services.alert.lines import Lines, facts_of_line, section
from bot.services.alert.routing import team_of
from bot.services.incident.incidents import Declaration, Incidents
from bot.services.incident.merges import Merges
from bot.services.messages import Facts
from bot.services.paging.adoption import Adoption, PagersIncident
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

LISTED_FOR = timedelta(days=7)
LISTED_AT_MOST = 200
OFFERED, LABEL = 5, 60
"""How many alerts are offered as buttons, and how many characters of a name stand on one."""
ADOPTED = 20
"""How many of the pager's incidents in one storm become pages at once. The others do when they are reported again."""
UNKNOWN = "`alert list` shows those of the last 7 days."


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An alert of a list, and its incident if the reader may see that."""

    alert: Alert
    lead: Alert
    """The alert whose line shows this one: itself, or that of its storm. Decisions are made about that one."""
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

        If an incident of this name is open, return that one, unless `anyway` is set. `anyway` also opens one for an
        alert that is no incident, or whose incident is over, and takes one out of its storm. It opens no second one
        beside an open incident.
        """
        alert, storm = self._locked(number, asker=by, apart=anyway)
        live = self._live(alert)
        if live and alert.is_decided_so(Decision.DECLARED, by=by):
            return Declaration(incident=self._again(live, severity, private=private, by=by), is_new=True)
        again = None if live else _anyway(alert, severity, private=private)
        self._must_be_open_to(alert, by, instead=again, anyway=anyway and live is None)
        declared = Incidents(self._tx).declare(
            alert.title,
            by=by,
            private=private,
            anyway=anyway,
            **self.carried(alert, severity),
        )
        if not declared.is_new:
            return declared
        self._detach(alert, by=by)
        incident = self.attach(alert, declared.incident, Decision.DECLARED, by=by)
        self._left(storm)
        return Declaration(incident=incident, is_new=True)

    def _again(self, mine: Incident, severity: Severity | None, *, private: bool, by: str) -> Incident:
        """Return the incident that a person opened before. A severity that they add now is set."""
        if private and not mine.private:
            raise Refusal(
                f"{mine.id} is open already, and everybody can see it. To hide it, make its channel private in Slack."
            )
        if severity is None or severity.key == mine.severity:
            return mine
        if mine.severity is None:
            return Incidents(self._tx).set_severity(mine, severity, by=by)
        choice = Choice(label=f"Set {severity.key}", say=f"incident {mine.number} sev {severity.key}")
        raise Refusal(f"{mine.id} is open already, as {mine.severity}.", choices=(choice,))

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
        """Add an alert to an open incident. `anyway` takes it from another one, and out of its storm."""
        alert, storm = self._locked(number, asker=by, apart=anyway)
        if alert.is_decided_so(Decision.SAME, by=by, incident=incident.number):
            return alert
        if alert.incident == incident.number:
            raise alert.already(asker=by, shown=incident, live=incident)
        again = Choice(
            label=f"Add it to {incident.id} instead",
            say=f"alert same {alert.number} as {incident.number} anyway",
        )
        self._must_be_open_to(alert, by, instead=again, anyway=anyway)
        incident.must_be_open()
        if incident.drill:
            raise _must_stay_real(alert, incident)
        self._detach(alert, by=by)
        self.attach(alert, incident, Decision.SAME, by=by)
        self._left(storm)
        return alert

    def ignore(self, number: int, *, by: str) -> Alert:
        """Say that an alert is not an incident."""
        alert, _ = self._locked(number, asker=by)
        if alert.is_decided_so(Decision.IGNORED, by=by):
            return alert
        self._must_be_open_to(alert, by)
        return self._lines.keep(alert.decided(Decision.IGNORED, by=by, at=self._tx.now))

    def _locked(self, number: int, *, asker: str, apart: bool = False) -> tuple[Alert, Alert | None]:
        """Return the alert that is decided: this one, or that of its storm. Nobody else decides until the end.

        `apart` takes it out of its storm. Then return that of the storm too.
        """
        found = self._find(number, asker=asker)
        self._session.lock(section(found.service))
        alert = self._session.alerts.get(number) or found
        lead = self._lines.lead(alert)
        leaves = apart and lead.number != alert.number
        return (replace(alert, storm=None), lead) if leaves else (lead, None)

    def _left(self, storm: Alert | None) -> None:
        """Refresh the line of a storm that an alert has left."""
        if storm:
            self._lines.keep(storm)

    def decides(self, number: int) -> int:
        """Return the number of the alert that a decision about this one is for: its own, or that of its storm."""
        alert = self._session.alerts.get(number)
        return self._lines.lead(alert).number if alert else number

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
        incident, live = self._incident(alert), self._live(alert)
        seen = incident if incident and self._access.sees(asker, incident) else None
        joined = live if live and self._access.sees(asker, live) else None
        raise alert.already(asker=asker, shown=seen, live=joined, instead=instead)

    def _incident(self, alert: Alert) -> Incident | None:
        return self._session.incidents.get(alert.incident) if alert.incident else None

    def _live(self, alert: Alert) -> Incident | None:
        """Return the open incident of an alert, as it goes on after a merge; None if it is over, or has none."""
        incident = self._incident(alert)
        last = Merges(self._tx).last(incident) if incident else None
        return last if last and last.is_open else None

    def _severity(self, alert: Alert) -> Severity | None:
        """Return the severity with the name that the source gives: `sev1`, `P1`. Other words mean none.

        A storm has the worst of its alerts'.
        """
        named = [it.severity for it in self._every(alert) if it.severity]
        worst_first = self._tx.policy.severities.values()
        return next((it for it in worst_first if any(means(word, it.key) for word in named)), None)

    def _every(self, alert: Alert) -> list[Alert]:
        """Return the alert, and the newest of its storm."""
        return [alert, *self._members(alert, limit=ADOPTED)]

    def attach(self, alert: Alert, incident: Incident, what: Decision, *, by: str | None) -> Incident:
        """Add an alert to an incident (`by` None: the settings say so). The pager's incident becomes a page of it."""
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

    def paged_for(self, number: int) -> list[PagersIncident]:
        """Return the pager's incidents that an alert, or its storm, stands for, and for which somebody is paged."""
        alert = self._session.alerts.get(number)
        theirs = self._theirs(self._lines.lead(alert)) if alert else []
        return [it for it in theirs if it.assigned != "" or it.acknowledged_by]

    def _theirs(self, alert: Alert) -> list[PagersIncident]:
        """Return the incidents of the pager that this alert, or its storm, stands for and that still ring."""
        return [
            _pagers(self._tx.policy, it) for it in self._every(alert) if it.pager_id and not it.is_resolved
        ]

    def take_over(self, alert: Alert, incident: Incident, *, rings_again: bool) -> None:
        """Make the pager's incident a page of Spy's, unless it is one; `rings_again` after that one was resolved."""
        known = self._session.pages.by_key(f"{page.ADOPTED}{alert.pager_id}")
        if known is None or (rings_again and not known.may_ring):
            Adoption(self._tx).adopt(_pagers(self._tx.policy, alert), incident, by=None)

    def _detach(self, alert: Alert, *, by: str) -> None:
        incident = self._incident(alert)
        if incident:
            removed = events.AlertRemoved(at=self._tx.now, by=by, alert=alert.number, title=alert.title)
            self._tx.record(incident, removed)

    # --- finding ---

    def shown(self, number: int, *, asker: str) -> Facts:
        """Return the facts of an alert's line, or of that of its storm, for a person who asks."""
        return facts_of_line(self._tx, self._lines.lead(self._find(number, asker=asker)))

    def pick(self, words: str) -> Refusal:
        """Ask which alert is meant: one of the newest about which nobody has decided."""
        since = self._tx.now - LISTED_FOR
        found = self._session.alerts.recent(None, since=since, limit=LISTED_AT_MOST)
        undecided = [it for it in found if it.is_undecided and not it.is_only_an_end][:OFFERED]
        if not undecided:
            return Refusal("Every alert of the last 7 days is decided. `alert list` shows them.")
        return Refusal(
            "Which alert?",
            choices=tuple(
                Choice(label=shortened(f"{it.number} {it.title}", LABEL), say=f"{words} {it.number}")
                for it in undecided
            ),
        )

    def recent(self, service: str | None, *, asker: str) -> Sequence[Listed]:
        """Return the alerts of the last 7 days that a person may see, newest first; those of a storm together.

        `service` may be a team, as `:payments`: then those of its services.
        """
        since = self._tx.now - LISTED_FOR
        team = next((key for key in self._tx.policy.teams if service == f":{key}"), None)
        found = self._session.alerts.recent(None if team else service, since=since, limit=LISTED_AT_MOST)
        if team:
            found = [it for it in found if (owner := team_of(self._tx.policy, it)) and owner.key == team]
        listed = [
            Listed(alert=it, lead=lead, incident=self._seen(lead))
            for lead in found
            if not lead.is_only_an_end and self._access.sees_record(asker, lead.incident)
            for it in (lead, *self._members(lead, limit=LISTED_AT_MOST))
        ]
        return listed[:LISTED_AT_MOST]

    def count(self, lead: Alert) -> int:
        """Return how many alerts a line stands for."""
        return 1 + (self._session.alerts.storm_counts(lead.number).count if lead.is_storm else 0)

    def _seen(self, alert: Alert) -> Incident | None:
        return self._session.incidents.look(alert.incident) if alert.incident else None

    def _members(self, lead: Alert, *, limit: int) -> Sequence[Alert]:
        """Return the other alerts of a storm, newest first."""
        return self._session.alerts.in_storm(lead.number, limit=limit) if lead.is_storm else ()


def _pagers(policy: Policy, alert: Alert) -> PagersIncident:
    return PagersIncident(
        pager_id=alert.pager_id or "",
        url=alert.url or "",
        title=alert.title,
        team=_team(policy, alert),
        assigned=alert.assigned,
        acknowledged_by=alert.who if alert.state is AlertState.ACKNOWLEDGED else None,
    )


def _team(policy: Policy, alert: Alert) -> str:
    team = team_of(policy, alert)
    return team.key if team else alert.service or policy.pager_name.casefold()


def _must_stay_real(alert: Alert, drill: Incident) -> Refusal:
    """Return the refusal to add an alert to a drill, whose end would end the pager's incident too."""
    declare = Choice(label="Declare", say=f"alert declare {alert.number}")
    return Refusal(
        f"{drill.id} is a drill and alert {alert.number} is real, so they stay apart.",
        choices=(declare,) if alert.is_undecided else (),
    )


def _anyway(alert: Alert, severity: Severity | None, *, private: bool) -> Choice:
    """Offer to declare, as it was typed, what somebody called no incident, or whose incident is over."""
    words = [f"alert declare {alert.number}", *([severity.key] if severity else ()), *(["private"] * private)]
    return Choice(label="Declare it anyway", say=" ".join([*words, "anyway"]))
