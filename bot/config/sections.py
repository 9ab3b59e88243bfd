"""The sections of config.yaml: their keys, types and defaults."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    create_model,
    model_validator,
)

from bot.config.failover import PlanSection
from bot.config.limits import LimitsSection
from bot.config.mail import MailSection
from bot.config.services import ServiceSection, as_list, different_services
from bot.config.status import StatusSection
from bot.config.timers import TimersSection
from bot.config.values import (
    OWN,
    Channel,
    ConfigSection,
    Duration,
    Email,
    Folder,
    Interval,
    Name,
    RoleName,
    ServiceName,
    Span,
    TeamName,
    Url,
    User,
    UserGroupId,
    UserOrGroup,
    Words,
    duration,
    shaped,
)
from bot.config.vendors import Vendors
from bot.config.webhooks import WebhookSection
from bot.domain import former_words
from bot.domain.incident.milestone import CONDITIONS, FIELDS
from bot.domain.incident.role import ROLES
from bot.domain.permission import INCLUDED, Role, key_words
from bot.domain.placeholders import braced
from bot.domain.policy import EVERYBODY
from bot.domain.zone import known_zone


class SlackSection(ConfigSection):
    mode: Literal["socket", "http"] = "socket"
    announce: Channel | None = None


class PersonSection(ConfigSection):
    """Who someone is elsewhere: an id or login at each vendor, and an e-mail other than Slack's."""

    email: Email | None = None


def _command_words(given: str) -> str:
    words = key_words(given)
    if not words or any("*" in it for it in words):
        raise ValueError(
            "is no beginning of a command. Write its first words, such as `page` or `failover *`."
        )
    return " ".join(words)


CommandWords = Annotated[str, AfterValidator(_command_words)]


def _different_people(people: Mapping[str, PersonSection]) -> Mapping[str, PersonSection]:
    for what in dict.fromkeys(name for it in people.values() for name in type(it).model_fields):
        accounts = [(getattr(it, what) or "").casefold() for it in people.values()]
        if twice := next((it for it in accounts if it and accounts.count(it) > 1), None):
            raise ValueError(f"{twice!r} is the {what} of two people. Each has their own.")
    return people


def _zone(name: str) -> str:
    found = known_zone(name)
    if found is None:
        raise ValueError(f"{name[:40]!r} is no time zone. Write it as Europe/Lisbon or UTC.")
    return found


Zone = Annotated[str, AfterValidator(_zone)]


class TeamIds(ConfigSection):
    """A team's ids at a pager."""

    service: Any
    escalation_policy: Any = None
    schedule: Any = None


class TeamSection(ConfigSection):
    channel: Channel
    manager: User | None = None
    oncall_group: UserGroupId | None = None
    """The user group that holds the people on call. Spy replaces its members."""
    zone: Zone | None = None
    """The time zone of its reports; without it, its manager's."""
    digest: StrictBool = True
    """Whether its channel gets a report each month."""


def different_groups(teams: Mapping[str, TeamSection]) -> Mapping[str, TeamSection]:
    groups = [it.oncall_group for it in teams.values() if it.oncall_group]
    if twice := next((it for it in groups if groups.count(it) > 1), None):
        raise ValueError(f"{twice} is the oncall_group of two teams. Each has a user group of its own.")
    return teams


class SeveritySection(ConfigSection):
    update_every: Interval | None = None
    page: tuple[TeamName, ...] = ()


class PermissionsSection(ConfigSection):
    """Who may do what: roles by Slack user or user group id, and commands whose role differs from the usual one."""

    member: tuple[UserOrGroup, ...] = ()
    responder: tuple[UserOrGroup, ...] = ()
    commander: tuple[UserOrGroup, ...] = ()
    operator: tuple[UserOrGroup, ...] = ()
    admin: tuple[UserOrGroup, ...] = ()
    commands: Mapping[CommandWords, Role] = Field(default_factory=dict)

    @property
    def people(self) -> Mapping[str, frozenset[str]]:
        """Return who has each role. A role that nobody has is left out."""
        named = ((role, frozenset(getattr(self, role))) for role in INCLUDED)
        return {role: people for role, people in named if people}


def _times(given: Any) -> Any:
    """Read a milestone's `when:`: a duration, `stop`, or a list of them."""
    if isinstance(given, str | timedelta):
        return [given]
    return given


def _moment(word: Any) -> timedelta | Literal["stop"]:
    return "stop" if word == "stop" else duration(word)


def _condition(words: str) -> str:
    word, _, rest = words.partition(" ")
    if words not in CONDITIONS and not (word in {"told", "role"} and rest.strip()):
        known = ", ".join(CONDITIONS)
        raise ValueError(f"{words[:40]!r} is no condition. Known: {known}, told :team, role <name>.")
    return words


def _milestone_words(words: str) -> str:
    words = former_words.with_placeholders(words)
    for found, name in braced(words):
        if name not in FIELDS:
            known = ", ".join(f"{{{{ {it} }}}}" for it in FIELDS)
            raise ValueError(f"`{found[:40]}` can't be filled in here. Known: {known}.")
    return words


Moment = Annotated[timedelta | Literal["stop"], BeforeValidator(_moment)]
MilestoneWords = Annotated[Words, AfterValidator(_milestone_words)]
Condition = Annotated[str, AfterValidator(_condition)]


class MilestoneSection(ConfigSection):
    """A message, or a command in the commander's name, some time after an incident opened or when it stops."""

    name: Name
    when: Annotated[tuple[Moment, ...], BeforeValidator(_times), Field(min_length=1)]
    severities: tuple[Name, ...] = ()
    to: Annotated[
        str,
        BeforeValidator(lambda to: former_words.RECIPIENTS.get(to, to) if isinstance(to, str) else to),
        shaped(r":?[a-z0-9][a-z0-9 _-]*", "is nobody: commander, channel, a role such as support, or :team."),
    ] = "commander"
    message: MilestoneWords | None = None
    command: MilestoneWords | None = None
    unless: Condition | None = None

    @model_validator(mode="after")
    def _says_or_does(self) -> Self:
        if (self.message is None) == (self.command is None):
            raise ValueError("needs one of message and command")
        return self


def _distinct(milestones: tuple[MilestoneSection, ...]) -> tuple[MilestoneSection, ...]:
    names = [it.name for it in milestones]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{twice!r} is the name of two milestones. Each has a name of its own.")
    return milestones


def usual_milestones() -> tuple[MilestoneSection, ...]:
    """Return the milestones that apply without `milestones:`. After an hour the relief reminders follow."""
    return tuple(
        MilestoneSection.model_validate(it)
        for it in (
            {
                "name": "status-page",
                "when": ["30s", "stop"],
                "message": "Check the status page: does it say what customers see?",
                "unless": "published",
            },
            {"name": "postmortem", "when": "stop", "message": "Time for the postmortem, while it is fresh."},
        )
    )


Port = Annotated[StrictInt, Field(ge=0, le=65535)]


class WebSection(ConfigSection):
    host: Annotated[str, OWN] = "127.0.0.1"
    port: Annotated[Port, OWN] = 3000
    """0 takes any free port."""
    internal_host: Annotated[str, OWN] = "127.0.0.1"
    internal_port: Annotated[Port | None, OWN] = None
    """A second port, on which everyone sees everything without a token. It takes no webhooks."""
    public_url: Url | None = None
    session: Annotated[Span, Field(ge=timedelta(minutes=5), le=timedelta(days=90))] = timedelta(days=7)
    """How long somebody stays signed in to the dashboard."""
    runbooks: bool = True
    """Whether runbooks are also web pages, for those with the token or on the internal port."""

    @model_validator(mode="after")
    def _has_two_ports(self) -> Self:
        if self.port and self.port == self.internal_port:
            raise ValueError("internal_port and port are the same. Take two.")
        return self


class DeliverySection(ConfigSection):
    lease: Duration = timedelta(seconds=20)
    """How long an effect may be in delivery. After that it counts as lost, is checked and retried."""
    senders: Annotated[StrictInt, Field(ge=1, le=1000)] = 64


Wait = Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(minutes=1))]


def _at_least(days: int) -> AfterValidator:
    """Refuse a shorter span: lists and statistics look back for a month, and Spy knows shifts of the last 35 days."""

    def is_long(span: timedelta) -> timedelta:
        if span < timedelta(days=days):
            raise ValueError(f"must be at least {days}d: Spy looks back that far")
        return span

    return AfterValidator(is_long)


Month = Annotated[Span, _at_least(30)]


class RetentionSection(ConfigSection):
    """How long what is over is kept. What has no span here is kept for ever, except the last two."""

    closed_incidents: Month | None = None
    private_incidents: Month | None = None
    audit: Month | None = None
    on_call: Annotated[Span, _at_least(40)] = timedelta(days=400)
    messages: Annotated[Span, _at_least(40)] = timedelta(days=90)

    @model_validator(mode="after")
    def _private_ones_sooner(self) -> Self:
        if (
            self.private_incidents
            and self.closed_incidents
            and self.private_incidents > self.closed_incidents
        ):
            raise ValueError("private_incidents can't be kept longer than closed_incidents")
        return self


class ResolutionSection(ConfigSection):
    """What follows the end of an incident."""

    still_broken: Literal["ask", "reopen"] = "ask"
    archive_channels: Annotated[Duration, Field(ge=timedelta(days=1))] | None = None


def _of_everybody(given: Any) -> Any:
    return {EVERYBODY: given} if isinstance(given, str) else given


Calendar = Annotated[
    str,
    shaped(
        r"[A-Z]{2}(-[A-Z0-9]{1,3})?|[^/.][^\n]{0,200}\.ics",
        "is no calendar: a country (PT), a country and a region (US-CA), or an iCalendar file (holidays.ics).",
    ),
]


class OnCallSection(ConfigSection):
    holidays: Annotated[Mapping[str, Calendar], BeforeValidator(_of_everybody)] = Field(default_factory=dict)
    """A calendar for `everybody`, for teams, and for people by Slack id. A calendar alone is everybody's."""
    by_person: tuple[TeamName, ...] = ()
    """The teams whose people see each other's ledger. Others see sums."""


class DatabaseSection(ConfigSection):
    pool: Annotated[StrictInt, Field(ge=1, le=1000)] = 20
    connect_timeout: Wait = timedelta(seconds=2)
    statement_timeout: Wait = timedelta(seconds=5)
    """For PostgreSQL's answer to one statement."""
    lock_timeout: Wait = timedelta(seconds=2)
    """For locks that another transaction holds; with SQLite, another process."""


def _usual_severities() -> Mapping[str, SeveritySection]:
    usual = {"sev1": "15m", "sev2": "30m", "sev3": "60m"}
    return {key: SeveritySection(update_every=duration(length)) for key, length in usual.items()}


def _parsed(url: str) -> str:
    if not urlsplit(url).hostname:  # raises a ValueError itself for some
        raise ValueError("has no host")
    return url


class Sections(ConfigSection):
    """All of config.yaml, without the vendors' sections. Every section may be left out."""

    slack: SlackSection = SlackSection()
    teams: Mapping[Name, TeamSection] = Field(default_factory=dict)
    command_team: TeamName | None = None
    severities: Mapping[Name, SeveritySection] = Field(min_length=1, default_factory=_usual_severities)
    permissions: PermissionsSection = PermissionsSection()
    roles: tuple[RoleName, ...] = ROLES
    """The roles that people can have in an incident, besides commander."""
    timers: TimersSection = Field(default_factory=TimersSection)  # type: ignore[valid-type]  # a class made at import
    limits: LimitsSection = LimitsSection()
    milestones: Annotated[tuple[MilestoneSection, ...], AfterValidator(_distinct)] = Field(
        default_factory=usual_milestones
    )
    services: Mapping[ServiceName, ServiceSection] = Field(default_factory=dict)
    failover: Mapping[Name, PlanSection] = Field(default_factory=dict)
    people: Mapping[User, PersonSection] = Field(default_factory=dict)
    by_hand: Words | None = None
    """What people do by hand while Spy can't: the phone tree, the bridge. Each *not done* says it."""
    web: WebSection = WebSection()
    delivery: DeliverySection = DeliverySection()
    database: DatabaseSection = DatabaseSection()
    retention: RetentionSection = RetentionSection()
    resolution: ResolutionSection = ResolutionSection()
    oncall: OnCallSection = OnCallSection()
    mail: MailSection | None = None
    webhooks: Mapping[Name, WebhookSection] = Field(default_factory=dict)
    """The programs that Spy tells of events."""
    status: StatusSection = StatusSection()
    heartbeat_url: Annotated[Url, AfterValidator(_parsed)] | None = None
    """The address of a dead man's switch. One with a token in it is a secret: it comes from the environment."""
    plugins: tuple[Folder, ...] = ()
    templates: tuple[Folder, ...] = ()
    runbooks: tuple[Folder, ...] = ()


@cache
def sections_with(vendors: Vendors) -> type[Sections]:
    """Return the sections of config.yaml with those of the vendors, and their keys in teams, people and services."""
    ids: _Fields = {it.key: (it.ident | None, None) for it in vendors.pagers}
    logins: _Fields = {it.key: (it.login | None, None) for it in vendors.trackers}
    team_ids: _Fields = {it.key: (_team_ids(it.ident) | None, None) for it in vendors.pagers}
    usual = next((it.key for it in vendors.trackers if it.is_usual), "email")
    is_one = BeforeValidator(lambda given: {usual: given} if isinstance(given, str) else given)
    team: Any = create_model("TeamSection", __base__=TeamSection, **team_ids)
    service_ids: _Fields = {it.key: (_one_or_more(it.ident), ()) for it in vendors.pagers}
    service: Any = create_model("ServiceSection", __base__=ServiceSection, **service_ids)
    services = Annotated[Mapping[ServiceName, service], AfterValidator(different_services)]
    person: Any = create_model("PersonSection", __base__=PersonSection, **logins, **ids)
    people = Annotated[Mapping[User, Annotated[person, is_one]], AfterValidator(_different_people)]
    fields: _Fields = {
        **{it.key: (it.section | None, None) for it in vendors.all},
        "teams": (
            Annotated[Mapping[Name, team], AfterValidator(different_groups)],
            Field(default_factory=dict),
        ),
        "services": (services, Field(default_factory=dict)),
        "people": (people, Field(default_factory=dict)),
    }
    return create_model("Sections", __base__=Sections, **fields)


def _one_or_more(ident: Any) -> Any:
    """Return the type of a list that may be written as one value."""
    return Annotated[tuple[ident, ...], BeforeValidator(as_list)]


def _team_ids(ident: Any) -> type[TeamIds]:
    fields: _Fields = {
        "service": (ident, ...),
        "escalation_policy": (ident | None, None),
        "schedule": (ident | None, None),
    }
    return create_model("TeamIds", __base__=TeamIds, **fields)


_Fields = dict[str, Any]
"""Fields of a class of sections: each one's type and default."""
