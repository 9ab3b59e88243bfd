"""How a word becomes a team, a person, a severity, a time: one reader a type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, NewType
from zoneinfo import ZoneInfo

from bot.domain.change import is_service_name
from bot.domain.follow_up import Category
from bot.domain.incident import WORKING, Phase
from bot.domain.number import read_number
from bot.domain.policy import Severity, Team
from bot.domain.refusal import Choice, Refusal
from bot.domain.window import read_day
from bot.services.changes import named
from bot.services.desk import Desk
from bot.services.people import People

Someone = NewType("Someone", str)
"""A person's Slack id."""

_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(\|[^>]*)?>")
_LINK = re.compile(r"<(?P<url>https?://[^|>]+)(\|(?P<label>[^>]*))?>")
_CLOCK = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d)T)?(?P<hour>[01]?\d|2[0-3])[:.](?P<minute>[0-5]\d)(?P<utc>z|utc)?",
    re.IGNORECASE,
)
_SEVERITY = re.compile(r"sev\d{1,2}", re.IGNORECASE)
_SPAN = re.compile(r"(?P<count>\d{1,4})(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """`looks` decides where the usage line leaves a choice; `read` makes the value, or refuses with a sentence."""

    looks: Callable[[str, Desk], bool]
    read: Callable[[str, Desk, str], Any]
    example: str = ""
    """What a person may say there; text is its own name."""


def _team_looks(word: str, desk: Desk) -> bool:
    return (word.startswith(":") and not word.endswith(":")) or word.casefold() in desk.policy.teams


def _team(word: str, desk: Desk, asker: str) -> Team:
    del asker
    if len(word) > 1 and word.startswith(":") and word.endswith(":"):
        raise Refusal(f"{word} is an emoji, not a team. A team is written with one colon: {word[:-1]}.")
    bare = word.strip(":").casefold()
    person = None if bare in desk.policy.teams else desk.work.people.named(bare)
    if person:
        raise Refusal(
            f"There is no team :{bare}. {person.name} is a person, who is written @{bare}.", slot="team"
        )
    return desk.policy.team(word)


def _person_looks(word: str, desk: Desk) -> bool:
    del desk
    return word.startswith("@") or bool(_MENTION.fullmatch(word))


def _person(word: str, desk: Desk, asker: str) -> Someone:
    if found := _MENTION.fullmatch(word):
        return Someone(found["id"])
    if word.casefold() in {"me", "@me"}:
        return Someone(asker)
    return Someone(People(desk).named(word))


def _severity_looks(word: str, desk: Desk) -> bool:
    return word.casefold() in desk.policy.severities or bool(_SEVERITY.fullmatch(word))


def _severity(word: str, desk: Desk, asker: str) -> Severity:
    del asker
    return desk.policy.severity(word)


def _phase_looks(word: str, desk: Desk) -> bool:
    del desk
    return word.casefold() in set(WORKING)


def _phase(word: str, desk: Desk, asker: str) -> Phase:
    del desk, asker
    if word.casefold() in set(WORKING):
        return Phase(word.casefold())
    if word.casefold() in {Phase.RESOLVED, "closed", "done", "fixed"}:
        raise Refusal("To resolve it, say `incident stop`.")
    raise Refusal(
        f"There is no phase {word}. Phases: {', '.join(WORKING)}; `incident stop` resolves.",
        choices=tuple(Choice(label=phase, say=f"incident status {phase}") for phase in WORKING),
    )


def _moment_looks(word: str, desk: Desk) -> bool:
    del desk
    return bool(_CLOCK.fullmatch(word) or _SPAN.fullmatch(word))


def _moment(word: str, desk: Desk, asker: str) -> datetime:
    """Read `10:05` in the asker's own zone (UTC where it is not known, or with a z), or `20m` ago.

    Without its day (`2026-11-23T10:05`) it is the latest past one.
    """
    if span := _SPAN.fullmatch(word):
        return desk.now - timedelta(**{_UNITS[span["unit"]]: int(span["count"])})
    found = _CLOCK.fullmatch(word)
    if not found:
        raise _no_moment(word)
    zone = UTC if found["utc"] else ZoneInfo(People(desk).zone(asker))
    local = desk.now.astimezone(zone)
    clock = time(int(found["hour"]), int(found["minute"]))
    if found["day"]:
        try:
            return datetime.combine(date.fromisoformat(found["day"]), clock, zone).astimezone(UTC)
        except (ValueError, OverflowError) as wrong:
            raise _no_moment(word) from wrong
    said = datetime.combine(local.date(), clock, zone)
    return (said if said <= local else said - timedelta(days=1)).astimezone(UTC)


def _no_moment(word: str) -> Refusal:
    return Refusal(
        f"I can't read the time {word}. Say it like 10:05, 10:05z for UTC, 2026-11-23T10:05 for another day, "
        "or 20m for 20 min ago."
    )


def _length_looks(word: str, desk: Desk) -> bool:
    del desk
    return bool(_SPAN.fullmatch(word) or word.isdigit())


def _length(word: str, desk: Desk, asker: str) -> timedelta:
    """`15m`, `2h`; a bare number counts minutes. Between a minute and a day."""
    del desk, asker
    found = _SPAN.fullmatch(word if not word.isdigit() else f"{word}m")
    length = timedelta(**{_UNITS[found["unit"]]: int(found["count"])}) if found else timedelta()
    if not timedelta(minutes=1) <= length <= timedelta(days=1):
        raise Refusal(f"How long is {word}? Say it like 15m or 2h, a day at most.")
    return length


def _text(word: str, desk: Desk, asker: str) -> str:
    del desk, asker
    return word.strip()


def _url(word: str, desk: Desk, asker: str) -> "Url":
    del desk, asker
    found = _LINK.fullmatch(word)
    url = found["url"] if found else word
    if not re.match(r"https?://\S+$", url):
        raise Refusal(f"{word} is not a link. A link begins with https://")
    return Url(url.replace("&amp;", "&"))


Url = NewType("Url", str)
"""An http or https address."""

ServiceName = NewType("ServiceName", str)
"""A service as people call it, `checkout` or `:checkout`; one that Spy has not heard of is one all the same."""


def _service_looks(word: str, desk: Desk) -> bool:
    del desk
    return is_service_name(word)


def _service(word: str, desk: Desk, asker: str) -> ServiceName:
    del desk, asker
    return ServiceName(named(word))


def _any(word: str, desk: Desk) -> bool:
    del desk
    return bool(word)


def _url_looks(word: str, desk: Desk) -> bool:
    del desk
    return bool(re.match(r"<?https?://", word))


def _day_looks(word: str, desk: Desk) -> bool:
    try:
        read_day(word, now=desk.now, zone="UTC")
    except Refusal:
        return False
    return True


def _day(word: str, desk: Desk, asker: str) -> date:
    return read_day(word, now=desk.now, zone=People(desk).zone(asker))


def _category_looks(word: str, desk: Desk) -> bool:
    del desk
    return word.casefold() in set(Category)


def _category(word: str, desk: Desk, asker: str) -> Category:
    del desk, asker
    if word.casefold() in set(Category):
        return Category(word.casefold())
    known = ", ".join(Category)
    raise Refusal(
        f"There is no category {word[:40]}. Follow-ups are for one of: {known}.",
        choices=tuple(Choice(label=it, say=it) for it in Category),
    )


READERS: Mapping[Any, Reader] = {
    Team: Reader(looks=_team_looks, read=_team, example=":imoc"),
    Someone: Reader(looks=_person_looks, read=_person, example="@raj"),
    Severity: Reader(looks=_severity_looks, read=_severity, example="sev1"),
    Phase: Reader(looks=_phase_looks, read=_phase, example="mitigated"),
    datetime: Reader(looks=_moment_looks, read=_moment, example="10:05"),
    timedelta: Reader(looks=_length_looks, read=_length, example="15m"),
    Url: Reader(looks=_url_looks, read=_url, example="https://example.com/graph"),
    ServiceName: Reader(looks=_service_looks, read=_service, example="checkout"),
    date: Reader(looks=_day_looks, read=_day, example="friday"),
    Category: Reader(looks=_category_looks, read=_category, example="detection"),
    str: Reader(looks=_any, read=_text),
    bool: Reader(looks=_any, read=lambda word, _desk, _asker: bool(word)),
}


def reader_of(kind: Any) -> Reader | None:
    """Give the reader of a type: the one that it is annotated with, else the one in `READERS`."""
    own = (it for it in getattr(kind, "__metadata__", ()) if isinstance(it, Reader))
    return next(own, READERS.get(kind))


def one_of(*words: str) -> Reader:
    """Read one of these words."""

    def read(word: str, desk: Desk, asker: str) -> str:
        del desk, asker
        if word.casefold() not in words:
            raise Refusal(f"{_sample(word)} is none of: {', '.join(words)}.")
        return word.casefold()

    return Reader(looks=lambda word, _desk: word.casefold() in words, read=read, example=words[0])


# --- numbers ----------------------------------------------------------------------------------------------


def number_of(noun: str, *, listed_by: str = "") -> Reader:
    """Read a number of such things, `12` or `#12`; a refusal names them, and the command that lists their numbers.

    A plugin makes a type of it: `ShiftNumber = Annotated[int, number_of("a shift", listed_by="oncall me")]`.
    """

    def read(word: str, desk: Desk, asker: str) -> int:
        del desk, asker
        found = read_number(word)
        if found is None:
            where = f"`{listed_by}` lists them." if listed_by else "Say it like 12."
            raise Refusal(f"{_sample(word)} is no number of {noun}. {where}")
        return found

    return Reader(looks=lambda word, _desk: read_number(word) is not None, read=read, example="1")


PageNumber = Annotated[int, number_of("a page of this list")]
"""Which page of a long list, as in `incident list page 2`."""


def several(one: Reader) -> Reader:
    """Read one or more in a text, with blanks or commas between them: `7 8`, `#7, #8`."""

    def read(words: str, desk: Desk, asker: str) -> tuple[Any, ...]:
        said = words.replace(",", " ").split() or [words]
        return tuple(one.read(word, desk, asker) for word in said)

    return Reader(looks=_any, read=read, example=one.example)


def _sample(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:39]}…"  # noqa: PLR2004  enough to recognise it
