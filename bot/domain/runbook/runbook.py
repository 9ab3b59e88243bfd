"""A runbook: a document with parameters, and the allowed values of each."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.grammar.typed import split
from bot.domain.refusal import Refusal
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened

WORD = re.compile(r"(?!.*\.\.)(?=.*[A-Za-z0-9])[A-Za-z0-9_./][A-Za-z0-9_.,/:@%+=-]*")
"""A word that is safe in every shell: no blank, no quote, no leading dash (an option), no `..` (a parent folder)."""
NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
LONGEST_WORD, LONGEST_TEXT = 200, 1_000
"""In characters."""

_PAIR = re.compile(r"(?P<name>[\w-]+)=(?P<said>.*)", re.DOTALL)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of invisible characters, and of those that change the order in which letters are shown."""


class Kind(StrEnum):
    WORD = "word"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"


def is_plain(value: str) -> bool:
    """Whether a value is a single plain word in every shell, quoted or not."""
    return bool(WORD.fullmatch(value))


def visible(given: str) -> str:
    """Remove invisible characters. A tab becomes a blank, because a shell would complete at it."""
    spaced = given.replace("\r\n", "\n").replace("\t", " ").strip()
    return "".join(it for it in spaced if it == "\n" or unicodedata.category(it) not in _UNSEEN)


@dataclass(frozen=True, kw_only=True)
class RunbookParameter:
    name: str
    kind: Kind = Kind.WORD
    choices: tuple[str, ...] = ()
    default: str | None = None
    optional: bool = False
    description: str = ""

    @property
    def example(self) -> str:
        """An example of how to write it."""
        usual = {Kind.TEXT: "…", Kind.NUMBER: "1"}.get(self.kind, "…")
        given = self.default or next(iter(self.choices), usual)
        return f'{self.name}="…"' if given == "…" and self.kind is Kind.TEXT else _pair(self.name, given)

    @property
    def described(self) -> str:
        """Its name, with its choices or description."""
        words = ", ".join(self.choices) or self.description
        return f"{self.name} ({words})" if words else self.name

    def read(self, given: str) -> str:
        """Return the value, or raise a Refusal that says what is allowed."""
        value = visible(given)
        match self.kind:
            case Kind.CHOICE:
                return self._choice(value)
            case Kind.NUMBER:
                return self._number(value)
            case Kind.WORD:
                return self._word(value)
            case Kind.TEXT:
                return self._text(value)

    def _choice(self, value: str) -> str:
        chosen = {it.casefold(): it for it in self.choices}
        if found := chosen.get(value.casefold()):
            return found
        meant = did_you_mean(chosen.get(nearest(value.casefold(), chosen) or ""))
        raise Refusal(
            f"{self.name} can't be {shortened(value)}.{meant} Choices: {', '.join(self.choices)}.",
            slot=self.name,
        )

    def _number(self, value: str) -> str:
        if NUMBER.fullmatch(value):
            return value
        raise Refusal(f"{self.name} is a number such as 3, not {shortened(value)}.", slot=self.name)

    def _word(self, value: str) -> str:
        word = value.removeprefix(":")  # teams are written as :team elsewhere
        if is_plain(word) and len(word) <= LONGEST_WORD:
            return word
        raise Refusal(
            f"{self.name} is one word of letters, digits and . _ - / : @ such as db-1, not {shortened(value)}.",
            slot=self.name,
        )

    def _text(self, value: str) -> str:
        if len(value) <= LONGEST_TEXT:
            return value
        raise Refusal(f"{self.name} has {len(value)} characters; {LONGEST_TEXT} fit.", slot=self.name)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The values given for a runbook: the valid ones, the missing parameters, and why others are wrong."""

    filled: Mapping[str, str]
    missing: tuple[RunbookParameter, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not (self.missing or self.wrong)


@dataclass(frozen=True, kw_only=True)
class Runbook:
    name: str
    title: str
    description: str = ""
    parameters: tuple[RunbookParameter, ...] = ()
    relieves: tuple[str, ...] = ()
    """What it is a lever against. See `domain.lever`."""

    @property
    def example(self) -> str:
        """The shortest command that works."""
        wanted = [it.example for it in self.parameters if not (it.optional or it.default)]
        return " ".join(("runbook", self.name, *wanted))

    def pairs(self, given: str) -> dict[str, str]:
        """Split `service=checkout reason="it is down"` into pairs. Refuses other text, and a name with two values."""
        found: dict[str, str] = {}
        for word in split(given).words:
            pair = _PAIR.fullmatch(word)
            if pair is None:
                raise Refusal(
                    f"I can't place {shortened(word)}. Write it as name=value: `{self.example}`."
                    if self.parameters
                    else f"{self.name} has no parameters: `runbook {self.name}` is all."
                )
            name, value = pair["name"].replace("-", "_").casefold(), pair["said"].strip('"')
            if found.setdefault(name, value) != value:
                raise Refusal(
                    f"{name} is said twice: {shortened(found[name])} and {shortened(value)}. Which one is it?",
                    slot=name,
                )
        return found

    def read(self, given: Mapping[str, str]) -> Reading:
        """Return the values, checked. A default replaces a value that is missing or blank."""
        known = {it.name: it for it in self.parameters}
        wrong = {name: self._unknown(name) for name in given if name not in known}
        filled: dict[str, str] = {}
        missing = []
        for parameter in self.parameters:
            words = visible(given.get(parameter.name, "")) or parameter.default
            if words:
                try:
                    filled[parameter.name] = parameter.read(words)
                except Refusal as refusal:
                    wrong[parameter.name] = refusal.sentence
            elif not parameter.optional:
                missing.append(parameter)
        return Reading(filled=filled, missing=tuple(missing), wrong=wrong)

    def lacking(self, reading: Reading) -> Refusal:
        """Return a Refusal that names what is wrong or missing."""
        given = [*reading.wrong.values()]
        if reading.missing:
            given.append(f"{self.name} needs {', '.join(it.described for it in reading.missing)}.")
        slot = next(iter(reading.wrong), None) or reading.missing[0].name
        return Refusal(" ".join(given), slot=slot)

    def in_words(self, reading: Reading) -> Refusal:
        """Return a Refusal with the corrected command, for places without a form."""
        pairs = {
            it.name: it.example for it in self.parameters if it in reading.missing or it.name in reading.wrong
        }
        pairs |= {name: _pair(name, value) for name, value in reading.filled.items()}
        lacking = self.lacking(reading)
        say = " ".join(("runbook", self.name, *pairs.values()))
        return Refusal(f"{lacking.sentence} Try: `{say}`", slot=lacking.slot)

    def _unknown(self, name: str) -> str:
        names = [it.name for it in self.parameters]
        meant = did_you_mean(nearest(name, names)) or f" It has {', '.join(names) or 'none'}."
        return f"{self.name} has no parameter {shortened(name)}.{meant}"


def _pair(name: str, value: str) -> str:
    return f'{name}="{value}"' if " " in value else f"{name}={value}"
