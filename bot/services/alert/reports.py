"""Receive reports of alerts: a new alert gets a line in its team's channel, or joins a storm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.alert import events
from bot.domain.alert.alert import Alert, Decision
from bot.domain.alert.report import AlertReport, AlertState
from bot.domain.incident.incident import Incident
from bot.domain.service import Declare, known_as
from bot.ports import Ringing
from bot.services.alert.alerts import Alerts
from bot.services.alert.lines import Lines, section
from bot.services.alert.routing import channel_of, declares
from bot.services.alert.unasked import Unasked
from bot.services.incident.merges import Merges
from bot.services.transaction import Transaction

WATCHED = 500
"""Of how many of the pager's unresolved incidents, the newest, the state is asked for."""
PAGER_STATES = {
    "triggered": AlertState.FIRING,
    "acknowledged": AlertState.ACKNOWLEDGED,
    "resolved": AlertState.RESOLVED,
}
STORM_WITHIN = timedelta(minutes=5)
STORM_FROM = 4
"""So many alerts of one service within `STORM_WITHIN` share one line, and so do those that follow."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What became of some reports: the alerts that are new, and how many reports changed one that was known."""

    new: Sequence[Alert] = ()
    changed: int = 0


class Reports:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._lines = Lines(tx)

    def hear_all(self, reports: Iterable[AlertReport]) -> Heard:
        """Store reports. The same report twice changes nothing; one that arrived late neither."""
        named = [replace(it.limited(), service=self._service(it)) for it in reports]
        known = [self._session.alerts.by_key(it.key) for it in named]
        services = {*(it.service for it in named), *(it.service for it in known if it)}
        self._session.lock(*(section(it) for it in services))
        new, changed = [], 0
        for report in named:
            before = self._session.alerts.by_key(report.key)
            after = self._hear(before, report)
            if after and (before is None or after.number != before.number):
                new.append(after)
            elif after:
                changed += 1
        return Heard(new=new, changed=changed)

    def _service(self, report: AlertReport) -> str | None:
        """Return the name of its service in config.yaml; a service or team may be named by the pager's id."""
        policy = self._tx.policy
        if report.pager_service:
            key = policy.service_paged_as(report.pager_service)
            if key in policy.services or key in policy.teams:
                return key
        return known_as(report.service, policy.services)

    def _hear(self, known: Alert | None, report: AlertReport) -> Alert | None:
        """Return the alert that is new or changed; None if the report says nothing new."""
        if known is None:
            return self._begin_first(report)
        if known.is_newer_than(report):
            self._session.alerts.put(replace(known, told_at=max(known.told_at, report.heard_at)))
            return None
        if known.is_only_an_end:
            return self._begin_after(known, report) if report.state is not AlertState.RESOLVED else None
        lead = self._lines.lead(known)
        incident = self._incident(lead)
        if known.is_another(report, incident):
            return self._begin_after(known, report)
        return self._change(known, lead, report)

    def _begin_first(self, report: AlertReport) -> Alert | None:
        """Begin an unknown alert. Remember one that is over without a line: an older report may arrive later."""
        if report.state is not AlertState.RESOLVED:
            return self._begin(report)
        if report.as_of:
            self._session.alerts.put(Alert.only_an_end(self._session.alerts.reserve(), report))
        return None

    def _begin_after(self, known: Alert, report: AlertReport) -> Alert:
        """Begin another alert with the same key."""
        self._session.alerts.put(replace(known, newest=False))
        return self._begin(report)

    def _begin(self, report: AlertReport) -> Alert:
        alert = Alert.first(self._session.alerts.reserve(), report)
        to, is_listed = channel_of(self._tx.policy, alert)
        alert = replace(alert, to=to, is_listed=is_listed, declare=declares(self._tx.policy, alert))
        if lead := self._storm_of(alert):
            return self._join(lead, alert)
        if alert.declare is Declare.ALWAYS and (declared := Unasked(self._tx).declare(alert)):
            return declared
        if lead := self._new_storm_of(alert):
            return self._join(lead, alert)
        return self._lines.keep(alert)

    def _join(self, lead: Alert, alert: Alert) -> Alert:
        """Let the line of a storm show an alert too."""
        alert = replace(alert, storm=lead.number)
        was_over = lead.is_resolved and self._storm_is_over(lead)
        self._session.alerts.put(alert)
        self._lines.keep(replace(lead, told_at=self._tx.now, came_at=self._tx.now))
        if was_over:
            self._tell_incident(lead, alert)
        self._take_over(alert, lead)
        return alert

    def _storm_is_over(self, lead: Alert) -> bool:
        """Whether none of the alerts fires that share a line with the one that stands for them."""
        counts = self._session.alerts.storm_counts(lead.number)
        return counts.count > 0 and counts.firing == 0

    def _take_over(self, alert: Alert, lead: Alert, *, before: Alert | None = None) -> None:
        """Make the pager's incident a page of the open incident of its line, so that nobody is paged twice."""
        incident = self._incident(lead)
        if alert.pager_id and not alert.is_resolved and incident and incident.is_open:
            rings_again = before is not None and before.is_resolved
            Alerts(self._tx).take_over(alert, incident, rings_again=rings_again)

    def _change(self, known: Alert, lead: Alert, report: AlertReport) -> Alert | None:
        after = known.after(report)
        if known.reads_like(after):
            self._session.alerts.put(after)
            self._take_over(after, lead)
            return None
        others = self._others_firing(known, lead)
        if known.storm is not None:
            self._session.alerts.put(after)
            self._lines.keep(lead)
        else:
            after = self._lines.keep(after)
        if known.is_resolved != after.is_resolved and not others:
            self._tell_incident(lead, after)
        self._take_over(after, lead, before=known)
        return after

    def _others_firing(self, alert: Alert, lead: Alert) -> int:
        """Return how many other alerts fire that share its line."""
        if not lead.is_storm:
            return 0
        firing = self._session.alerts.storm_counts(lead.number).firing + (not lead.is_resolved)
        return firing - (not alert.is_resolved)

    def _tell_incident(self, lead: Alert, after: Alert) -> None:
        """Record in the timeline that an alert of an incident, or the last of its storm, is over; or it fires again."""
        incident = self._incident(lead)
        if incident and incident.is_open:
            incident = self._tx.incident(incident.number)
            title = after.title
            if after.is_resolved and lead.is_storm:
                others = self._session.alerts.storm_counts(lead.number).count
                title = f"{lead.title} and {others} {'other' if others == 1 else 'others'}"
            kind = events.AlertResolved if after.is_resolved else events.AlertFiredAgain
            self._tx.record(incident, kind(at=self._tx.now, alert=lead.number, title=title))

    def _incident(self, alert: Alert) -> Incident | None:
        """Return the incident of an alert; if that was merged, the one as which it goes on."""
        incident = self._session.incidents.look(alert.incident) if alert.incident else None
        return Merges(self._tx).last(incident) if incident else None

    # --- the pager's own ---

    def unheard(self, source: str, *, before: datetime, limit: int) -> list[Alert]:
        """Return incidents of the pager (`source`) that are not resolved and that it did not report since then (UTC).

        The longest ago comes first.
        """
        found = [it for it in self._session.alerts.unresolved(source, limit=WATCHED) if it.told_at < before]
        return sorted((it for it in found if it.pager_id), key=lambda it: it.told_at)[:limit]

    def looked(self, alert: Alert, page: Ringing | None) -> None:
        """Record what the pager says of one of its incidents that Spy asked for; None if it has it no longer."""
        state = PAGER_STATES.get(page.status, alert.state) if page else AlertState.RESOLVED
        report = AlertReport(
            key=alert.key,
            source=alert.source,
            title=alert.title,
            state=state,
            service=alert.service,
            heard_at=self._tx.now,
            as_of=page.at if page else None,
            who=page.who if page else None,
            assigned=page.assigned if page else None,
            pager_id=alert.pager_id,
        )
        self.hear_all([report])

    # --- storms ---

    def _storm_of(self, alert: Alert) -> Alert | None:
        """Return the alert whose line shows this one too, if there is a storm.

        For an alert that opens incidents unasked, that is only a storm with an incident. Its fourth line begins one.
        """
        lines = self._alike(alert)
        if alert.declare is Declare.ALWAYS:
            lines = [it for it in lines if it.incident]
            storm = next((it for it in lines if it.is_storm), None)
            by_incident = [
                [it for it in lines if it.incident == number] for number in {it.incident for it in lines}
            ]
            return storm or next(
                (self._begin_storm(it) for it in by_incident if len(it) >= STORM_FROM - 1), None
            )
        return next((it for it in lines if it.is_storm), None)

    def _new_storm_of(self, alert: Alert) -> Alert | None:
        """Return the oldest undecided line, if this alert makes it a storm."""
        lines = [it for it in self._alike(alert) if it.is_undecided]
        storm = next((it for it in lines if it.is_storm), None)
        if storm is None and len(lines) >= STORM_FROM - 1:
            storm = self._begin_storm(lines)
        return storm

    def _alike(self, alert: Alert) -> list[Alert]:
        """Return the recent lines that this alert may join: of its service, and treated as it is (`declare`)."""
        if alert.service is None:
            return []
        lines = self._session.alerts.lines(alert.service, since=self._tx.now - STORM_WITHIN)
        fresh = [it for it in lines if (it.came_at or it.heard_at) >= self._tx.now - STORM_WITHIN]
        same = [it for it in fresh if it.to == alert.to and it.declare is alert.declare]
        return [it for it in same if not it.is_only_an_end and self._goes_on(it)]

    def _goes_on(self, line: Alert) -> bool:
        """Whether people still wait for more of it: nobody called it no incident, and its incident is not over.

        None joins a private incident's: only its people would see it.
        """
        incident = self._incident(line)
        is_for_all = incident is None or (incident.is_open and not incident.private)
        return line.decision is not Decision.IGNORED and is_for_all

    def _begin_storm(self, lines: Sequence[Alert]) -> Alert:
        """Let the oldest line stand for all. The others point to it."""
        lead = replace(lines[0], is_storm=True)
        for other in lines[1:]:
            if other.is_undecided:
                self._lines.keep(replace(other, storm=lead.number))
        return lead
