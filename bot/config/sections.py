"""The sections of config.yaml: their keys, types and defaults."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, model_validator

from bot.config.failover import PlanSection
from bot.config.timers import TimersSection
from bot.config.values import (
    Channel,
    ConfigSection,
    Duration,
    Email,
    Folder,
    Login,
    Name,
    PagerDutyId,
    Repository,
    RoleName,
    ServiceName,
    TeamName,
    Url,
    User,
    UserOrGroup,
    Words,
    duration,
    shaped,
)
from bot.domain import former_words
from bot.domain.incident.milestone import CONDITIONS, FIELDS
from bot.domain.incident.role import ROLES
from bot.domain.placeholders import braced


class SlackSection(ConfigSection):
    mode: Literal["socket", "http"] = "socket"
    announce: Channel | None = None


class PagerDutySection(ConfigSection):
    from_: Email = Field(alias="from")
    """The e-mail of the PagerDuty user in whose name pages are created."""


class CopyTo(ConfigSection):
    """A repository that receives each postmortem as a file, by a pull request."""

    repository: Repository
    folder: Annotated[
        str,
        shaped(r"\w[\w.-]*(/\w[\w.-]*)*", "is no folder of a repository. It looks like docs/postmortems."),
    ] = "docs/postmortems"


class GitHubSection(ConfigSection):
    repository: Repository
    """Where postmortems become issues: owner/name."""
    private_repository: Repository | None = None
    """The same for private incidents."""
    milestone: str | None = None
    copy_to: CopyTo | None = None


class PersonSection(ConfigSection):
    """Who someone is elsewhere: GitHub login, PagerDuty user id, and an e-mail other than Slack's."""

    github: Login | None = None
    pagerduty: PagerDutyId | None = None
    email: Email | None = None


def _person(given: Any) -> Any:
    """Read one entry of `people:`. A plain text is the GitHub login."""
    return {"github": given} if isinstance(given, str) else given


def _different_people(people: Mapping[str, PersonSection]) -> Mapping[str, PersonSection]:
    for what in ("github", "pagerduty", "email"):
        said = [(getattr(it, what) or "").casefold() for it in people.values()]
        if twice := next((it for it in said if it and said.count(it) > 1), None):
            raise ValueError(f"{twice!r} is the {what} of two people. Each has their own.")
    return people


Person = Annotated[PersonSection, BeforeValidator(_person)]


class TeamPagerDuty(ConfigSection):
    service: PagerDutyId
    escalation_policy: PagerDutyId | None = None
    schedule: PagerDutyId | None = None


class TeamSection(ConfigSection):
    channel: Channel
    pagerduty: TeamPagerDuty | None = None
    manager: User | None = None


class SeveritySection(ConfigSection):
    update_every: Duration | None = None
    page: tuple[TeamName, ...] = ()


class PermissionsSection(ConfigSection):
    """Who may do what, by Slack user or user group id. Someone without a role may do what everyone may."""

    responder: tuple[UserOrGroup, ...] = ()
    commander: tuple[UserOrGroup, ...] = ()
    operator: tuple[UserOrGroup, ...] = ()
    admin: tuple[UserOrGroup, ...] = ()


class ServiceSection(ConfigSection):
    """A service that is deployed: its repositories, and PagerDuty's id of it."""

    repositories: tuple[Repository, ...] = ()
    pagerduty: PagerDutyId | None = None


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
            },
            {"name": "postmortem", "when": "stop", "message": "Time for the postmortem, while it is fresh."},
        )
    )


class WebSection(ConfigSection):
    host: str = "127.0.0.1"
    port: Annotated[StrictInt, Field(ge=0, le=65535)] = 3000
    """0 takes any free port."""
    public_url: Url | None = None
    runbooks: bool = True
    """Whether runbooks are also web pages. Everyone who can reach the port can read them."""


class DeliverySection(ConfigSection):
    lease: Duration = timedelta(seconds=20)
    """How long an effect may be in delivery. After that it counts as lost, is checked and retried."""
    senders: Annotated[StrictInt, Field(ge=1, le=1000)] = 64


Wait = Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(minutes=1))]


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


class Sections(ConfigSection):
    """All of config.yaml. Every section may be left out."""

    slack: SlackSection = SlackSection()
    pagerduty: PagerDutySection | None = None
    github: GitHubSection | None = None
    teams: Mapping[Name, TeamSection] = Field(default_factory=dict)
    command_team: TeamName | None = None
    severities: Mapping[Name, SeveritySection] = Field(min_length=1, default_factory=_usual_severities)
    permissions: PermissionsSection = PermissionsSection()
    roles: tuple[RoleName, ...] = ROLES
    """The roles that people can have in an incident, besides commander."""
    timers: TimersSection = Field(default_factory=TimersSection)  # type: ignore[valid-type]  # a class made at import
    milestones: Annotated[tuple[MilestoneSection, ...], AfterValidator(_distinct)] = Field(
        default_factory=usual_milestones
    )
    services: Mapping[ServiceName, ServiceSection] = Field(default_factory=dict)
    failover: Mapping[Name, PlanSection] = Field(default_factory=dict)
    people: Annotated[Mapping[User, Person], AfterValidator(_different_people)] = Field(default_factory=dict)
    web: WebSection = WebSection()
    delivery: DeliverySection = DeliverySection()
    database: DatabaseSection = DatabaseSection()
    plugins: tuple[Folder, ...] = ()
    templates: tuple[Folder, ...] = ()
    runbooks: tuple[Folder, ...] = ()
