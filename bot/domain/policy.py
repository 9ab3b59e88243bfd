"""What an organisation has decided: its teams, severities and who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.plan import Plan
from bot.domain.refusal import Choice, Refusal
from bot.domain.role import ROLES
from bot.domain.severity import means
from bot.domain.spelling import nearest
from bot.domain.text import shortened


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team that can be paged and told: its channel (Slack id) and its PagerDuty ids."""

    key: str
    channel: str
    service: str | None = None
    escalation_policy: str | None = None
    schedule: str | None = None
    manager: str | None = None


@dataclass(frozen=True, kw_only=True)
class Severity:
    """How bad it is: how often an update is promised, and which teams are paged when an incident opens."""

    key: str
    update_every: timedelta | None = None
    page: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Grace:
    """How many days something may take: of the calendar, or business days (Monday to Friday)."""

    days: int
    business: bool = False


@dataclass(frozen=True, kw_only=True)
class PostmortemSettings:
    """Where postmortems go: repositories as owner/name, `logins` from Slack id to GitHub login."""

    repository: str | None = None
    private_repository: str | None = None
    """For private incidents; without it they are not exported."""
    milestone: str | None = None
    copy_to: str | None = None
    """A repository that gets a copy as a file, by a pull request."""
    copy_folder: str = "docs/postmortems"
    logins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Timers:
    """When Spy speaks unasked. The numbers are spy.md's, *Timers*; `timers:` in config.yaml changes them."""

    no_commander_every: timedelta = timedelta(minutes=2)
    no_severity_every: timedelta = timedelta(minutes=5)
    asked_at_most: int = 5
    """How often for a commander (then the backup is paged) and for a severity."""
    update_shown_after: timedelta = timedelta(minutes=5)
    """How long an update may be overdue before the channel sees it."""
    roll_back_after: timedelta = timedelta(minutes=10)
    roll_back_severities: tuple[str, ...] = ("sev1", "sev2")
    mitigate_first_after: timedelta = timedelta(minutes=10)
    page_unanswered_after: timedelta = timedelta(minutes=5)
    renew_acknowledgement: bool = True
    """Whether a page stays acknowledged while somebody leads and updates in time, whatever the pager's time limit."""
    still_open_every: timedelta = timedelta(days=1)
    still_open_hour: int = 10
    """The hour of the owner's day (local) at which *still open* is asked."""
    channel_rest: timedelta = timedelta(minutes=5)
    """At most one unsolicited post a channel in this time; the rest is on the card."""
    relief_warn: timedelta = timedelta(minutes=45)
    relief_ask: timedelta = timedelta(minutes=60)
    relief_page: timedelta = timedelta(minutes=75)
    relief_manager: timedelta = timedelta(minutes=90)
    relief_every: timedelta = timedelta(hours=1)
    relief_fine: timedelta = timedelta(minutes=30)
    night_from: int = 22
    night_until: int = 7
    """Local hours between which it is night, over midnight or within a day; where they are the same, it never is."""
    duty_warn: timedelta = timedelta(hours=8)
    duty_urge: timedelta = timedelta(hours=12)
    """Cumulative duty in any 24 h."""
    day_warn: timedelta = timedelta(hours=14)
    day_urge: timedelta = timedelta(hours=16)
    """Time since the first duty of the day."""
    shift_warnings: tuple[timedelta, ...] = (
        timedelta(days=7),
        timedelta(days=1),
        timedelta(hours=1),
        timedelta(),
    )
    """How long before a shift its person is warned."""
    shift_unanswered: timedelta = timedelta(hours=1)
    """How long before an unanswered shift the schedule's owner hears."""
    shift_handover: timedelta = timedelta(hours=1)
    """How long before its end the handover is to be written."""
    test_page_after: timedelta = timedelta(minutes=2)
    cover_reminders: tuple[timedelta, ...] = (
        *(timedelta(weeks=it) for it in (4, 3, 2, 1)),
        *(timedelta(days=it) for it in (3, 2, 1)),
        timedelta(hours=12),
    )
    lock_every: timedelta = timedelta(days=1)
    """How often who set a deploy lock is asked whether it is still needed."""
    shift_load_flag: int = 2
    shift_load_relief: int = 3
    """Incidents in one shift of 12 h: flagged, and relief offered."""
    postmortem_due: Mapping[str, Grace] = field(
        default_factory=lambda: {"sev1": Grace(days=3), "sev2": Grace(days=5, business=True)}
    )
    """By severity; one that is not named owes none (PagerDuty's numbers)."""
    follow_up_ahead: timedelta = timedelta(days=2)
    """How long before it is due its owner is reminded of a follow-up (incident.io)."""

    def is_night(self, hour: int) -> bool:
        """Whether this hour on somebody's own clock is in their night."""
        if self.night_from <= self.night_until:
            return self.night_from <= hour < self.night_until
        return hour >= self.night_from or hour < self.night_until


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """Something to be said or done so long after an incident opened, or when it stops.

    `to` is commander, channel, a role, or :team. One of `message` (plain words) and `command` (said in the
    commander's name) is there. `unless` names a condition that makes it needless: see `reminder.CONDITIONS`.
    """

    name: str
    when: tuple[timedelta, ...] = ()
    at_stop: bool = False
    severities: tuple[str, ...] = ()
    """Those it is for; empty: all."""
    to: str = "commander"
    message: str | None = None
    command: str | None = None
    unless: str | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """Something that is deployed: the repositories (owner/name) it is made of, and PagerDuty's id of it."""

    key: str
    repositories: tuple[str, ...] = ()
    pagerduty: str | None = None


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who somebody is in PagerDuty, where their Slack e-mail does not tell: a user's id there, or another e-mail."""

    pagerduty: str | None = None
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    teams: Mapping[str, Team] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    command_team: str | None = None
    announce: str | None = None
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    timers: Timers = field(default_factory=Timers)
    milestones: tuple[Milestone, ...] = ()
    services: Mapping[str, Service] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    """What can be failed over, by name."""
    postmortem_settings: PostmortemSettings = field(default_factory=PostmortemSettings)
    people: Mapping[str, Account] = field(default_factory=dict)
    """By Slack id."""
    roles: tuple[str, ...] = ROLES
    """The roles beside command that somebody can have in an incident."""

    def team(self, key: str) -> Team:
        """Find a team by its key, with or without the colon; refuse with the nearest one."""
        bare = key.strip(":").casefold()
        if found := self.teams.get(bare):
            return found
        known = ", ".join(f":{name}" for name in self.teams) or "none yet (see `teams:` in config.yaml)"
        meant = nearest(bare, self.teams)
        raise Refusal(
            f"There is no team :{shortened(bare)}.{_nearest(bare, self.teams, ':')} Teams: {known}.",
            slot="team",
            choices=(Choice(label=f":{meant}", say=f":{meant}"),) if meant else (),
        )

    def severity(self, key: str) -> Severity:
        """Find a severity as people say it: `sev1`, `1`, `SEV-1`, `P1`."""
        for severity in self.severities.values():
            if means(key, severity.key):
                return severity
        bare = key.casefold()
        known = ", ".join(self.severities)
        raise Refusal(
            f"There is no severity {shortened(key)}.{_nearest(bare, self.severities)} Severities: {known}.",
            slot="severity",
            choices=tuple(Choice(label=name, say=f"incident sev {name}") for name in self.severities),
        )

    def service_of(self, repository: str) -> str:
        """Return whose changes a repository's (owner/name) are: a service's of `services:`, else the name's own."""
        wanted = repository.casefold()
        for service in self.services.values():
            if wanted in (it.casefold() for it in service.repositories):
                return service.key
        return wanted.rpartition("/")[2]

    def service_paged_as(self, pagerduty_id: str) -> str:
        """Return whose PagerDuty's service is: a service's, else a team's; else it goes by its id."""
        named = (it.key for it in self.services.values() if it.pagerduty == pagerduty_id)
        teams = (it.key for it in self.teams.values() if it.service == pagerduty_id)
        return next(named, None) or next(teams, pagerduty_id.casefold())

    def person_of(self, *, user: str | None = None, email: str | None = None) -> str | None:
        """Return whose (a Slack id) PagerDuty's user or e-mail is, where `people:` says so."""
        wanted = (email or "").casefold()
        for person, account in self.people.items():
            if (user and account.pagerduty == user) or (
                wanted and (account.email or "").casefold() == wanted
            ):
                return person
        return None

    def granted(self, role: str) -> frozenset[str]:
        """Return whom `permissions:` names for a role, by Slack id, people and user groups; admins have every role."""
        return self.permissions.get(role, frozenset()) | self.permissions.get("admin", frozenset())

    @property
    def maintainers(self) -> tuple[str, ...]:
        """Who hears of trouble that Spy has itself: the admins who are named, else the announcement channel."""
        admins = sorted(it for it in self.permissions.get("admin", ()) if it.startswith(("U", "W")))
        return tuple(admins or ([self.announce] if self.announce else []))

    def may(self, person: str, role: str) -> bool:
        """Whether `permissions:` names this person for a role; who is in a named user group, `Permissions` knows."""
        return role == "everyone" or person in self.granted(role)

    @property
    def user_groups(self) -> frozenset[str]:
        """The Slack user groups that `permissions:` names."""
        return frozenset(it for named in self.permissions.values() for it in named if is_user_group(it))


def is_user_group(ident: str) -> bool:
    """Whether this Slack id is a user group's rather than a person's."""
    return ident.startswith("S")


def _nearest(word: str, known: Mapping[str, object], mark: str = "") -> str:
    meant = nearest(word, known)
    return f" Did you mean {mark}{meant}?" if meant else ""
