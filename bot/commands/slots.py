"""Turn words into a team, a person, a severity or a time: one reader for each type."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, NewType

from bot.domain.changes.change import is_service_name
from bot.domain.grammar.typed import Word, is_denied
from bot.domain.incident.incident import WORKING, Phase
from bot.domain.incident.severity import heard
from bot.domain.markup import MENTION, as_prose, as_seen, peeled
from bot.domain.moment import (
    is_day,
    is_length_ahead,
    is_moment,
    is_start,
    looks_daily,
    looks_timely,
    names_its_day,
    read_day,
    read_length,
    read_moment,
    read_start,
)
from bot.domain.number import read_number
from bot.domain.policy import Severity, Team
from bot.domain.postmortem.follow_up import Category
from bot.domain.postmortem.postmortem import PARTS
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import is_slip, nearest
from bot.domain.text import shortened
from bot.services.changes.changes import named
from bot.services.people import People
from bot.services.transaction import Transaction

Someone = NewType("Someone", str)
"""A person's Slack id."""

Plain = NewType("Plain", str)
"""Text that is no sentence, such as a name or a value. A link counts as its label; a final full stop is dropped."""

Told = NewType("Told", datetime)
"""A time that needs no word before it: `20 minutes ago`, `yesterday 23:10`."""

Began = NewType("Began", datetime)
"""A time when something began: `from 2pm`. Spy asks about words that are nearly one."""

Start = NewType("Start", datetime)
"""A time, or a day for its midnight: `since yesterday`."""

RecentTime = NewType("RecentTime", datetime)
"""A day or a week that needs no word before it, for its midnight: `yesterday`, `this week`."""

Line = NewType("Line", str)
"""Text that is shown on the card or in a list: a few sentences."""

Part = NewType("Part", str)
"""A part of the postmortem that a person writes."""

_LINK = re.compile(r"<(?P<url>https?://[^<|>]+)(\|(?P<label>[^<>]*))?>")
_DATE = re.compile(r"<!date\^(?P<seconds>\d{1,11})\^[^>]*>")
_PARTICLES = frozenset(
    {"again", "call", "demand", "hold", "it", "off", "on", "purpose", "the", "there", "this", "time"}
)
"""Words that follow `on` and are not a service."""
_ARTICLES = frozenset({"a", "an", "my", "our", "that", "the"})
_BEFORE_A_NAME = frozenset(
    {"and", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "via", "with"}
)
"""Words before a letter and a number that name something: `uploads to p1`, `latency of p1`."""
LONGEST_TEXT, LONGEST_LINE = 40_000, 3_000
"""Most characters of a text: as many as one Slack message, and one paragraph of it, can hold."""
_MOST_WORDS = 30
"""A text's severity is looked for in this many words at each end. A name is no longer."""

Looks = Callable[[str, Transaction], bool]


def _word(raw: str) -> str:
    """Return a word as a person sees it, without punctuation around it."""
    return as_seen(peeled(raw))


def _nothing(word: str, tx: Transaction) -> bool:
    del word, tx
    return False


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads one type. `looks` decides where the usage line leaves a choice; `read` may raise Refusal."""

    looks: Looks
    read: Callable[[str, Transaction, str], Any]
    example: str = ""
    """An example of what a person types; empty: the slot's name."""
    longest: int = 1
    """How many words it takes at most."""
    resembles: Looks = _nothing
    """Whether words nearly fit. Spy asks about them instead of treating them as text."""
    leads: Callable[[str], bool] = bool
    """Whether it may also come before a text, although a sentence may begin with such words."""
    most: int = LONGEST_TEXT
    """How many characters it takes at most."""
    sees: Callable[[str], str] = _word
    """What is read of the words as they were typed."""
    place: Callable[[Sequence[Word], frozenset[str], Transaction], range | None] | None = None
    """Finds it among the words of unquoted text, beside the command's flags or inside the text."""


# --- teams and people -------------------------------------------------------------------------------------


def _team_looks(word: str, tx: Transaction) -> bool:
    return (word.startswith(":") and not word.endswith(":")) or word.strip(":").casefold() in tx.policy.teams


def _team(word: str, tx: Transaction, asker: str) -> Team:
    del asker
    bare = word.strip(":").casefold()
    if bare in tx.policy.teams:
        return tx.policy.teams[bare]
    if len(word) > 1 and word.startswith(":") and word.endswith(":"):
        raise Refusal(
            f"{shortened(word)} is an emoji, not a team. A team is written with one colon: {shortened(word[:-1])}."
        )
    if MENTION.fullmatch(word):
        raise Refusal(
            f'{word} is a person, but this needs a team, such as :imoc. To reach them: `page {word} "…"`.'
        )
    _must_not_be_marked(word, tx)
    if person := tx.session.people.named(bare):
        raise Refusal(f"There is no team :{bare}. {person.name} is a person: write @{bare}.", slot="team")
    return tx.policy.team(word)


def _must_not_be_marked(word: str, tx: Transaction) -> None:
    """Refuse what Slack marks as neither a team nor a person, and name what it is."""
    seen = shortened(as_seen(word))
    if word.startswith(("<#", "#")):
        meant = nearest(seen.removeprefix("#").casefold(), tx.policy.teams)
        raise Refusal(
            f"{seen} is a channel. A team is written with a colon, such as :imoc, and a person @raj."
            + (f" Did you mean :{meant}?" if meant else ""),
            slot="team",
            choices=(Choice(label=f":{meant}", say=f":{meant}"),) if meant else (),
        )
    if word.startswith("<!"):
        raise Refusal(f"{seen} is a group of people. Name a team such as :imoc, or one person such as @raj.")
    if "@" in seen[1:]:
        raise Refusal(f"{seen} is an e-mail address. Type @ and choose the person from Slack's list.")


def _person_looks(word: str, tx: Transaction) -> bool:
    del tx
    return word.startswith(("@", "<!subteam")) or bool(MENTION.fullmatch(word))


def _person_resembles(word: str, tx: Transaction) -> bool:
    """Return whether a person's name is attached to a word: `age@raj`."""
    before, at, name = word.rpartition("@")
    return bool(before and at and name and tx.session.people.named(name))


def _person(word: str, tx: Transaction, asker: str) -> Someone:
    if found := MENTION.fullmatch(word):
        return Someone(found["id"])
    if word.casefold() in {"me", "@me"}:
        return Someone(asker)
    if _person_resembles(word, tx):
        before, _, name = word.rpartition("@")
        raise Refusal(
            f"Is @{name} meant?", slot="person", choices=(Choice(label=f"{before} @{name}", say=name),)
        )
    _must_not_be_marked(word, tx)
    return Someone(People(tx).named(word))


# --- severities, phases, categories -----------------------------------------------------------------------


def _severity_looks(word: str, tx: Transaction) -> bool:
    told = heard(word, tx.policy.severities)
    return word.casefold() in tx.policy.severities or (told is not None and told.is_sure)


def _severity_resembles(word: str, tx: Transaction) -> bool:
    return word.casefold() in {"sev", "severity"} or any(
        is_slip(word.casefold(), it) for it in tx.policy.severities
    )


def _severity(word: str, tx: Transaction, asker: str) -> Severity:
    del asker
    return tx.policy.severity(word)


def _severity_place(words: Sequence[Word], flags: frozenset[str], tx: Transaction) -> range | None:
    """Find the severity in an incident's name: a whole word anywhere, a short form only at its end (`P1`)."""
    ends = [n for n in range(len(words)) if n < _MOST_WORDS or n >= len(words) - _MOST_WORDS]
    places = [it for at in ends for it in (range(at, at + 2), range(at, at + 1)) if it.stop <= len(words)]
    found = [it for it in places if _is_severity(words, it, flags, tx)]
    return max(found, key=lambda it: (it.stop, len(it)), default=None)


def _is_severity(words: Sequence[Word], place: range, flags: frozenset[str], tx: Transaction) -> bool:
    said = words[place.start : place.stop]
    if any(it.quoted or len(it.text) > 20 for it in said):  # noqa: PLR2004  no severity is as long as that
        return False
    told = heard(" ".join(it.bare.lstrip("#") for it in said), tx.policy.severities)
    before = words[place.start - 1].bare if place.start else ""
    is_last = all(it.bare in flags or it.text.startswith(":") for it in words[place.stop : place.stop + 9])
    if told is None or is_denied(words, place.start):
        return False
    if told.is_sure:
        is_at_an_end = is_last or place.start == 0
        return is_at_an_end or (told.key is not None and before not in _ARTICLES)
    return _is_set_off(said[0].text) or (is_last and before not in _BEFORE_A_NAME)


def _is_set_off(word: str) -> bool:
    return word.startswith(("(", "[", "#")) or word.endswith(":")


def _phase_looks(word: str, tx: Transaction) -> bool:
    del tx
    return word.casefold() in set(WORKING)


def _phase(word: str, tx: Transaction, asker: str) -> Phase:
    del tx, asker
    said = word.casefold()
    if said in set(WORKING):
        return Phase(said)
    if said in {Phase.RESOLVED, "closed", "done", "fixed"}:
        raise Refusal("To resolve it, use `incident resolve`.")
    meant = nearest(said, WORKING)
    raise Refusal(
        f"There is no phase {shortened(word)}.{_meant(meant)} Phases: {', '.join(WORKING)}. "
        "To end it: `incident resolve`.",
        choices=tuple(Choice(label=phase, say=f"incident status {phase}") for phase in WORKING),
    )


def _category_looks(word: str, tx: Transaction) -> bool:
    del tx
    return word.casefold() in set(Category)


def _category_resembles(word: str, tx: Transaction) -> bool:
    del tx
    return any(is_slip(word.casefold(), it.value) for it in Category)


def _category(word: str, tx: Transaction, asker: str) -> Category:
    del tx, asker
    said = word.casefold()
    if said in set(Category):
        return Category(said)
    known = ", ".join(Category)
    raise Refusal(
        f"There is no category {shortened(word)}.{_meant(nearest(said, Category))} Categories: {known}.",
        choices=tuple(Choice(label=it, say=it) for it in Category),
    )


def _part_looks(word: str, tx: Transaction) -> bool:
    del tx
    return word.casefold() in PARTS


def _part_resembles(word: str, tx: Transaction) -> bool:
    del tx
    return any(is_slip(word.casefold(), it) for it in PARTS)


def _part(word: str, tx: Transaction, asker: str) -> Part:
    del tx, asker
    said = word.casefold()
    if said in PARTS:
        return Part(said)
    raise Refusal(
        f"A postmortem has no part {shortened(word)}.{_meant(nearest(said, PARTS))} Parts: {', '.join(PARTS)}.",
        choices=tuple(Choice(label=it, say=it) for it in PARTS),
    )


# --- times ------------------------------------------------------------------------------------------------


def _moment_looks(word: str, tx: Transaction) -> bool:
    del tx
    return bool(_DATE.fullmatch(word)) or is_moment(word)


def _moment(word: str, tx: Transaction, asker: str) -> datetime:
    """Read `10:05`, `2pm`, `yesterday 23:10` (in the asker's zone, else UTC) or `20m` ago."""
    if found := _DATE.fullmatch(word):
        return datetime.fromtimestamp(int(found["seconds"]), UTC)
    moment = read_moment(as_seen(word), now=tx.now, zone=People(tx).zone(asker))
    if moment > tx.now:
        raise Refusal(f"{shortened(as_seen(word))} is in the future. Give a past time.")
    return moment


def _told_looks(word: str, tx: Transaction) -> bool:
    del tx
    return names_its_day(word) and not word.casefold().startswith("on on ")  # "the flag is on, on friday"


_PAST = re.compile(r"\bago$|\byesterday\b|^last\b", re.IGNORECASE)


def _told_leads(words: str) -> bool:
    """Return whether a time may come before text. In `friday 9:00 batch is missing` it belongs to the text."""
    return bool(_PAST.search(words)) and is_moment(words)


_SINCE = re.compile(r"(?:from|since|at|around)\s+", re.IGNORECASE)


def _began_looks(word: str, tx: Transaction) -> bool:
    begins = _SINCE.match(word)
    return _told_looks(word, tx) or bool(begins and is_moment(word[begins.end() :]))


def _began_resembles(word: str, tx: Transaction) -> bool:
    del tx
    return (" " in word or word.casefold() == "yesterday") and looks_timely(word)


def began(word: str, tx: Transaction, asker: str) -> datetime:
    """Read `since 10:05` or `from 2pm` in the asker's own zone."""
    return _moment(_SINCE.sub("", word, count=1), tx, asker)


def _told_resembles(word: str, tx: Transaction) -> bool:
    del tx
    return word.casefold().endswith(" ago") and looks_timely(word)


def _start_looks(word: str, tx: Transaction) -> bool:
    return _moment_looks(word, tx) or is_start(word)


def _start_resembles(word: str, tx: Transaction) -> bool:
    """Return whether words after `since` are nearly a start. There, a lone number or month counts too."""
    return _moment_resembles(word, tx) or word.isdecimal() or looks_daily(word)


def _start(word: str, tx: Transaction, asker: str) -> datetime:
    if _moment_looks(word, tx):
        return _moment(word, tx, asker)
    return read_start(as_seen(word), now=tx.now, zone=People(tx).zone(asker))


def _recent_looks(word: str, tx: Transaction) -> bool:
    del tx
    return word.casefold() in {"today", "yesterday", "this week", "last week"}


def _length_looks(word: str, tx: Transaction) -> bool:
    del tx
    return read_length(word) is not None


def _length(word: str, tx: Transaction, asker: str) -> timedelta:
    """Read `15m`, `2h`, `half an hour`. A bare number counts minutes. Between a minute and a day."""
    del tx, asker
    length = read_length(word) or timedelta()
    if not timedelta(minutes=1) <= length <= timedelta(days=1):
        raise Refusal(f"How long is {shortened(word)}? Try 15m or 2h; a day at most.")
    return length


def _day_looks(word: str, tx: Transaction) -> bool:
    del tx
    return is_day(word)


def _day_resembles(word: str, tx: Transaction) -> bool:
    del tx
    return looks_daily(word) or is_length_ahead(word)


def _moment_resembles(word: str, tx: Transaction) -> bool:
    del tx
    return looks_timely(word)


def _day(word: str, tx: Transaction, asker: str) -> date:
    return read_day(word, now=tx.now, zone=People(tx).zone(asker))


# --- words ------------------------------------------------------------------------------------------------


def _text(word: str, tx: Transaction, asker: str) -> str:
    del tx, asker
    return word.strip()


def _plain_text(raw: str) -> str:
    return as_seen(raw).rstrip(" .,;")


def _url(word: str, tx: Transaction, asker: str) -> "Url":
    del tx, asker
    found = _LINK.search(word)
    url = found["url"] if found else word
    if not re.match(r"https?://\S+$", url):
        raise Refusal(f"{shortened(as_seen(word))} is not a link. A link begins with https://")
    return Url(url.replace("&amp;", "&"))


Url = NewType("Url", str)
"""An http or https address."""

ServiceName = NewType("ServiceName", str)
"""A service's name, `checkout` or `:checkout`. An unknown name is accepted too."""


def _service_looks(word: str, tx: Transaction) -> bool:
    del tx
    return is_service_name(word) and word.casefold() not in _PARTICLES and not looks_timely(word)


def _service(word: str, tx: Transaction, asker: str) -> ServiceName:
    del tx, asker
    return ServiceName(named(word))


def _any(word: str, tx: Transaction) -> bool:
    del tx
    return bool(word)


def _url_looks(word: str, tx: Transaction) -> bool:
    del tx
    return bool(re.match(r"<?https?://", word))


def _meant(word: str | None) -> str:
    return f" Did you mean {word}?" if word else ""


READERS: Mapping[Any, Reader] = {
    Team: Reader(looks=_team_looks, read=_team, example=":imoc", sees=peeled),
    Someone: Reader(
        looks=_person_looks, read=_person, example="@raj", resembles=_person_resembles, sees=peeled
    ),
    Severity: Reader(
        looks=_severity_looks,
        read=_severity,
        example="sev1",
        longest=2,
        resembles=_severity_resembles,
        place=_severity_place,
    ),
    Phase: Reader(looks=_phase_looks, read=_phase, example="mitigated"),
    datetime: Reader(
        looks=_moment_looks, read=_moment, example="10:05", longest=6, resembles=_moment_resembles, sees=str
    ),
    Start: Reader(
        looks=_start_looks, read=_start, example="yesterday", longest=6, resembles=_start_resembles, sees=str
    ),
    RecentTime: Reader(looks=_recent_looks, read=_start, example="yesterday", longest=2, sees=str),
    Told: Reader(
        looks=_told_looks,
        read=_moment,
        example="20 minutes ago",
        longest=7,
        resembles=_told_resembles,
        leads=_told_leads,
        sees=str,
    ),
    Began: Reader(
        looks=_began_looks,
        read=began,
        example="from 10:05",
        longest=7,
        resembles=_began_resembles,
        leads=_told_leads,
        sees=str,
    ),
    timedelta: Reader(looks=_length_looks, read=_length, example="15m", longest=5),
    Url: Reader(
        looks=_url_looks,
        read=_url,
        example="https://example.com/graph",
        sees=str.strip,
        most=LONGEST_LINE,
    ),
    ServiceName: Reader(looks=_service_looks, read=_service, example="checkout"),
    date: Reader(looks=_day_looks, read=_day, example="friday", longest=5, resembles=_day_resembles),
    Category: Reader(
        looks=_category_looks, read=_category, example="detection", resembles=_category_resembles
    ),
    Part: Reader(looks=_part_looks, read=_part, example="summary", resembles=_part_resembles),
    Plain: Reader(looks=_any, read=_text, sees=_plain_text),
    Line: Reader(looks=_any, read=_text, sees=as_prose, most=LONGEST_LINE),
    str: Reader(looks=_any, read=_text, sees=as_prose),
    bool: Reader(looks=_any, read=lambda word, _tx, _asker: bool(word)),
}
WORD = Reader(looks=_any, read=_text)
"""The reader of a bare word without a type of its own."""


def reader_of(kind: Any, *, is_word: bool = False) -> Reader | None:
    """Return a type's reader: the one in its annotation, otherwise the one in `READERS`."""
    own = (it for it in getattr(kind, "__metadata__", ()) if isinstance(it, Reader))
    return next(own, WORD if is_word and kind is str else READERS.get(kind))


def one_of(*words: str) -> Reader:
    """Return a reader that accepts only these words."""

    def read(word: str, tx: Transaction, asker: str) -> str:
        del tx, asker
        if word.casefold() not in words:
            raise Refusal(f"{shortened(word)} is not one of: {', '.join(words)}.")
        return word.casefold()

    return Reader(looks=lambda word, _tx: word.casefold() in words, read=read, example=words[0])


# --- numbers ----------------------------------------------------------------------------------------------


def number_of(noun: str, *, listed_by: str = "") -> Reader:
    """Return a reader of numbers such as `12` or `#12`. Its refusal names `noun` and the command that lists them.

    A plugin makes a type of it: `ShiftNumber = Annotated[int, number_of("a shift", listed_by="oncall me")]`.
    """

    def read(word: str, tx: Transaction, asker: str) -> int:
        del tx, asker
        found = read_number(word)
        if found is None:
            where = f"`{listed_by}` lists them." if listed_by else "Give a number such as 12."
            raise Refusal(f"{shortened(word)} is not the number of {noun}. {where}")
        return found

    return Reader(looks=lambda word, _tx: read_number(word) is not None, read=read, example="1")


PageNumber = Annotated[int, number_of("a page of this list")]
"""The page of a long list, as in `incident list page 2`."""


def several(one: Reader) -> Reader:
    """Return a reader of one or more values, separated by blanks or commas: `7 8`, `#7, #8`."""

    def read(words: str, tx: Transaction, asker: str) -> tuple[Any, ...]:
        said = words.replace(",", " ").split() or [words]
        return tuple(one.read(word, tx, asker) for word in said)

    return Reader(looks=_any, read=read, example=one.example, sees=str)
