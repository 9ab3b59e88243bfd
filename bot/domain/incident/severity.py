"""How people write a severity: SEV-1, sev 1, P1, severity one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TYPED = re.compile(
    r"(?:(?P<word>severity|sev|priority|prio)[\s:#.=_-]*|(?P<letter>[ps])-?)(?P<rest>[a-z0-9]{1,20})"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))  # noqa: RUF001  what phones and documents write
_NUMBERS = {"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_OTHER = frozenset({"s3"})
"""Names that usually mean something else, such as Amazon S3."""
LONGEST = 60
"""The most characters of a severity's name."""


@dataclass(frozen=True, kw_only=True)
class SeverityGuess:
    """A severity that somebody wrote. `key` is the configured one; None if there is none like it.

    `is_sure` is True after a word such as `sev`. A single letter such as the `p` of p99 can mean anything.
    """

    key: str | None
    is_sure: bool


def read_severity(words: str, known: Iterable[str]) -> SeverityGuess | None:
    """Return the severity that the words name, matched with the configured keys; None if they name none."""
    if len(words) > LONGEST:
        return None
    typed = words.casefold().translate(_DASHES).strip()
    found = _TYPED.fullmatch(typed)
    if not found:
        return None
    rest = _NUMBERS.get(found["rest"], found["rest"]) if found["word"] else found["rest"]
    key = next((it for it in known if _means(rest, it)), None)
    if found["word"]:
        return SeverityGuess(key=key, is_sure=True) if key or rest.isdecimal() else None
    return SeverityGuess(key=key, is_sure=False) if key and rest.isdecimal() and typed not in _OTHER else None


def means(words: str, key: str) -> bool:
    """Whether the words mean this severity (its configured key), where nothing else is possible: `1` is sev1."""
    if len(words) > LONGEST:
        return False
    typed = words.casefold().translate(_DASHES).strip(" #:.!")
    found = _TYPED.fullmatch(typed)
    rest = found["rest"] if found else typed
    return _plain(typed) == _plain(key) or _means(_NUMBERS.get(rest, rest), key)


def _means(rest: str, key: str) -> bool:
    if rest.isdecimal():
        digits = re.search(r"\d+$", key)
        return digits is not None and int(digits[0]) == int(rest)
    return _plain(rest) == _plain(key)


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", word.casefold())
