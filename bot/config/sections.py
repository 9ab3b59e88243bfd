"""The sections of config.yaml: their keys, their types and what is given when nothing is said."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

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


class GitHub(Section):
    repository: Repository
    """Where postmortems become issues: owner/name."""


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
    web: Web = Web()
    delivery: Delivery = Delivery()
    database: Database = Database()
    plugins: tuple[Folder, ...] = ()
    templates: tuple[Folder, ...] = ()
