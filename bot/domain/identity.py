"""All by which a person is known, and how to remove it from what is stored: names become *somebody*, facts stay."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from unicodedata import normalize
from urllib.parse import quote, quote_plus

from bot.domain.subject import FORGOTTEN, SOMEBODY

AT_PAGER = "SOMEBODY"
"""How the id of a forgotten person at the pager begins."""
SHORTEST = 3
"""Letters of a name that is looked for inside texts. A shorter one only counts as a whole text."""
MOST_DIGITS_OF_A_NUMBER = 5
"""An address without @ needs more digits than this: otherwise it is found in any number."""
UNTOUCHED = r"<![^<>]*>|https?://[^\s<>|]+"
"""What Slack reads in a text, and addresses of pages: a name of one word in it is no name."""
Rule = tuple[re.Pattern[str], str]


class Holds(Enum):
    """What a column or a field holds, which decides how a person is removed from it."""

    WORDS = "words"
    """What people typed, or a name: every spelling of the name is removed."""
    CODES = "codes"
    """What programs compare: teams, kinds, states, keys. Only ids and addresses are removed."""
    UNKNOWN = "unknown"
    """A field that nobody declared, or a command: ids, addresses, and names of several words are removed."""


@dataclass(frozen=True, kw_only=True)
class PersonIdentity:
    """A person's Slack id, and what else names them. `token` keeps two forgotten people apart."""

    person: str
    token: str
    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    """E-mail addresses and phone numbers."""
    logins: frozenset[str] = frozenset()
    """Logins at the tracker. Many are common words, so they count only as a whole text, or after @ or /."""
    pager_ids: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    """Slack ids of their direct messages with Spy."""

    @property
    def placeholder(self) -> str:
        """The id that takes the place of the person's."""
        return f"{FORGOTTEN}{self.token}"

    @cached_property
    def _ids(self) -> list[Rule]:
        ident = re.escape(self.person)
        return [
            (re.compile(rf"<@{ident}\|[^<>]*>"), f"<@{self.placeholder}>"),
            (re.compile(rf"(?<![A-Za-z0-9]){ident}(?![A-Za-z0-9])"), self.placeholder),
            *((_whole(it, re.IGNORECASE), SOMEBODY) for it in _longest_first(_addresses(self.addresses))),
            *((_whole(it), f"{AT_PAGER}{self.token}") for it in sorted(self.pager_ids)),
            *((_whole(it), f"D{SOMEBODY.upper()}{self.token}") for it in sorted(self.channels)),
        ]

    @cached_property
    def _full_names(self) -> list[Rule]:
        """Names of several words, and logins where they can be nothing else. A longer one goes first."""
        spellings = _longest_first(found for it in self.names if " " in it for found in _spellings(it))
        at_host = r"(\.[a-z]{2,}(?::[0-9]+)?/)"
        return [
            *((_name(it), SOMEBODY) for it in spellings),
            *((_in_list(it), SOMEBODY) for it in _longest_first(self.names) if " " in it),
            *((_login(at_host, it), rf"\g<1>{SOMEBODY}") for it in self.logins),
        ]

    @cached_property
    def _rules(self) -> dict[Holds, list[Rule]]:
        """What is replaced by what, in this order."""
        mention = (re.compile(rf"<@{re.escape(self.person)}(?:\|[^<>]*)?>"), SOMEBODY)
        logins = ((_login("(@)", it), rf"\g<1>{SOMEBODY}") for it in self.logins)
        return {
            Holds.CODES: self._ids,
            Holds.UNKNOWN: [*self._ids, *self._full_names],
            Holds.WORDS: [mention, *self._ids, *self._full_names, *logins],
        }

    @cached_property
    def _one_word(self) -> re.Pattern[str] | None:
        """Names of one word, as they are written, outside of what Slack reads."""
        names = (it for it in self.names if " " not in it and len(it) >= SHORTEST)
        spelled = _longest_first({form for it in names for form in _forms(it)})
        found = "|".join(map(re.escape, spelled))
        return re.compile(rf"(?P<keep>{UNTOUCHED})|(?<!\w)(?:{found})(?!\w)") if found else None

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(form.casefold() for it in (*self.names, *self.logins) for form in _forms(it))

    def removed(self, text: str, holds: Holds = Holds.WORDS) -> str:
        """Return a text without the person."""
        if holds is Holds.WORDS and text.casefold() in self._exact:
            return SOMEBODY
        for pattern, instead in self._rules[holds]:
            text = pattern.sub(instead, text)
        if holds is Holds.WORDS and self._one_word:
            text = self._one_word.sub(lambda found: found["keep"] or SOMEBODY, text)
        return text

    def removed_from_search(self, text: str) -> str:
        """Return a text for searches, which is in small letters, without the person."""
        for name in _longest_first(self.names):
            text = _whole(name.casefold()).sub(SOMEBODY, text)
        return self.removed(text)


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts), key=lambda it: (-len(it), it))


def _forms(text: str) -> set[str]:
    """Return a text as it may be stored: its accents joined with their letters, or apart, or as in a link."""
    joined, apart = normalize("NFC", text), normalize("NFD", text)
    return {text, joined, apart, quote(joined), quote(apart)}


def _spellings(name: str) -> Iterator[str]:
    """Yield the spellings of a name of several words."""
    for it in (name, name.casefold()):
        yield from _forms(it)
        yield quote_plus(normalize("NFC", it))


def _in_list(name: str) -> re.Pattern[str]:
    """Return the pattern of a name as lists have it, `Lima, Ana`: in a sentence these may be two people."""
    *first, last = name.split()
    turned = "|".join(map(re.escape, sorted(_forms(f"{last}, {' '.join(first)}"))))
    return re.compile(rf"(?:^|(?<=[\"'(\[:;|\n]))(?:{turned})(?!\s*\w)", re.IGNORECASE | re.MULTILINE)


def _addresses(addresses: Iterable[str]) -> Iterator[str]:
    """Yield what can only be an address, also as it stands in a link."""
    for it in addresses:
        if "@" in it or sum(map(str.isdigit, it)) > MOST_DIGITS_OF_A_NUMBER:
            yield from (it, quote(it))


def _login(before: str, login: str) -> re.Pattern[str]:
    return re.compile(rf"{before}{re.escape(login)}(?![\w-])", re.IGNORECASE)


def _whole(text: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+-]){re.escape(text)}(?![\w-])", flags)


def _name(name: str) -> re.Pattern[str]:
    """Return the pattern of a name, also as part of a channel's name or an address: `inc-1-ana-lima`."""
    spaced = r"[\s._-]+".join(map(re.escape, re.findall(r"\S+", name)))
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)
