"""A severity, also inside an incident's name."""

from collections.abc import Sequence

from bot.commands.arguments.reader import Reader
from bot.domain.grammar.typed import Word, is_denied
from bot.domain.incident.severity import read_severity
from bot.domain.policy import Severity
from bot.domain.spelling import is_slip
from bot.services.transaction import Transaction

_ARTICLES = frozenset({"a", "an", "my", "our", "that", "the"})
_BEFORE_A_NAME = frozenset(
    {"and", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "via", "with"}
)
"""Words before a letter and a number that name something: `uploads to p1`, `latency of p1`."""
_MOST_WORDS = 30
"""A text's severity is looked for in this many words at each end. A name is no longer."""


def _severity_looks(word: str, tx: Transaction) -> bool:
    guess = read_severity(word, tx.policy.severities)
    return word.casefold() in tx.policy.severities or (guess is not None and guess.is_sure)


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
    given = words[place.start : place.stop]
    if any(it.quoted or len(it) > 20 for it in given):  # noqa: PLR2004  no severity is as long as that
        return False
    guess = read_severity(" ".join(it.bare.lstrip("#") for it in given), tx.policy.severities)
    before = words[place.start - 1].bare if place.start else ""
    is_last = all(it.bare in flags or it.startswith(":") for it in words[place.stop : place.stop + 9])
    if guess is None or is_denied(words, place.start):
        return False
    if guess.is_sure:
        is_at_an_end = is_last or place.start == 0
        return is_at_an_end or (guess.key is not None and before not in _ARTICLES)
    return _is_set_off(given[0]) or (is_last and before not in _BEFORE_A_NAME)


def _is_set_off(word: str) -> bool:
    return word.startswith(("(", "[", "#")) or word.endswith(":")


SEVERITY = Reader(
    looks=_severity_looks,
    read=_severity,
    example="sev1",
    longest=2,
    resembles=_severity_resembles,
    place=_severity_place,
)
