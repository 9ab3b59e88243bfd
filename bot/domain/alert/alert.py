"""An alert, from its first report to its end, and what people decided about it.

All reports under one key are one alert, which has one line in a channel. An alert that fires again long after its end
is another alert with the same key.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alert.report import AlertReport, AlertState
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.service import Declare

FLAPS_WITHIN = timedelta(hours=1)
"""An alert that fires again this long after its end, or later, gets a new line. Until then its line is edited."""


class Decision(StrEnum):
    """What people, or the settings, decided."""

    DECLARED = "declared"
    """An incident was opened for it."""
    SAME = "same"
    """It belongs to an incident that was open already."""
    IGNORED = "ignored"
    """It is not an incident."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert. Times are in UTC."""

    number: int
    key: str
    source: str
    title: str
    service: str | None
    state: AlertState
    began_at: datetime
    heard_at: datetime
    """When Spy first heard of it."""
    told_at: datetime
    """When Spy last heard of it, or of another one that its line shows."""
    came_at: datetime | None = None
    """When the newest of the alerts that its line shows came. None: it alone, at `heard_at`."""
    as_of: datetime | None = None
    firing: datetime | None = None
    """When it began by the source's own clock. It is compared only with what that source says."""
    severity: str | None = None
    urgency: str | None = None
    url: str | None = None
    resolved_at: datetime | None = None
    who: str | None = None
    """The name of who acknowledged or resolved it, if the source says so."""
    times: int = 1
    """How many times it began to fire."""
    newest: bool = True
    """Whether it is the newest alert with its key."""
    to: str | None = None
    """The channel of its line (Slack id). None if no channel is configured."""
    is_listed: bool = True
    """Whether config.yaml says whose service it is. If not, its line says so."""
    declare: Declare = Declare.ASK
    """What its service says about it in config.yaml."""
    is_moved: bool = False
    """Whether Slack refused its line in the channel where it belongs."""
    is_storm: bool = False
    """Whether its line shows other alerts too."""
    storm: int | None = None
    """The number of the alert whose line shows it too. None: it has a line of its own."""
    decision: Decision | None = None
    decided_by: str | None = None
    """The Slack id of who decided; None if the settings did."""
    decided_at: datetime | None = None
    incident: int | None = None
    assigned: str | None = None
    """The names of the people whom the pager rings for it; "" is nobody, None unknown."""
    pager_id: str | None = None
    """The pager's id of it, if it is an incident there."""
    version: int = 0
    """How often it was changed: it tells the refreshes of its line apart."""

    @property
    def is_resolved(self) -> bool:
        return self.state is AlertState.RESOLVED

    @property
    def is_undecided(self) -> bool:
        return self.decision is None

    # --- reports ---

    @classmethod
    def first(cls, number: int, report: AlertReport) -> "Alert":
        return cls(
            number=number,
            key=report.key,
            source=report.source,
            title=report.title,
            service=report.service,
            state=report.state,
            began_at=report.began_at or report.heard_at,
            heard_at=report.heard_at,
            told_at=report.heard_at,
            as_of=report.as_of,
            firing=report.firing,
            severity=report.severity,
            urgency=report.urgency,
            url=report.url,
            who=report.who,
            assigned=report.assigned,
            pager_id=report.pager_id,
        )

    @classmethod
    def only_an_end(cls, number: int, report: AlertReport) -> "Alert":
        """Return an alert of which Spy knows nothing but that it is over."""
        return replace(cls.first(number, report), resolved_at=report.heard_at, times=0)

    @property
    def is_only_an_end(self) -> bool:
        """Whether Spy heard only of its end. It has no line, and no list shows it."""
        return self.times == 0

    def is_newer_than(self, report: AlertReport) -> bool:
        """Whether a report arrived late: a later one is known already."""
        if report.as_of and self.as_of:
            return report.as_of < self.as_of
        if report.began_at is None:
            return False
        is_same = self._is_of(report)
        if report.state is AlertState.RESOLVED:
            return not is_same and report.began_at < self.began_at
        return self.is_resolved and (is_same or report.began_at <= self.began_at)

    def fires_again(self, report: AlertReport) -> bool:
        """Whether the report says that it began to fire once more."""
        if report.state is AlertState.RESOLVED:
            return False
        began_later = (
            report.began_at is not None and report.began_at > self.began_at and not self._is_of(report)
        )
        return self.is_resolved or began_later

    def _is_of(self, report: AlertReport) -> bool:
        """Whether the report is about the last firing that Spy heard of, by the source's own clock."""
        return report.firing is not None and report.firing == self.firing

    def is_another(self, report: AlertReport, incident: Incident | None) -> bool:
        """Whether the report is about another alert with the same key, which needs a line of its own.

        It is if the incident of this alert is over, or if it fires again after a while. `incident` is its incident.
        """
        if not self.fires_again(report):
            return False
        if incident is not None:
            return not incident.is_open
        return report.heard_at - (self.resolved_at or self.told_at) >= FLAPS_WITHIN

    def after(self, report: AlertReport) -> "Alert":
        """Return the alert with one more report. It keeps its service, its channel and every decision."""
        again = self.fires_again(report)
        is_over = report.state is AlertState.RESOLVED
        began_at = (report.began_at or report.heard_at) if again else self.began_at
        ended_at = (self.resolved_at if self.is_resolved else report.over_at(began_at)) if is_over else None
        return replace(
            self,
            title=report.title if not is_over else self.title,
            state=report.state,
            began_at=began_at,
            told_at=report.heard_at,
            as_of=report.as_of or self.as_of,
            firing=(report.firing if again else None) or self.firing,
            severity=report.severity or self.severity,
            urgency=report.urgency or self.urgency,
            assigned=report.assigned if report.assigned is not None else self.assigned,
            url=report.url or self.url,
            who=report.who if report.state is not AlertState.FIRING else None,
            resolved_at=ended_at,
            times=self.times + again,
        )

    def reads_like(self, other: "Alert") -> bool:
        """Whether people see the same of both: then the line needs no edit."""
        return replace(other, told_at=self.told_at, as_of=self.as_of, version=self.version) == self

    # --- decisions ---

    def decided(
        self, what: Decision, *, by: str | None, at: datetime, incident: int | None = None
    ) -> "Alert":
        return replace(self, decision=what, decided_by=by, decided_at=at, incident=incident)

    def is_decided_so(self, what: Decision, *, by: str, incident: int | None = None) -> bool:
        """Whether this person decided the same before: a second press of one button."""
        is_same = incident is None or incident == self.incident
        return self.decision is what and self.decided_by == by and is_same

    def already(
        self, *, asker: str, shown: Incident | None, live: Incident | None, instead: Choice | None = None
    ) -> Refusal:
        """Return the refusal for a person who decides second. `shown` is its incident, if they may see that.

        `live` is the incident as which that one goes on, if it is open and they may see it.
        """
        who = (
            "Spy"
            if self.decided_by is None
            else "You"
            if self.decided_by == asker
            else f"<@{self.decided_by}>"
        )
        at = f"{self.decided_at:%H:%M} UTC" if self.decided_at else "before"
        join = (
            (Choice(label=f"Join {live.id}", say=f"incident {live.number} join"),)
            if live and asker not in live.members
            else ()
        )
        choices = (*join, *((instead,) if instead else ()))
        if self.decision is Decision.IGNORED:
            return Refusal(
                f"{who} said at {at} that alert {self.number} is not an incident.", choices=choices
            )
        name = f"{shown.id} {shown.name}" if shown else "an incident that you can't see"
        said = (
            f"{who} added alert {self.number} to {name} at {at}."
            if self.decision is Decision.SAME
            else f"{who} opened {name} for alert {self.number} at {at}."
        )
        now = f" It is {shown.state}." if shown and not shown.is_open else ""
        return Refusal(f"{said}{now}", choices=choices)
