"""The organisation's settings: its teams, severities, timers, plans and permissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from bot.domain.failover.plan import Plan
from bot.domain.incident.role import ROLES
from bot.domain.incident.severity import means
from bot.domain.limits import LimitSettings
from bot.domain.permission import INCLUDED, Role
from bot.domain.refusal import Choice, Refusal
from bot.domain.retention import Retention
from bot.domain.service import Service, Services, must_be_listed
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.status.component import StatusSettings
from bot.domain.subject import is_person, is_user_group
from bot.domain.text import shortened
from bot.domain.webhook import WebhookSettings


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team that can be paged and notified: its Slack channel and its ids at the pager."""

    key: str
    channel: str
    service: str | None = None
    escalation_policy: str | None = None
    schedule: str | None = None
    manager: str | None = None
    oncall_group: str | None = None
    """The Slack user group that holds the people on call."""
    zone: str | None = None
    """The time zone (IANA) of its reports; None: its manager's."""
    digest: bool = True
    """Whether its channel gets a report each month."""


@dataclass(frozen=True, kw_only=True)
class Severity:
    """A severity: how often updates are due, and which teams are paged when an incident opens."""

    key: str
    update_every: timedelta | None = None
    is_quiet: bool = False
    """Whether config.yaml says that no update is due: `update_every: never`."""
    page: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Grace:
    """How many days are allowed: calendar days, or business days (Monday to Friday)."""

    days: int
    business: bool = False


@dataclass(frozen=True, kw_only=True)
class PostmortemSettings:
    """Where postmortems go. Repositories are owner/name; `logins` maps Slack ids to logins at the tracker."""

    repository: str | None = None
    private_repository: str | None = None
    """For private incidents. Without it, their postmortems are not exported."""
    milestone: str | None = None
    sub_issues: bool = False
    """Whether the issues of follow-ups go below the postmortem's issue."""
    copy_to: str | None = None
    """A repository that gets a copy as a file, through a pull request."""
    copy_folder: str = "docs/postmortems"
    logins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ResolutionSettings:
    """What follows the end of an incident."""

    still_broken: Literal["ask", "reopen"] = "ask"
    """Whether *Still broken for you?* asks who led, or opens the incident again."""
    archive_channels: timedelta | None = None
    """How long after the end of its review an incident's channel is archived. None: never."""


@dataclass(frozen=True, kw_only=True)
class DashboardSettings:
    """Where browsers reach Spy, and how long a session lasts."""

    address: str | None = None
    session: timedelta = timedelta(days=7)


Hour = Annotated[int, range(24)]
"""An hour of the day."""
Safety = Literal["no_commander", "page_unanswered", "relief", "long_hours"]
"""The safety reminders that can be switched off by name. Those about updates are switched off by severity."""
NO_COMMANDER: Safety = "no_commander"
PAGE_UNANSWERED: Safety = "page_unanswered"
RELIEF: Safety = "relief"
LONG_HOURS: Safety = "long_hours"


def _minutes(**minutes: int) -> Mapping[str, timedelta]:
    return {severity: timedelta(minutes=it) for severity, it in minutes.items()}


@dataclass(frozen=True, kw_only=True)
class Timers:
    """When Spy sends reminders. Each field is a key of `timers:` in config.yaml, and is in docs/timers.md."""

    no_commander_every: timedelta = timedelta(minutes=2)
    no_severity_every: timedelta = timedelta(minutes=5)
    asked_at_most: int = 5
    """How often Spy asks for a commander (then it pages the backup) or for a severity. Source: Monzo Response."""
    update_shown_after: timedelta = timedelta(minutes=5)
    """How long an update may be overdue before Spy reminds the channel."""
    roll_back_after: timedelta = timedelta(minutes=10)
    roll_back_severities: tuple[str, ...] = ("sev1", "sev2")
    mitigate_first_after: timedelta = timedelta(minutes=10)
    page_unanswered_after: timedelta = timedelta(minutes=5)
    renew_acknowledgement: bool = True
    """Whether Spy keeps a page acknowledged while updates are in time, beyond the pager's own time limit."""
    still_open_every: timedelta = timedelta(days=1)
    still_open_hour: Hour = 10
    """The local hour of the owner at which Spy asks *still open?*"""
    channel_rest: timedelta = timedelta(minutes=5)
    """The least time between two unsolicited posts in a channel. In between, only the card shows them."""
    relief_warn: timedelta = timedelta(minutes=45)
    relief_ask: timedelta = timedelta(minutes=60)
    relief_page: timedelta = timedelta(minutes=75)
    relief_manager: timedelta = timedelta(minutes=90)
    relief_every: timedelta = timedelta(hours=1)
    relief_fine: timedelta = timedelta(minutes=30)
    night_from: Hour = 22
    night_until: Hour = 7
    """The local hours at which the night begins and ends. If they are equal, there is no night."""
    rest_offer_hour: Hour = 8
    """The local hour from which somebody who was paged at night is offered cover, until ten. From 10 on: never."""
    rest_between: timedelta = timedelta(hours=11)
    """The rest in 24 h below which somebody who would cover is told of it. Source: the EU's working time directive."""
    page_work: timedelta = timedelta(minutes=15)
    """The least time that a page counts as work, acknowledged or not: nobody sleeps again at once."""
    duty_warn: timedelta = timedelta(hours=8)
    duty_urge: timedelta = timedelta(hours=12)
    """Work within any 24 h. Sources: Dawson and Reid (1997), and NASA's duty limits."""
    day_warn: timedelta = timedelta(hours=14)
    day_urge: timedelta = timedelta(hours=16)
    """Time since the first work of the day."""
    shift_warnings: tuple[timedelta, ...] = (
        timedelta(days=7),
        timedelta(days=1),
        timedelta(hours=1),
        timedelta(),
    )
    """How long before a shift Spy warns its person."""
    shift_unanswered: timedelta = timedelta(hours=1)
    """How long before an unconfirmed shift Spy notifies the schedule's owner."""
    shift_handover: timedelta = timedelta(hours=1)
    """How long before the end of a shift Spy asks for the handover notes."""
    shift_brief: bool = True
    """Whether somebody who begins a shift gets a brief of what they take over."""
    report_hour: Hour = 10
    """The hour of a team's clock at which its channel gets the report of the last month."""
    test_page_after: timedelta = timedelta(minutes=2)
    cover_reminders: tuple[timedelta, ...] = (
        *(timedelta(weeks=it) for it in (4, 3, 2, 1)),
        *(timedelta(days=it) for it in (3, 2, 1)),
        timedelta(hours=12),
    )
    lever_rehearsal: timedelta = timedelta(days=90)
    """After how long without a rehearsal Spy asks for one."""
    lock_every: timedelta = timedelta(days=1)
    """How often Spy asks the owner of a deploy lock whether it is still needed."""
    shift_load_flag: int = 2
    shift_load_relief: int = 3
    """Incidents within 12 h of a shift, from which it is flagged, and from which relief is offered."""
    postmortem_due: Mapping[str, Grace] = field(
        default_factory=lambda: {"sev1": Grace(days=3), "sev2": Grace(days=5, business=True)}
    )
    """By severity. A severity that is missing here needs no postmortem. Source: PagerDuty's guide."""
    follow_up_ahead: timedelta = timedelta(days=2)
    """How long before its due day the owner of a follow-up is reminded. Source: incident.io."""
    public_update_investigating: Mapping[str, timedelta] = field(
        default_factory=lambda: _minutes(sev1=10, sev2=15, sev3=15)
    )
    public_update_identified: Mapping[str, timedelta] = field(
        default_factory=lambda: _minutes(sev1=10, sev2=30, sev3=30)
    )
    public_update_monitoring: Mapping[str, timedelta] = field(
        default_factory=lambda: _minutes(sev1=30, sev2=60, sev3=60)
    )
    """How often customers hear of a component that does not work, by severity. Source: GitLab's handbook."""
    switched_off: tuple[Safety, ...] = ()
    """The safety reminders that are never sent. See `safety.vanished`."""

    def is_night(self, hour: int) -> bool:
        """Whether this local hour is at night."""
        if self.night_from <= self.night_until:
            return self.night_from <= hour < self.night_until
        return hour >= self.night_from or hour < self.night_until


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """Something to send or do after an incident has been open for some time, or when it stops.

    `to` is commander, channel, a role, or :team. It has either a `message` or a `command`, which runs in the
    commander's name. `unless` names a condition that makes it unnecessary: see `milestone.CONDITIONS`.
    """

    name: str
    when: tuple[timedelta, ...] = ()
    at_stop: bool = False
    severities: tuple[str, ...] = ()
    """The severities it applies to. Empty means all."""
    to: str = "commander"
    message: str | None = None
    command: str | None = None
    unless: str | None = None


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person's user id at the pager, or their e-mail there, if their Slack e-mail differs."""

    pager_id: str | None = None
    email: str | None = None


EVERYBODY = "everybody"


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """To which addresses Spy writes: those at these domains, which are in small letters."""

    domains: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OnCallSettings:
    """What the ledger counts and shows.

    `holidays` are names of calendars: by Slack id, by team, and for `everybody`. The teams of `by_person` see who did
    what; others see sums.
    """

    holidays: Mapping[str, str] = field(default_factory=dict)
    by_person: tuple[str, ...] = ()

    def calendar(self, person: str, team: str) -> str | None:
        """Return the calendar of a person: their own, their team's, or everybody's."""
        known = (self.holidays.get(it) for it in (person, team, EVERYBODY))
        return next(filter(None, known), None)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All settings that decide what Spy does. Frozen; a reload makes a new one."""

    teams: Mapping[str, Team] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    command_team: str | None = None
    announce: str | None = None
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By role, the Slack ids of the people and user groups that have it."""
    command_roles: Mapping[str, Role] = field(default_factory=dict)
    """The roles that commands need where they differ from what is declared. See `permission.longest_match`."""
    timers: Timers = field(default_factory=Timers)
    limits: LimitSettings = field(default_factory=LimitSettings)
    milestones: tuple[Milestone, ...] = ()
    services: Services = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    """The failover plans, by name."""
    relieves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each plan is a lever against. It is no part of the plan: approvals hold for the plan's own words."""
    postmortem_settings: PostmortemSettings = field(default_factory=PostmortemSettings)
    people: Mapping[str, Account] = field(default_factory=dict)
    """By Slack id."""
    by_hand: str = ""
    """What people do by hand while Spy can't, in the words of config.yaml."""
    pager_page: str = ""
    """Where people page by hand: the pager's address."""
    pager_name: str = "the pager"
    tracker_name: str = "the tracker"
    """The names of the vendors, for messages."""
    roles: tuple[str, ...] = ROLES
    """The roles that people can have in an incident, besides commander."""
    resolution: ResolutionSettings = field(default_factory=ResolutionSettings)
    retention: Retention = field(default_factory=Retention)
    on_call: OnCallSettings = field(default_factory=OnCallSettings)
    status: StatusSettings = field(default_factory=StatusSettings)
    """What customers are shown."""
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    mail: MailSettings | None = None
    """None: Spy sends no mail."""
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
    """The programs that Spy tells of events, by name."""

    def team(self, key: str) -> Team:
        """Return a team by its key, with or without the colon. Refuses an unknown key and suggests the nearest."""
        bare = key.strip(":").casefold()
        if found := self.teams.get(bare):
            return found
        known = ", ".join(f":{name}" for name in self.teams) or "none yet (see `teams:` in config.yaml)"
        meant = nearest(bare, self.teams)
        raise Refusal(
            f"There is no team :{shortened(bare)}.{did_you_mean(meant and f':{meant}')} Teams: {known}.",
            slot="team",
            choices=(Choice(label=f":{meant}", say=f":{meant}"),) if meant else (),
        )

    def severity(self, key: str) -> Severity:
        """Return a severity as people type it: `sev1`, `1`, `SEV-1`, `P1`. Refuses an unknown one."""
        for severity in self.severities.values():
            if means(key, severity.key):
                return severity
        meant = did_you_mean(nearest(key.casefold(), self.severities))
        raise Refusal(
            f"There is no severity {shortened(key)}.{meant} Severities: {', '.join(self.severities)}.",
            slot="severity",
            choices=tuple(Choice(label=name, say=f"incident sev {name}") for name in self.severities),
        )

    def service(self, words: str) -> Service:
        """Return a service as people write it, or refuse an unknown one and suggest the nearest."""
        return must_be_listed(words, self.services)

    def service_of(self, repository: str) -> str | None:
        """Return the service that owns a repository (owner/name), else None."""
        wanted = repository.casefold()
        for service in self.services.values():
            if wanted in (it.casefold() for it in service.repositories):
                return service.key
        return None

    def service_paged_as(self, pager_id: str) -> str:
        """Return the service or team with this service id at the pager, else the id in lower case."""
        named = (it.key for it in self.services.values() if pager_id in it.pager_ids)
        teams = (it.key for it in self.teams.values() if it.service == pager_id)
        return next(named, None) or next(teams, pager_id.casefold())

    def team_paged_as(self, pager_id: str | None) -> str:
        """Return the team of a service id at the pager; empty if it is none's."""
        by_service = (it.team for it in self.services.values() if pager_id in it.pager_ids)
        by_team = (it.key for it in self.teams.values() if pager_id and it.service == pager_id)
        return next(filter(None, by_service), None) or next(by_team, "")

    def person_of(self, *, user: str | None = None, email: str | None = None) -> str | None:
        """Return the Slack id that `people:` lists for a user or an e-mail of the pager, else None."""
        wanted = (email or "").casefold()
        for person, account in self.people.items():
            if (user and account.pager_id == user) or (wanted and (account.email or "").casefold() == wanted):
                return person
        return None

    def granted(self, role: str) -> frozenset[str]:
        """Return the Slack ids of people and user groups whom `permissions:` gives a role, or one that includes it."""
        return frozenset().union(*(self.permissions.get(it, frozenset()) for it in INCLUDED.get(role, ())))

    def is_for_members(self, role: str) -> bool:
        """Whether every member of the workspace has a role. Each is a responder, unless some are named."""
        return role == "member" or (role == "responder" and not self.permissions.get("responder"))

    @property
    def maintainers(self) -> tuple[str, ...]:
        """Who is notified of Spy's own problems: the named admins, else the announcement channel."""
        admins = sorted(it for it in self.permissions.get("admin", ()) if is_person(it))
        return tuple(admins or ([self.announce] if self.announce else []))

    @property
    def user_groups(self) -> frozenset[str]:
        """The ids of the Slack user groups in `permissions:`."""
        return frozenset(it for named in self.permissions.values() for it in named if is_user_group(it))
