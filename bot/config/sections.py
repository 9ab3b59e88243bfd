"""The sections of config.yaml: their keys, their types and what is given when nothing is said."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    ValidationInfo,
    model_validator,
)

from bot.domain.policy import Grace
from bot.domain.policy import Timers as DefaultTimers
from bot.domain.reminder import CONDITIONS

INSTALLED = Path(__file__).parents[2]
"""Where Spy's own plugins/ and templates/ stand, beside the package."""

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


def duration(words: Any) -> timedelta:
    """Read 15m, 2h, 90s, 1d or 1h30m."""
    if isinstance(words, timedelta):
        return words
    match = _DURATION.fullmatch(words) if isinstance(words, str) and words else None
    if match is None:
        raise ValueError("must be a length of time, such as 15m, 2h, 90s or 1d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not length:
        raise ValueError("must be longer than nothing, such as 15m")
    return length


def _shaped(pattern: str, cure: str) -> AfterValidator:
    shape = re.compile(pattern)

    def fits(value: str) -> str:
        if not shape.fullmatch(value):
            raise ValueError(f"{value[:40]!r} {cure}")
        return value

    return AfterValidator(fits)


def _folder(value: Any, info: ValidationInfo) -> Path:
    """Find a folder beside config.yaml or, for Spy's own, where Spy stands."""
    if not isinstance(value, str):
        raise ValueError("must be the path of a folder")  # noqa: TRY004  pydantic listens for a ValueError
    beside = [Path(near, value).expanduser() for near in (info.context or Path(), INSTALLED)]
    for folder in beside:
        if folder.is_dir():
            return folder.resolve()
    raise ValueError(f"there is no folder {beside[0]}.")


def _team_name(words: str) -> str:
    return words.removeprefix(":").casefold()


Channel = Annotated[
    str,
    _shaped(
        r"[CG][A-Z0-9]{2,}",
        "is no channel id. It looks like C0PAY: in Slack, the channel's name, About, at the bottom.",
    ),
]
User = Annotated[
    str,
    _shaped(r"[UW][A-Z0-9]{2,}", "is no user id. It looks like U0ANA: in Slack, profile, ⋮, Copy member ID."),
]
UserOrGroup = Annotated[
    str,
    _shaped(r"[UWS][A-Z0-9]{2,}", "is no user id (U0ANA) nor user group id (S0SRE): in Slack, ⋮, Copy ID."),
]
PagerDutyId = Annotated[
    str,
    _shaped(r"[A-Za-z0-9]+", "is no PagerDuty id. It looks like PSVC1: the last part of its page's address."),
]
Email = Annotated[str, _shaped(r"[^@\s]+@[^@\s]+", "is no e-mail address.")]
Url = Annotated[str, _shaped(r"https?://\S+", "is no address. It begins with https://.")]
Repository = Annotated[str, _shaped(r"[\w.-]+/[\w.-]+", "is no repository. Write owner/name.")]
Name = Annotated[
    str, _shaped(r"[a-z0-9][a-z0-9_-]*", "can't be a name here: use small letters, digits, - and _.")
]
TeamName = Annotated[str, AfterValidator(_team_name)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Folder = Annotated[Path, BeforeValidator(_folder)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, data: Any) -> Any:
        """A key with nothing behind it is one that was not set, unless it is unknown."""
        if not isinstance(data, dict):
            return data
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: value for key, value in data.items() if value is not None or key not in known}


class Slack(Section):
    mode: Literal["socket", "http"] = "socket"
    announce: Channel | None = None


class PagerDuty(Section):
    from_: Email = Field(alias="from")
    """The e-mail of the PagerDuty user in whose name pages are made."""


class CopyTo(Section):
    """A repository that gets each postmortem as a file, by a pull request."""

    repository: Repository
    folder: Annotated[
        str,
        _shaped(r"\w[\w.-]*(/\w[\w.-]*)*", "is no folder of a repository. It looks like docs/postmortems."),
    ] = "docs/postmortems"


class GitHub(Section):
    repository: Repository
    """Where postmortems become issues: owner/name."""
    private_repository: Repository | None = None
    """The same for private incidents."""
    milestone: str | None = None
    copy_to: CopyTo | None = None


Login = Annotated[
    str,
    _shaped(
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})",
        "is no GitHub login. It looks like ana-lima: the last part of a profile's address.",
    ),
]


class TeamPagerDuty(Section):
    service: PagerDutyId
    escalation_policy: PagerDutyId | None = None
    schedule: PagerDutyId | None = None


class TeamSection(Section):
    channel: Channel
    pagerduty: TeamPagerDuty | None = None
    manager: User | None = None


class SeveritySection(Section):
    update_every: Duration | None = None
    page: tuple[TeamName, ...] = ()


class Permissions(Section):
    """Who may do what, by Slack user or user group id; whoever is named in no role may do what everyone may."""

    responder: tuple[UserOrGroup, ...] = ()
    commander: tuple[UserOrGroup, ...] = ()
    operator: tuple[UserOrGroup, ...] = ()
    admin: tuple[UserOrGroup, ...] = ()


Hour = Annotated[StrictInt, Field(ge=0, le=23)]
Times = Annotated[StrictInt, Field(ge=1, le=100)]


def _ahead(words: Any) -> timedelta:
    """Read a length of time before something; 0 is the moment itself."""
    return timedelta() if words == 0 else duration(words)


Ahead = Annotated[timedelta, BeforeValidator(_ahead)]
USUAL = DefaultTimers()
_DAYS = re.compile(r"(\d{1,3})(d|bd)")


def _days(words: Any) -> Grace:
    """Read 3d, or 5bd: five business days."""
    if isinstance(words, Grace):
        return words
    found = _DAYS.fullmatch(words) if isinstance(words, str) else None
    if found is None or not int(found[1]):
        raise ValueError("must be a number of days, such as 3d, or 5bd for business days")
    return Grace(days=int(found[1]), business=found[2] == "bd")


Days = Annotated[Grace, BeforeValidator(_days)]


class TimersSection(Section):
    """When Spy speaks unasked; what is left out is as in docs/timers.md."""

    no_commander_every: Duration = USUAL.no_commander_every
    no_severity_every: Duration = USUAL.no_severity_every
    asked_at_most: Times = USUAL.asked_at_most
    update_shown_after: Duration = USUAL.update_shown_after
    roll_back_after: Duration = USUAL.roll_back_after
    roll_back_severities: tuple[Name, ...] = USUAL.roll_back_severities
    page_unanswered_after: Duration = USUAL.page_unanswered_after
    still_open_every: Duration = USUAL.still_open_every
    still_open_hour: Hour = USUAL.still_open_hour
    room_rest: Duration = USUAL.room_rest
    relief_warn: Duration = USUAL.relief_warn
    relief_ask: Duration = USUAL.relief_ask
    relief_page: Duration = USUAL.relief_page
    relief_manager: Duration = USUAL.relief_manager
    relief_every: Duration = USUAL.relief_every
    relief_fine: Duration = USUAL.relief_fine
    night_from: Hour = USUAL.night_from
    night_until: Hour = USUAL.night_until
    duty_warn: Duration = USUAL.duty_warn
    duty_urge: Duration = USUAL.duty_urge
    day_warn: Duration = USUAL.day_warn
    day_urge: Duration = USUAL.day_urge
    shift_warnings: tuple[Ahead, ...] = USUAL.shift_warnings
    shift_unanswered: Duration = USUAL.shift_unanswered
    shift_handover: Duration = USUAL.shift_handover
    test_page_after: Duration = USUAL.test_page_after
    cover_nags: tuple[Duration, ...] = USUAL.cover_nags
    shift_load_flag: Times = USUAL.shift_load_flag
    shift_load_relief: Times = USUAL.shift_load_relief
    postmortem_due: Mapping[Name, Days] = USUAL.postmortem_due
    follow_up_ahead: Duration = USUAL.follow_up_ahead


def _moments(given: Any) -> Any:
    """Read `when:` of a milestone: a length of time, `stop`, or a list of them."""
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


def _one_line(words: str) -> str:
    return " ".join(words.split())


Moment = Annotated[timedelta | Literal["stop"], BeforeValidator(_moment)]
Condition = Annotated[str, AfterValidator(_condition)]
Words = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=1000)]


class MilestoneSection(Section):
    """What is said, or done in the commander's name, so long after an incident opened or when it stops."""

    name: Name
    when: Annotated[tuple[Moment, ...], BeforeValidator(_moments), Field(min_length=1)]
    severities: tuple[Name, ...] = ()
    to: Annotated[
        str,
        _shaped(r":?[a-z0-9][a-z0-9 _-]*", "is nobody: commander, room, a role such as support, or :team."),
    ] = "commander"
    message: Words | None = None
    command: Words | None = None
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
    """Give Spy's own, after the SREcon talk of 2017; its sixth, at 3600 s, is the relief ladder."""
    return tuple(
        MilestoneSection.model_validate(it)
        for it in (
            {
                "name": "status-page",
                "when": ["30s", "stop"],
                "message": "Check the status page: does it say what customers see?",
            },
            {
                "name": "tell-support",
                "when": "2m",
                "unless": "told",
                "message": 'Tell support what is going on: incident tell :team "..."',
            },
            {
                "name": "support-document",
                "when": "2m",
                "to": "support",
                "message": "Support lead: fill out your document.",
            },
            {
                "name": "external-words",
                "when": "5m",
                "message": "Coordinate with support what is said outside.",
            },
            {"name": "support-checks-in", "when": "10m", "to": "support", "message": "Support checks in."},
            {"name": "postmortem", "when": "stop", "message": "Time for the postmortem, while it is fresh."},
        )
    )


class Web(Section):
    host: str = "127.0.0.1"
    port: Annotated[StrictInt, Field(ge=0, le=65535)] = 3000
    """0 takes any free port."""
    public_url: Url | None = None


class Delivery(Section):
    lease: Duration = timedelta(seconds=20)
    """How long an effect may be under way before it counts as lost and is checked and tried again."""
    senders: Annotated[StrictInt, Field(ge=1, le=1000)] = 64


class Database(Section):
    pool: Annotated[StrictInt, Field(ge=1, le=1000)] = 20


def _usual_severities() -> Mapping[str, SeveritySection]:
    usual = {"sev1": "15m", "sev2": "30m", "sev3": "60m"}
    return {key: SeveritySection(update_every=duration(length)) for key, length in usual.items()}


class Sections(Section):
    """All of config.yaml; every section may be left out."""

    slack: Slack = Slack()
    pagerduty: PagerDuty | None = None
    github: GitHub | None = None
    teams: Mapping[Name, TeamSection] = Field(default_factory=dict)
    command_team: TeamName | None = None
    severities: Mapping[Name, SeveritySection] = Field(min_length=1, default_factory=_usual_severities)
    permissions: Permissions = Permissions()
    timers: TimersSection = TimersSection()
    milestones: Annotated[tuple[MilestoneSection, ...], AfterValidator(_distinct)] = Field(
        default_factory=usual_milestones
    )
    people: Mapping[User, Login] = Field(default_factory=dict)
    web: Web = Web()
    delivery: Delivery = Delivery()
    database: Database = Database()
    plugins: tuple[Folder, ...] = ()
    templates: tuple[Folder, ...] = ()
