"""How much one incident resembles another, by facts only: services, suspected changes, runbooks and words."""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.incident.incident import Incident
from bot.domain.markup import as_seen, cleaned


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


AT_ONCE = timedelta(hours=1)
"""Two incidents that were opened within this time may be one."""
MOST_WORDS = 40
"""How many words of a text are compared. What matters comes first."""
SHORTEST = 2
SERVICE, CHANGE, RUNBOOK, WORD = 4, 6, 3, 2
"""What each thing in common counts. Words count only if enough of them are the same."""
COMMON = _listed(
    """
    a about after again alert alerts all also am an and any are as at back bad be because been before being broken
    but by can can't cannot check could customer customers degradation degraded did do does doesn't don't down error
    errors every everybody everyone fail failed failing fails failure failures for from get gets getting got had has
    have help high how i in incident into is isn't issue issues it it's its just latency like long look looks lot
    low major many may more most much my need new no nobody none not now of off on one only or our out outage over
    partial people please possible problem problems reported reports seem seems service services set several slow
    slowly so some something still stopped than that the their them then there they this to too trouble unavailable
    under up us use user users very was we were what when which while who why will with without won't work working
    works wrong you your
    """
)
"""Words that say nothing about what is wrong: those of every sentence, and those of every incident."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What an incident is compared by. Services and words are in lower case, changes are numbers."""

    services: frozenset[str] = frozenset()
    changes: frozenset[int] = frozenset()
    runbooks: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """What two incidents have in common."""

    services: tuple[str, ...] = ()
    changes: tuple[int, ...] = ()
    runbooks: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def score(self) -> int:
        """How much it is: 0 is nothing."""
        return (
            SERVICE * len(self.services)
            + CHANGE * len(self.changes)
            + RUNBOOK * len(self.runbooks)
            + WORD * len(self.words)
        )


def traits(incident: Incident, *, services: Collection[str] = (), runbooks: Iterable[str] = ()) -> Traits:
    """Return what an incident is compared by. `services` are all that the organisation has."""
    texts = (incident.name, incident.impact or "", incident.cause or "")
    words = frozenset[str]().union(*map(telling_words, texts))
    named = {*incident.services, *(it.service for it in incident.suspects if it.service)}
    return Traits(
        services=frozenset({it.casefold() for it in named} | services_in(words, services)),
        changes=frozenset(it.change for it in incident.suspects),
        runbooks=frozenset(runbooks),
        words=words,
    )


def telling_words(text: str) -> frozenset[str]:
    """Return the words of a text that say what is wrong, each without its plural's s."""
    plain = unicodedata.normalize("NFKC", as_seen(cleaned(text[:2_000]))).casefold()
    letters = "".join(
        it if it.isalnum() or it in "'-_" or unicodedata.category(it)[0] == "M" else " " for it in plain
    )
    found = [it.strip("'-_") for it in letters.split()[:MOST_WORDS]]
    return frozenset(_stem(it) for it in found if len(it) >= SHORTEST and it not in COMMON)


def services_in(words: Collection[str], services: Iterable[str]) -> set[str]:
    """Return the services whose names are among the telling words of a text."""
    return {it for it in map(str.casefold, services) if _stem(it) in words}


def _stem(word: str) -> str:
    """Return a word without the ending of its plural: `payments` is `payment`, `address` stays."""
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))  # noqa: PLR2004
    return word[:-1] if is_plural and word.isalpha() else word


def in_common(one: Traits, other: Traits) -> Likeness | None:
    """Return what two have in common; None if that is too little.

    A service, a change or a runbook is enough. Of the words, half of those of the shorter one must be the same.
    """
    words = one.words & other.words
    fewest = min(len(one.words), len(other.words))
    is_enough = bool(words) and 2 * len(words) >= fewest
    found = Likeness(
        services=tuple(sorted(one.services & other.services)),
        changes=tuple(sorted(one.changes & other.changes)),
        runbooks=tuple(sorted(one.runbooks & other.runbooks)),
        words=tuple(sorted(words)) if is_enough else (),
    )
    return found if found.score else None


def may_be_one(new: Incident, other: Incident) -> bool:
    """Whether two open incidents may be about one trouble: the other one was opened within an hour before."""
    earlier = other.number < new.number
    within = abs(new.opened_at - other.opened_at) <= AT_ONCE
    return earlier and within and new.is_open and other.is_open and new.drill == other.drill
