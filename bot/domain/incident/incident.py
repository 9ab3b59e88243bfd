"""An incident, from declaration to resolution.

A decision is a method: it returns an event or raises a Refusal. `after(event)` returns the incident once the event has
happened. Nothing else changes an incident, so its state and its timeline can't disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from bot.domain.alert import events as alert_events
from bot.domain.changes import events as changes_events
from bot.domain.event import Event
from bot.domain.incident import events, merging, reminder_events
from bot.domain.incident.membership import Membership
from bot.domain.incident.name import channel_name
from bot.domain.incident.state import CLOSED, STATES, ClosedChannel, Link, MergeRecord, Passed, Phase, Suspect
from bot.domain.paging import events as paging_events
from bot.domain.policy import Severity
from bot.domain.postmortem import events as postmortem_events
from bot.domain.refusal import Choice, Refusal
from bot.domain.status.events import PublicComponent, StatusPublished
from bot.domain.subject import IncidentChannel, ReminderName, Subject
from bot.domain.timer import LastSent, Snooze, remembering


@dataclass(frozen=True, kw_only=True)
class Incident(Membership):
    """An incident. Times are in UTC; people are Slack ids."""

    number: int
    name: str
    declared_at: datetime
    severity: str | None = None
    severity_at: datetime | None = None
    phase: Phase = Phase.TRIAGE
    drill: bool = False
    recorded: bool = False
    """Whether it was over when it was recorded: it was handled without Spy."""
    channel: str | None = None
    """The Slack id of the incident channel, once it exists."""
    channel_name: str
    channel_refused: str | None = None
    channel_closed: "ClosedChannel | None" = None
    """Set while Spy can't post in the channel."""
    command_since: datetime | None = None
    services: tuple[str, ...] = ()
    """The services that it affects, in the order they were named."""
    impact: str | None = None
    impact_since: datetime | None = None
    cause: str | None = None
    cause_at: datetime | None = None
    suspects: tuple[Suspect, ...] = ()
    """The suspected changes, in the order they were marked."""
    told: tuple[str, ...] = ()
    """The teams that were notified."""
    components: tuple[PublicComponent, ...] = ()
    """What customers were last told of each component, in the order in which it was last told."""
    links: tuple[Link, ...] = ()
    update: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None
    update_due: datetime | None = None
    first_updated_at: datetime | None = None
    first_acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    merged: MergeRecord | None = None
    """The incident as which this one goes on, while it is merged."""
    still_broken_for: tuple[str, ...] = ()
    """Who said since its end that it is still broken for them."""
    reopened_at: datetime | None = None
    reminded: Mapping[ReminderName, LastSent] = field(default_factory=dict)
    """What Spy last sent, per reminder."""
    snoozed: Mapping[str, Snooze] = field(default_factory=dict)
    quiet_until: datetime | None = None
    reminded_at: datetime | None = None
    """When Spy last posted a reminder in the channel (UTC)."""
    steps: Mapping[str, Passed] = field(default_factory=dict)
    """The finished steps of the guide."""
    entries: int = 0
    """The number of its timeline entries. The next entry's `seq` is one more."""

    @property
    def subject(self) -> Subject:
        return Subject("incident", str(self.number))

    @property
    def is_open(self) -> bool:
        return self.phase not in CLOSED

    @property
    def id(self) -> str:
        return f"INC-{self.number}"

    @property
    def state(self) -> str:
        """Its phase, worded to follow "it is"."""
        return self.merged.state if self.merged else STATES.get(self.phase, self.phase)

    @property
    def opened_at(self) -> datetime:
        """When it was declared, or last reopened (UTC)."""
        return self.reopened_at or self.declared_at

    @property
    def is_safe(self) -> bool:
        """Whether the impact is over: it is mitigated or further along."""
        return self.phase in {Phase.MITIGATED, Phase.MONITORING} or not self.is_open

    def lasted(self, now: datetime) -> timedelta:
        """Return the time from declaration to resolution, or to `now`."""
        return (self.resolved_at or now) - self.declared_at

    def is_in_time(self, now: datetime) -> bool:
        """Whether an update was posted and the next one is promised and not overdue."""
        return self.is_open and bool(self.updated_at and self.update_due and now <= self.update_due)

    def is_over_since(self, at: datetime) -> bool:
        """Whether it ended at or after this time (UTC), so that a request from then is no longer needed."""
        return not self.is_open and self.resolved_at is not None and at <= self.resolved_at

    @property
    def unwell_components(self) -> tuple[PublicComponent, ...]:
        """The components that do not work, as customers were told."""
        return tuple(it for it in self.components if not it.is_over)

    @property
    def is_placed(self) -> bool:
        """Whether it has a channel, or can't get one."""
        return bool(self.channel or self.channel_refused)

    # --- decisions ---

    @classmethod
    def declared(cls, number: int, event: events.Declared) -> Self:
        leads = event.commander or event.by
        assert leads, "somebody leads an incident from its start"  # noqa: S101  a caller's bug, not input
        return cls(
            number=number,
            name=event.name,
            declared_by=event.by,
            declared_at=event.at,
            severity=event.severity,
            severity_at=event.at if event.severity else None,
            private=event.private,
            drill=event.drill,
            recorded=event.recorded,
            services=event.services,
            channel_name=channel_name(number, event.name),
            commander=leads,
            command_since=event.at,
            members=(leads,),
            update_due=event.next_due,
        )

    def set_severity(self, severity: Severity, *, by: str, at: datetime) -> events.SeveritySet | None:
        """Return None if it already has that severity."""
        self.must_be_open()
        if severity.key == self.severity:
            return None
        return events.SeveritySet(
            at=at,
            by=by,
            severity=severity.key,
            before=self.severity,
            next_due=self._new_promise(severity, at),
        )

    def _new_promise(self, severity: Severity, at: datetime) -> datetime | None:
        """Return when the next update is due, counted from the last one, or from now if that time has passed."""
        every = severity.update_every
        if every is None:
            return None
        due = max(self.updated_at or self.opened_at, self.opened_at) + every
        return due if due > at else at + every

    def move_to(self, phase: Phase, *, by: str, at: datetime) -> events.PhaseChanged | None:
        """Return None if it is already in that phase."""
        self.must_be_open()
        if phase is self.phase:
            return None
        return events.PhaseChanged(at=at, by=by, phase=phase.value, before=self.phase.value)

    def post_update(
        self,
        message: str,
        *,
        by: str,
        at: datetime,
        severity: Severity | None,
        next_in: timedelta | None = None,
    ) -> events.UpdatePosted:
        """Return a status update. The next one is due after `next_in`, else after the severity's interval."""
        self.must_be_open()
        every = next_in or (severity.update_every if severity else None)
        return events.UpdatePosted(at=at, by=by, message=message, next_due=at + every if every else None)

    def resolve(self, how: str, *, by: str, at: datetime) -> events.Resolved:
        if not self.is_open:
            raise Refusal(
                f"{self.id} is already {self.state}.",
                choices=(Choice(label="Reopen it", say=f"incident {self.number} reopen"),),
            )
        return events.Resolved(at=at, by=by, how=how)

    def reopen(self, *, by: str, at: datetime, severity: Severity | None = None) -> events.Reopened:
        if self.is_open:
            raise Refusal(f"{self.id} is still open ({self.phase}); there is nothing to reopen.")
        every = severity.update_every if severity else None
        return events.Reopened(at=at, by=by, next_due=at + every if every else None)

    def cancel(self, why: str, *, by: str, at: datetime) -> events.Cancelled:
        self.must_be_open()
        return events.Cancelled(at=at, by=by, why=why)

    def clear(self, change: int, *, by: str, at: datetime) -> changes_events.ChangeCleared:
        """Return the event that a change (by number) is no longer suspect."""
        found = next((it for it in self.suspects if it.change == change), None)
        if found is None:
            raise Refusal(f"Change {change} is not suspected in {self.id}.")
        return changes_events.ChangeCleared(at=at, by=by, change=change, title=found.title)

    def must_be_open(self) -> None:
        """Refuse if the incident is over."""
        if not self.is_open:
            back = f"Say it there. To take {self.id} out again" if self.merged else "If the problem is back"
            raise Refusal(
                f"{self.id} is {self.state}. {back}, reopen it first: `incident reopen`.",
                choices=(Choice(label="Reopen it", say=f"incident {self.number} reopen"),),
            )

    def hush(self, until: datetime, *, by: str, at: datetime) -> reminder_events.Hushed:
        self.must_be_open()
        return reminder_events.Hushed(at=at, by=by, until=until)

    # --- applying events ---

    def after(self, event: Event) -> "Incident":  # noqa: C901, PLR0911, PLR0912  a table
        """Return the incident after the event. Many events change nothing."""
        match event:
            case events.ChannelOpened():
                return replace(
                    self,
                    channel=event.channel,
                    channel_name=event.channel_name,
                    channel_refused=None,
                    channel_closed=None,
                )
            case events.ChannelRefused():
                return replace(self, channel_refused=event.why)
            case events.ChannelClosed():
                return self._closed(event)
            case events.ChannelReopened():
                return replace(self, channel_closed=None)
            case events.ChannelMoved():
                return replace(self, channel=event.channel)
            case events.MadePrivate():
                return replace(self, private=True)
            case events.PersonJoined() | events.PersonInvited():
                return self.with_member(event.person)
            case events.PersonLeft():
                return self.without_member(event.person, event.at)
            case events.SeveritySet():
                return replace(self, severity=event.severity, severity_at=event.at, update_due=event.next_due)
            case events.PhaseChanged(phase=Phase.MITIGATED):
                return replace(self, phase=Phase.MITIGATED, mitigated_at=self.mitigated_at or event.at)
            case events.PhaseChanged():
                return replace(self, phase=Phase(event.phase))
            case events.UpdatePosted():
                return replace(
                    self,
                    update=event.message,
                    updated_at=event.at,
                    updated_by=event.by,
                    update_due=event.next_due,
                    first_updated_at=self.first_updated_at or event.at,
                )
            case events.ImpactStated():
                return replace(self, impact=event.impact, impact_since=event.since)
            case events.CauseSuspected():
                return replace(self, cause=event.cause, cause_at=event.at)
            case events.ServicesAffected():
                return replace(self, services=tuple(dict.fromkeys((*self.services, *event.services))))
            case events.ServicesCleared():
                return replace(self, services=tuple(it for it in self.services if it not in event.services))
            case alert_events.AlertAdded():
                return self._alerted(event)
            case changes_events.ChangeSuspected():
                return self._suspecting(event)
            case changes_events.ChangeCleared():
                return replace(self, suspects=tuple(it for it in self.suspects if it.change != event.change))
            case events.TeamNotified():
                return replace(self, told=tuple(dict.fromkeys((*self.told, event.team))))
            case StatusPublished():
                return replace(self, components=event.applied_to(self.components))
            case events.LinkAdded():
                return replace(self, links=(*self.links, Link(url=event.url, title=event.title)))
            case events.CommandOffered():
                return self.offering_command(event.to)
            case events.CommandDeclined():
                return replace(self, command_offered_to=None)
            case events.CommandTaken():
                led = replace(
                    self, commander=event.commander, command_since=event.at, command_offered_to=None
                )
                return led.with_member(event.commander)._asking_owner()  # noqa: SLF001  the same class
            case events.RoleGiven():
                given = replace(self, roles={**self.roles, event.role: event.person})
                return given.with_member(event.person)
            case events.PersonUnavailable():
                return self._without(event)
            case paging_events.PageAcknowledged():
                return replace(self, first_acknowledged_at=self.first_acknowledged_at or event.at)
            case events.Resolved():
                ended = self._ended(Phase.RESOLVED, event.how, event.at)
                return replace(ended, mitigated_at=self.mitigated_at or event.at)
            case events.StillBroken(by=str(person)):
                return replace(self, still_broken_for=tuple(dict.fromkeys((*self.still_broken_for, person))))
            case events.Cancelled():
                return self._ended(Phase.FALSE_ALARM, event.why, event.at)
            case merging.MergedInto():
                return replace(self._ended(Phase.MERGED, "", event.at), merged=event.record)
            case merging.MergedFrom():
                more: dict[str, Any] = {it: (*getattr(self, it), *new) for it, new in event.brings.items()}
                return replace(self, **more)
            case events.Reopened():
                again = replace(
                    self,
                    phase=Phase.INVESTIGATING,
                    command_since=event.at if self.commander else None,
                    mitigated_at=None,
                    resolved_at=None,
                    resolution=None,
                    merged=None,
                    still_broken_for=(),
                    reopened_at=event.at,
                    update_due=event.next_due,
                )
                return again._asking_owner()  # noqa: SLF001  the same class
            case postmortem_events.ReviewClosed():
                return replace(self, phase=Phase.REVIEWED)
            case reminder_events.Reminded():
                in_channel = event.to == IncidentChannel(self.number)
                return replace(
                    self,
                    reminded=remembering(self.reminded, event),
                    reminded_at=event.at if in_channel else self.reminded_at,
                )
            case reminder_events.Snoozed():
                snooze = Snooze(mark=event.mark, until=event.until, by=event.by or "")
                return replace(self, snoozed={**self.snoozed, event.reminder: snooze})
            case events.StepPassed():
                passed = Passed(by=event.by or "", at=event.at, answer=event.answer)
                return replace(self, steps={**self.steps, event.step: passed})
            case reminder_events.Hushed():
                return replace(self, quiet_until=event.until)
        return self

    def _ended(self, phase: Phase, word: str, at: datetime) -> "Incident":
        return replace(
            self,
            phase=phase,
            resolved_at=at,
            resolution=word or None,
            update_due=None,
            command_offered_to=None,
        )

    def _alerted(self, event: alert_events.AlertAdded) -> "Incident":
        """Take over the start and the link of an alert. Who knows better when the impact began says so."""
        is_new = event.url is not None and all(link.url != event.url for link in self.links)
        links = (Link(url=event.url or "", title=event.title),) if is_new else ()
        begun = event.began_at if event.is_first else None
        return replace(self, links=(*self.links, *links), impact_since=self.impact_since or begun)

    def _suspecting(self, event: changes_events.ChangeSuspected) -> "Incident":
        suspect = Suspect(
            change=event.change,
            title=event.title,
            url=event.url,
            service=event.service,
            happened_at=event.happened_at,
            suspected_at=event.at,
        )
        return replace(self, suspects=(*self.suspects, suspect))

    def _closed(self, event: events.ChannelClosed) -> "Incident":
        """Return the incident after its channel closed. A second closing (archived, then deleted) updates the first."""
        before = self.channel_closed
        closed = replace(before or ClosedChannel(how=event.how, at=event.at), how=event.how)
        asked = replace(self, channel_closed=replace(closed, by=event.by or closed.by))
        return asked._asking_owner()  # noqa: SLF001  the same class

    def _asking_owner(self) -> "Incident":
        """Record that the owner is asked what to do while the channel is closed."""
        closed = self.channel_closed
        if closed is None or not self.is_open or self.contact in closed.asked:
            return self
        return replace(self, channel_closed=replace(closed, asked=(*closed.asked, self.contact)))

    def _without(self, event: events.PersonUnavailable) -> "Incident":
        """Return the incident without a person. If they led, `command_since` is when they stopped."""
        offered_to = None if event.offered else self.command_offered_to
        left = replace(
            self.without_member(event.person, event.at),
            command_offered_to=offered_to,
            roles={role: person for role, person in self.roles.items() if role not in event.roles},
        )
        if not event.led:
            return left
        return replace(left, commander=None, command_since=event.at)._asking_owner()  # noqa: SLF001  the same class
