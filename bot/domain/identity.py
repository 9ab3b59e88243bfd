"""All by which a person is known, and how to remove it from what is stored: names become *somebody*, facts stay."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.domain.subject import FORGOTTEN, SOMEBODY

AT_PAGER = "SOMEBODY"
"""How the id of a forgotten person at the pager begins."""
SHORTEST = 3
"""Letters of a name that is looked for inside texts. A shorter one only counts as a whole text."""


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

    @property
    def placeholder(self) -> str:
        """The id that takes the place of the person's."""
        return f"{FORGOTTEN}{self.token}"

    @cached_property
    def _rules(self) -> list[tuple[re.Pattern[str], str]]:
        """What is replaced by what, in this order. A longer name goes before a shorter one."""
        ident = re.escape(self.person)
        return [
            (re.compile(rf"<@{ident}(?:\|[^<>]*)?>"), SOMEBODY),
            (re.compile(rf"(?<![A-Za-z0-9]){ident}(?![A-Za-z0-9])"), self.placeholder),
            *((_whole(it, re.IGNORECASE), SOMEBODY) for it in _longest_first(self.addresses)),
            *((_whole(it), f"{AT_PAGER}{self.token}") for it in sorted(self.pager_ids)),
            *((_name(it), SOMEBODY) for it in _longest_first(self.names) if len(it) >= SHORTEST),
            *((_name(it.casefold()), SOMEBODY) for it in _longest_first(self.names) if " " in it),
            *(
                (re.compile(rf"(?<=[@/]){re.escape(it)}(?![\w-])", re.IGNORECASE), SOMEBODY)
                for it in self.logins
            ),
        ]

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(it.casefold() for it in (*self.names, *self.logins))

    def removed(self, value: Any) -> Any:
        """Return a value of the database without the person; JSON is looked at through and through."""
        match value:
            case str():
                return self._removed_from(value)
            case Mapping():
                return {self.removed(name): self.removed(it) for name, it in value.items()}
            case list() | tuple():
                return [self.removed(it) for it in value]
        return value

    def _removed_from(self, text: str) -> str:
        if text.casefold() in self._exact:
            return SOMEBODY
        for pattern, instead in self._rules:
            text = pattern.sub(instead, text)
        return text

    def removed_from_search(self, text: str) -> str:
        """Return a text for searches, which is in small letters, without the person."""
        for name in _longest_first(self.names):
            text = _whole(name.casefold()).sub(SOMEBODY, text)
        return self._removed_from(text)


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=len, reverse=True)


def _whole(text: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+-]){re.escape(text)}(?![\w-])", flags)


def _name(name: str) -> re.Pattern[str]:
    """Return the pattern of a name, also as part of a channel's name or an address: `inc-1-ana-lima`.

    One of a single word counts only as it is written: *Will*, but not *will*.
    """
    spaced = r"[\s._-]+".join(map(re.escape, re.findall(r"\S+", name)))
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE if " " in name else 0)
