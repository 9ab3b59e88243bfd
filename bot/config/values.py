"""The kinds of values in config.yaml, each with a sentence for an invalid value."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from bot.domain.incident.role import COMMAND_NAMES, ROLE_LENGTH, plain
from bot.domain.policy import Grace

INSTALLED = Path(__file__).parents[2]
"""The folder that contains Spy's own plugins/ and templates/, beside the package."""

NEVER = timedelta.max
"""What `never` is read as."""

OWN = "a process's own"
"""Beside the type of a setting: it is of one process on its machine, such as a port, and not the organisation's."""

_DAYS = re.compile(r"(\d{1,3})(d|bd)")
_SPAN, _SPAN_DAYS = re.compile(r"(\d{1,4})(d|w|y)"), {"d": 1, "w": 7, "y": 365}
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


def interval(words: Any) -> timedelta:
    """Read a length of time, or `never`."""
    return NEVER if words == "never" else duration(words)


def shaped(pattern: str, cure: str) -> AfterValidator:
    shape = re.compile(pattern)

    def fits(value: str) -> str:
        if not shape.fullmatch(value):
            raise ValueError(f"{value[:40]!r} {cure}")
        return value

    return AfterValidator(fits)


def _folder(value: Any, info: ValidationInfo) -> Path:
    """Find a folder beside config.yaml. Spy's own folders are found where Spy is installed."""
    if not isinstance(value, str):
        raise ValueError("must be the path of a folder")  # noqa: TRY004  pydantic listens for a ValueError
    beside = [Path(near, value).expanduser() for near in (info.context or Path(), INSTALLED)]
    for folder in beside:
        if folder.is_dir():
            return folder.absolute()  # a link may lead to another release tomorrow
    raise ValueError(f"there is no folder {beside[0]}.")


def _days(words: Any) -> Grace:
    """Read 3d, or 5bd: five business days."""
    if isinstance(words, Grace):
        return words
    found = _DAYS.fullmatch(words) if isinstance(words, str) else None
    if found is None or not int(found[1]):
        raise ValueError("must be a number of days, such as 3d, or 5bd for business days")
    return Grace(days=int(found[1]), business=found[2] == "bd")


def span(words: Any) -> timedelta:
    """Read 90d, 12w or 2y. A year has 365 days."""
    if isinstance(words, timedelta):
        return words
    found = _SPAN.fullmatch(words) if isinstance(words, str) else None
    if found is None or not int(found[1]):
        raise ValueError("must be a number of days, weeks or years, such as 90d, 12w or 2y")
    return timedelta(days=int(found[1]) * _SPAN_DAYS[found[2]])


def _team_name(words: str) -> str:
    return words.removeprefix(":").casefold()


def _ahead(words: Any) -> timedelta:
    """Read a duration before something. 0 is the moment itself."""
    return timedelta() if words == 0 else duration(words)


def _role(words: str) -> str:
    name = plain(words)
    if name in COMMAND_NAMES:
        raise ValueError(f"{words!r} is the commander, whom an incident has anyway.")
    if not 0 < len(name) <= ROLE_LENGTH:
        raise ValueError(f"must have 1 to {ROLE_LENGTH} characters")
    return name


def _one_line(words: str) -> str:
    return " ".join(words.split())


Channel = Annotated[
    str,
    shaped(
        r"[CG][A-Z0-9]{2,}",
        "is no channel id. It looks like C0PAY: in Slack, the channel's name, About, at the bottom.",
    ),
]
User = Annotated[
    str,
    shaped(r"[UW][A-Z0-9]{2,}", "is no user id. It looks like U0ANA: in Slack, profile, ⋮, Copy member ID."),
]
UserOrGroup = Annotated[
    str,
    shaped(r"[UWS][A-Z0-9]{2,}", "is no user id (U0ANA) nor user group id (S0SRE): in Slack, ⋮, Copy ID."),
]
UserGroupId = Annotated[
    str,
    shaped(
        r"S[A-Z0-9]{2,}",
        "is no user group id. It looks like S0PAY: in Slack, People, User groups, the group, ⋮, Copy group ID.",
    ),
]
Email = Annotated[str, shaped(r"[^@\s]+@[^@\s]+", "is no e-mail address.")]
Url = Annotated[str, shaped(r"https?://\S+", "is no address. It begins with https://.")]
Repository = Annotated[str, shaped(r"[\w.-]+/[\w.-]+", "is no repository. Write owner/name.")]
Name = Annotated[
    str, shaped(r"[a-z0-9][a-z0-9_-]*", "can't be a name here: use small letters, digits, - and _.")
]
ServiceName = Annotated[
    str,
    shaped(r"[a-z0-9][a-z0-9._-]{0,79}", "can't be a service here: use small letters, digits, - . and _."),
]
RoleName = Annotated[str, AfterValidator(_role)]
TeamName = Annotated[str, AfterValidator(_team_name)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Interval = Annotated[timedelta, BeforeValidator(interval)]
Span = Annotated[timedelta, BeforeValidator(span)]
Days = Annotated[Grace, BeforeValidator(_days)]
Folder = Annotated[Path, BeforeValidator(_folder)]
Ahead = Annotated[timedelta, BeforeValidator(_ahead)]
Words = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=1000)]


class ConfigSection(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, data: Any) -> Any:
        """Treat a key without a value as not set, unless the key is unknown."""
        if not isinstance(data, dict):
            return data
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: value for key, value in data.items() if value is not None or key not in known}
