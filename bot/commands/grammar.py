"""The usage line is the parser: what it says is what is understood.

Bare word: literal. `:x` a team. `@x` a person. `"x"` text (quotes optional, takes the rest). `<x>` a word.
`[…]` optional. `a|b` synonyms. `(…|…)` groups longer synonyms. Optional parts may come in any order.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from bot.domain.refusal import Refusal
from bot.domain.text import shortened

CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'"})  # noqa: RUF001  these

SlotKind = Literal["team", "person", "text", "word"]


class Word(NamedTuple):
    """One word, or one quoted text, of what a person typed; `start` and `end` are its place there."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True)
class Literally:
    words: tuple[str, ...]


@dataclass(frozen=True)
class Slot:
    kind: SlotKind
    name: str


@dataclass(frozen=True)
class Optionally:
    item: "Sequence_"


@dataclass(frozen=True)
class OneOf:
    ways: tuple["Sequence_", ...]


Item = Literally | Slot | Optionally | OneOf
Sequence_ = tuple[Item, ...]
Accepts = Callable[[Slot, Word], bool]
Bindings = Mapping[str, str]


TEXT = 1
"""How eagerly optional text is taken: after what knows its own words, before a bare flag."""


class UsageError(ValueError):
    """A usage line that can't be read: the plugin that holds it fails to load."""


# --- reading a usage line ---------------------------------------------------------------------------------

_USAGE = re.compile(
    r'\s*(?:(?P<open>[\[(])|(?P<close>[\])])|(?P<bar>\|)|(?P<slot>"\w+"|<\w+>|[:@]\w+)|(?P<word>[\w-]+))'
)


def parse_usage(usage: str) -> Sequence_:
    """Read a usage line; raises UsageError where it makes no sense."""
    reader = _UsageReader(usage)
    sequence = reader.sequence(until=None)
    if not sequence or not isinstance(sequence[0], Literally | OneOf):
        raise UsageError(f"{usage!r}: a usage line begins with a literal word")
    return sequence


class _UsageReader:
    def __init__(self, usage: str) -> None:
        self._usage = usage
        self._tokens = list(self._split())
        self._at = 0

    def _split(self) -> Iterator[tuple[str, str]]:
        at = 0
        while self._usage[at:].strip():
            found = _USAGE.match(self._usage, at)
            if not found:
                raise UsageError(f"{self._usage!r}: can't read {self._usage[at:]!r}")
            yield found.lastgroup or "", found.group(found.lastgroup or 0)
            at = found.end()

    def sequence(self, until: str | None) -> Sequence_:
        items: list[Item] = []
        while (token := self._next()) is not None:
            kind, text = token
            if kind == "close":
                if text != until:
                    raise UsageError(f"{self._usage!r}: unexpected {text!r}")
                return tuple(items)
            if kind == "bar":
                raise UsageError(f"{self._usage!r}: | joins words or stands in ( )")
            items.append(self._item(kind, text))
        if until:
            raise UsageError(f"{self._usage!r}: {until!r} is missing")
        return tuple(items)

    def _item(self, kind: str, text: str) -> Item:
        if text == "[":
            return Optionally(self.sequence(until="]"))
        if text == "(":
            return self._group()
        if kind == "slot":
            return _slot(text)
        words = [text]
        while self._peek() == "bar":
            self._next()
            following = self._next()
            if not following or following[0] != "word":
                raise UsageError(f"{self._usage!r}: a word is missing after |")
            words.append(following[1])
        return Literally(tuple(words))

    def _group(self) -> OneOf:
        ways: list[Sequence_] = []
        items: list[Item] = []
        while (token := self._next()) is not None:
            kind, text = token
            if kind == "bar":
                ways.append(tuple(items))
                items = []
            elif text == ")":
                return OneOf((*ways, tuple(items)))
            else:
                items.append(_slot(text) if kind == "slot" else Literally((text,)))
        raise UsageError(f"{self._usage!r}: ')' is missing")

    def _next(self) -> tuple[str, str] | None:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else None

    def _peek(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None


def _slot(text: str) -> Slot:
    kinds: dict[str, SlotKind] = {":": "team", "@": "person", '"': "text", "<": "word"}
    return Slot(kinds[text[0]], text.strip(':@"<>'))


def slots(sequence: Sequence_) -> Iterator[str]:
    """Name what a usage line can bind: its slots, and the literals that are optional flags."""
    for item in sequence:
        match item:
            case Slot(name=name):
                yield name
            case Optionally(item=(Literally(words=words),)):
                yield words[0]
            case Optionally(item=inner):
                yield from slots(inner)
            case OneOf(ways=ways):
                for way in ways:
                    yield from slots(way)


def literal_prefixes(sequence: Sequence_) -> list[tuple[str, ...]]:
    """Give every way in which the leading literals can be said."""
    prefixes: list[tuple[str, ...]] = [()]
    for item in sequence:
        match item:
            case Literally(words=words):
                prefixes = [(*prefix, word) for prefix in prefixes for word in words]
            case OneOf(ways=ways) if all(isinstance(it, Literally) for way in ways for it in way):
                said = [tuple(it.words[0] for it in way if isinstance(it, Literally)) for way in ways]
                prefixes = [(*prefix, *way) for prefix in prefixes for way in said]
            case _:
                break
    return prefixes


def example(sequence: Sequence_, say: Callable[[Slot], str]) -> str:
    """Say a usage line with every part of it, each slot by an example; the first of several ways."""
    return " ".join(said for item in sequence if (said := _example(item, say)))


def _example(item: Item, say: Callable[[Slot], str]) -> str:
    match item:
        case Literally(words=words):
            return words[0]
        case Slot():
            return say(item)
        case Optionally(item=inner):
            return example(inner, say)
        case OneOf(ways=ways):
            return example(ways[0], say)


# --- reading what a person typed --------------------------------------------------------------------------

_TYPED = re.compile(r'"(?P<quoted>[^"]*)"(?=\s|$)|(?P<mention><[^<>\s][^<>]*>)|(?P<bare>\S+)')
QUOTE_SHOWN, TYPED_SHOWN = 30, 1_000
"""Characters of what was typed in a refusal: enough to find it again, and to copy most texts from it."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Those that turn the direction of writing among them: in a name they would turn the card's other words round."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a person typed, made plain: straight quotes, no control characters, cut into words."""

    text: str
    words: tuple[Word, ...] = field(default=())

    def between(self, start: Word, end: Word) -> str:
        return self.text[start.start : end.end]


def read(text: str) -> Typed:
    """Cut what was typed into words; refuses a quote that never ends."""
    plain = _CONTROL.sub("", text.translate(CURLY)).strip()
    words = []
    at, last_quote = 0, plain.rfind('"')
    for found in _TYPED.finditer(plain):
        start, end = found.span()
        begins = at == 0 or start > at  # a quote right behind a mention is one that ends
        if begins and start == last_quote:
            raise Refusal(
                f'The quote that begins with {shortened(plain[start:], QUOTE_SHOWN)} never ends. Add a " where it '
                f"should, and send it again. You typed:\n{shortened(plain, TYPED_SHOWN)}"
            )
        quoted = found["quoted"]
        words.append(Word(found[0], start, end) if quoted is None else Word(quoted, start, end, quoted=True))
        at = end
    return Typed(text=plain, words=tuple(words))


# --- matching ---------------------------------------------------------------------------------------------


def match(sequence: Sequence_, typed: Typed, accepts: Accepts) -> Bindings | None:
    """Bind what was typed to the usage line's slots; None where it does not fit to the end.

    Text without quotes takes as little as lets the rest fit, so that `checkout is down sev1` ends in a severity.
    Text in quotes ends with them, unless nothing but text can follow: `note "x" is broken`; and what could be
    two things is the slot that a quote leaves for it: `drill "x"` is a drill, `drill rig is down` is text.
    `accepts` says whether a word can fill a slot where the usage line leaves a choice.
    """
    ends_in_text = _ends_in_text(sequence)
    for holds_quotes in (ends_in_text, True):
        matcher = _Matcher(typed, accepts, ends_in_text=ends_in_text, holds_quotes=holds_quotes)
        for at, found in matcher.sequence(sequence, 0, after=0):
            if at == len(typed.words):
                return found
    return None


class _Matcher:
    """`ends_in_text`: quoted text may go on after its quote; `holds_quotes`: plain text may have quotes in it."""

    def __init__(self, typed: Typed, accepts: Accepts, *, ends_in_text: bool, holds_quotes: bool) -> None:
        self._typed = typed
        self._ends_in_text = ends_in_text
        self._holds_quotes = holds_quotes
        self._words = typed.words
        self._accepts = accepts

    def sequence(
        self, items: Sequence_, at: int, after: float, *, choosy: bool = False
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Give every place where these items can end, and what they bind; `after`: how many words can follow them."""
        if not items:
            yield at, {}
            return
        optional = _leading_optionals(items)
        if optional:
            yield from self._optionals(items[: len(optional)], items[len(optional) :], at, after)
            return
        for middle, bound in self._item(items[0], at, after + _most_words(items[1:]), choosy=choosy):
            for end, rest in self.sequence(items[1:], middle, after, choosy=choosy):
                yield end, {**bound, **rest}

    def _optionals(
        self, optional: Sequence_, rest: Sequence_, at: int, after: float
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Match any of the optional items in any order, then the rest; text only where nothing else fits."""
        exact = tuple(item for item in optional if _eagerness(item) != TEXT)
        if exact and len(exact) < len(optional):
            yield from self._optionals(exact, rest, at, after)
        optional = tuple(sorted(optional, key=_eagerness))
        for index, item in enumerate(optional):
            assert isinstance(item, Optionally)  # noqa: S101  by construction
            others = (*optional[:index], *optional[index + 1 :])
            for middle, bound in self._flagged(item, at, after + _most_words(others + rest)):
                if middle > at:
                    for end, more in self._optionals(others, rest, middle, after):
                        yield end, {**bound, **more}
        yield from self.sequence(rest, at, after)

    def _flagged(self, option: Optionally, at: int, after: float) -> Iterator[tuple[int, dict[str, str]]]:
        flag = option.item[0].words[0] if isinstance(option.item[0], Literally) else None
        lone = flag if len(option.item) == 1 else None
        for end, bound in self.sequence(option.item, at, after, choosy=True):
            yield end, {**bound, lone: "yes"} if lone else bound

    def _item(
        self, item: Item, at: int, after: float, *, choosy: bool
    ) -> Iterator[tuple[int, dict[str, str]]]:
        match item:
            case Literally(words=words):
                if (
                    at < len(self._words)
                    and not self._words[at].quoted
                    and self._words[at].text.casefold() in words
                ):
                    yield at + 1, {}
            case OneOf(ways=ways):
                for way in ways:
                    yield from self.sequence(way, at, after, choosy=True)
            case Slot(kind="text", name=name):
                yield from self._text(name, at, after)
            case Slot(name=name) if at < len(self._words):
                word = self._words[at]
                if not choosy or (not word.quoted and self._accepts(item, word)):
                    yield at + 1, {name: word.text}

    def _text(self, name: str, at: int, after: float) -> Iterator[tuple[int, dict[str, str]]]:
        if at >= len(self._words):
            return
        if self._words[at].quoted:
            yield at + 1, {name: self._words[at].text}
            if not self._ends_in_text:
                return
        shortest = at + 2 if self._words[at].quoted else at + 1
        if len(self._words) - after > shortest:  # else what follows could not reach the end
            shortest = len(self._words) - int(after)
        for end in range(shortest, self._longest_text(at) + 1):
            yield end, {name: self._typed.between(self._words[at], self._words[end - 1])}

    def _longest_text(self, at: int) -> int:
        """Find where text that begins here ends at the latest."""
        if self._holds_quotes:
            return len(self._words)
        return next(
            (end for end in range(at + 1, len(self._words)) if self._words[end].quoted), len(self._words)
        )


def _eagerness(item: Item) -> int:
    """Say which of several optional items is tried first: one with a word of its own, a slot, text, a flag."""
    if isinstance(item, Optionally) and len(item.item) > 1 and isinstance(item.item[0], Literally):
        return -1  # `page 2` is no service called page
    first = item.item[0] if isinstance(item, Optionally) else item
    if isinstance(first, Slot):
        return TEXT if first.kind == "text" else 0
    return TEXT + 1


def _most_words(items: Sequence_) -> float:
    """Count the words that these items can take at the most; text takes any number."""
    return sum(map(_most_words_of, items))


def _most_words_of(item: Item) -> float:
    match item:
        case Slot(kind="text"):
            return inf
        case Optionally(item=inner):
            return _most_words(inner)
        case OneOf(ways=ways):
            return max(map(_most_words, ways))
        case _:
            return 1


def _ends_in_text(items: Sequence_) -> bool:
    match items[-1]:
        case Optionally(item=inner):
            return _ends_in_text(inner)
        case last:
            return isinstance(last, Slot) and last.kind == "text"


def _leading_optionals(items: Sequence_) -> Sequence_:
    count = next((n for n, it in enumerate(items) if not isinstance(it, Optionally)), len(items))
    return items[:count]
