"""Compare the names of PagerDuty's services with those of Slack's channels."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from bot.config.secrets_in_file import has_secret

EQUAL, ALIKE, PARTLY, APART = 3, 2, 1, 0

_BETWEEN = re.compile(r"[\W_]+")
_PLAIN = re.compile(r"[a-z0-9]+")


@cache
def words(name: str) -> tuple[str, ...]:
    return tuple(filter(None, _BETWEEN.split(unicodedata.normalize("NFKC", name).casefold())))


GENERIC = frozenset(
    words(
        "alert alerts api app call channel dev eng engineering escalation incident incidents on oncall ops page pager "
        "pages policy prod production schedule service services squad support team the"
    )
)
"""Words that say nothing about whose a channel or a service is."""
NOISY = frozenset(words("alert alerts bot bots deploy deploys feed log logs notifications"))
"""Words in the names of channels where machines write."""


@cache
def core(name: str) -> frozenset[str]:
    """Return the words that say whose it is."""
    return frozenset(words(name)) - GENERIC


def closeness(channel: str, name: str) -> int:
    """Return how well a channel's name fits another name, from APART to EQUAL."""
    if _joined(channel) and _joined(channel) == _joined(name):
        return EQUAL
    ours, theirs = core(channel), core(name)
    if not ours or not theirs:
        return APART
    if ours == theirs:
        return ALIKE
    return PARTLY if ours < theirs else APART


def closest(channel: str, names: Iterable[str]) -> int:
    return max((closeness(channel, name) for name in names), default=APART)


def printable(text: str) -> str:
    """Return one line without characters that a terminal or YAML would not show."""
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())


def is_noisy(channel: str) -> bool:
    return bool(NOISY & {*words(channel)})


def key(*names: str) -> str:
    """Return a name for config.yaml, made of the first name with plain letters; "" if there is none."""
    found = (_plain([it for it in words(name) if it not in GENERIC] or words(name)) for name in names)
    return next((it for it in found if it and not has_secret(it)), "")


@cache
def _joined(name: str) -> str:
    return "".join(words(name))


def _plain(parts: Sequence[str]) -> str:
    """Join the words, without accents. Return "" if a word has other letters than a to z."""
    bare = [unicodedata.normalize("NFKD", it).encode("ascii", "ignore").decode() for it in parts]
    return "-".join(bare) if all(map(_PLAIN.fullmatch, bare)) else ""
