"""Open an incident for an alert without asking: `declare: always` of its service."""

from collections.abc import Collection

from bot.domain.alert.alert import Alert, Decision
from bot.domain.incident.incident import Incident
from bot.services.alert.alerts import Alerts
from bot.services.alert.lines import LOOKED_THROUGH
from bot.services.alert.routing import team_of
from bot.services.directory import Directory
from bot.services.incident.incidents import Incidents
from bot.services.paging.paging import Paging
from bot.services.transaction import Transaction


class Unasked:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._alerts = Alerts(tx)

    def declare(self, alert: Alert) -> Alert | None:
        """Open an incident, led by who is on call for the team, or add the alert to an open one of its service.

        Return the alert as decided. If nobody on call is known in Slack, page the team and return None: then the line
        asks as others do.
        """
        if known := self._open(alert):
            self._alerts.attach(alert, known, Decision.SAME, by=None)
            return self._session.alerts.get(alert.number)
        carried = self._alerts.carried(alert)
        person = self._on_call(alert)
        if person is None:
            self._page_team(alert, None, already=carried["paged"])
            return None
        declared = Incidents(self._tx).declare(alert.title, by=None, leads=person, **carried)
        if declared.is_new:
            self._page_team(alert, declared.incident, already=carried["paged"])
        what = Decision.DECLARED if declared.is_new else Decision.SAME
        self._alerts.attach(alert, declared.incident, what, by=None)
        return self._session.alerts.get(alert.number)

    def _page_team(self, alert: Alert, incident: Incident | None, *, already: Collection[str]) -> None:
        """Page the team, because nobody has typed anything: its person on call may be asleep."""
        team = team_of(self._tx.policy, alert)
        severity = self._tx.policy.severities.get((incident.severity if incident else None) or "")
        already_paged = {*already, *(severity.page if severity else ())}
        if team and team.service and team.key not in already_paged:
            what, where = incident.name if incident else alert.title, None if incident else alert.to
            Paging(self._tx).page_team(
                team, what, by=None, incident=incident, channel=where, on_card=incident is not None
            )

    def _open(self, alert: Alert) -> Incident | None:
        """Return the newest open incident of its service that everybody may see."""
        incidents = self._session.incidents.open(limit=LOOKED_THROUGH)
        about = self._session.alerts.of([it.number for it in incidents])
        theirs = [
            it
            for it in incidents
            if not it.private
            and not it.drill
            and alert.service in {*it.services, *(other.service for other in about.get(it.number, ()))}
        ]
        return max(theirs, key=lambda it: it.number, default=None) if alert.service else None

    def _on_call(self, alert: Alert) -> str | None:
        """Return who is on call for its team: the lowest level whose person Spy knows in Slack; else the manager."""
        team, directory = team_of(self._tx.policy, alert), Directory(self._tx)
        if team is None:
            return None
        theirs = (it for it in self._session.on_calls.copy().on_calls if it.policy == team.escalation_policy)
        people = [directory.paged_as(it.user, it.email) for it in sorted(theirs, key=lambda it: it.level)]
        able = (it for it in (*people, directory.manager(team)) if it and directory.is_assignable(it))
        return next(able, None)
