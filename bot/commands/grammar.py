"""The usage line is the parser.

A bare word is a literal, `:x` a team, `@x` a person, `"x"` text (quotes optional, takes the rest), `<x>` a word,
`[…]` optional, `a|b` synonyms, `(…|…)` longer synonyms. Optional parts may come in any order.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import inf
from typing import Literal, NamedTuple

from bot.domain.markup import cleaned, peeled, undecorated
from bot.domain.refusal import Refusal
from bot.domain.text import shortened

SlotKind = Literal["team", "person", "text", "word"]


class Word(NamedTuple):
    """One word or one quoted text that a person typed. `start` and `end` are its position in the input."""

    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def bare(self) -> str:
        """Return the word in lower case, without punctuation around it: `*Drill!*` is drill."""
        return peeled(self.text).casefold().replace("—", "--")  # phones turn two dashes into one


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
    sources: tuple["Sequence_", ...]


Item = Literally | Slot | Optionally | OneOf
Sequence_ = tuple[Item, ...]
Accepts = Callable[[Slot, Word], bool]
Says = Callable[[Word, tuple[str, ...]], bool]
Leads = Callable[[str, str], bool]
Bindings = Mapping[str, "Piece"]


TEXT = 1
"""When optional text is tried: after options with a word or a type of their own, before bare flags."""


class UsageError(ValueError):
    """A usage line that can't be read. The plugin that contains it fails to load."""


# --- reading a usage line ---------------------------------------------------------------------------------

_USAGE = re.compile(
    r'\s*(?:(?P<open>[\[(])|(?P<close>[\])])|(?P<bar>\|)|(?P<slot>"\w+"|<\w+>|[:@]\w+)|(?P<word>[\w-]+))'
)


def parse_usage(usage: str) -> Sequence_:
    """Parse a usage line. Raises UsageError if it makes no sense."""
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
        sources: list[Sequence_] = []
        items: list[Item] = []
        while (token := self._next()) is not None:
            kind, text = token
            if kind == "bar":
                sources.append(tuple(items))
                items = []
            elif text == ")":
                return OneOf((*sources, tuple(items)))
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
    """Return the names that a usage line can bind: its slots, and its optional flags."""
    for item in sequence:
        match item:
            case Slot(name=name):
                yield name
            case Optionally(item=(Literally(words=words),)):
                yield words[0]
            case Optionally(item=inner):
                yield from slots(inner)
            case OneOf(sources=sources):
                for source in sources:
                    yield from slots(source)


def slots_of(items: Sequence_) -> Iterator[Slot]:
    """Return the slots of a usage line, including those of its optional parts."""
    for item in items:
        match item:
            case Slot():
                yield item
            case Optionally(item=inner):
                yield from slots_of(inner)
            case OneOf(sources=sources):
                for source in sources:
                    yield from slots_of(source)


def literal_prefixes(sequence: Sequence_) -> list[tuple[str, ...]]:
    """Return every form of the leading literals."""
    prefixes: list[tuple[str, ...]] = [()]
    for item in sequence:
        match item:
            case Literally(words=words):
                prefixes = [(*prefix, word) for prefix in prefixes for word in words]
            case OneOf(sources=sources) if all(
                isinstance(it, Literally) for source in sources for it in source
            ):
                said = [
                    tuple(it.words[0] for it in source if isinstance(it, Literally)) for source in sources
                ]
                prefixes = [(*prefix, *source) for prefix in prefixes for source in said]
            case _:
                break
    return prefixes


def example(sequence: Sequence_, say: Callable[[Slot], str]) -> str:
    """Return a usage line with every part, each slot filled with an example. Of several forms, the first."""
    return " ".join(said for item in sequence if (said := _example(item, say)))


def _example(item: Item, say: Callable[[Slot], str]) -> str:
    match item:
        case Literally(words=words):
            return words[0]
        case Slot():
            return say(item)
        case Optionally(item=inner):
            return example(inner, say)
        case OneOf(sources=sources):
            return example(sources[0], say)


# --- reading what a person typed --------------------------------------------------------------------------

_TYPED = re.compile(
    r'"(?P<quoted>[^"]*)"[.,;:!?]*(?=\s|$|<@)'
    r"|(?P<mark><[^<>\s][^<>]*>[.,;:!?)\]]*)"
    r"|(?P<bare>(?:[^\s<]+|<(?![@#!]|https?:))+|<[^\s<]*)"
)
QUOTE_SHOWN, TYPED_SHOWN = 30, 1_000
"""Most characters of the input that a refusal quotes: enough to recognize it and to copy most texts."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a person typed, with normalized characters, split into words."""

    text: str
    words: tuple[Word, ...] = field(default=())

    @cached_property
    def quotes(self) -> list[int]:
        """Return the positions of the quoted words."""
        return [number for number, word in enumerate(self.words) if word.quoted]

    def saying(self, piece: "Piece", words: str) -> str:
        """Return the whole input with other words in place of a piece."""
        return f"{self.text[: piece.start]}{words}{self.text[piece.end :]}"

    def phrase(self, at: int, end: int) -> Word:
        """Return the words from `at` up to, but not including, `end` as one."""
        first, last = self.words[at], self.words[end - 1]
        if first is last:
            return first
        text = self.text[first.start : last.end]
        quoted = any(it.quoted for it in self.words[at:end])
        return Word(text=text, start=first.start, end=last.end, quoted=quoted)


def read(text: str) -> Typed:
    """Split what was typed into words. Refuses a quote that never ends."""
    plain = undecorated(cleaned(text))
    words = []
    at, last_quote = 0, plain.rfind('"')
    for found in _TYPED.finditer(plain):
        start, end = found.span()
        begins = at == 0 or start > at  # a quote directly after a mention closes a text
        if begins and start == last_quote:
            raise Refusal(
                f'The quote that begins with {shortened(plain[start:], QUOTE_SHOWN)} never ends. Add a " where it '
                f"should, and send it again. You typed:\n{shortened(plain, TYPED_SHOWN)}"
            )
        quoted = found["quoted"]
        words.append(Word(found[0], start, end) if quoted is None else Word(quoted, start, end, quoted=True))
        at = end
    return Typed(text=plain, words=tuple(words))


_DENIAL = re.compile(r"not|no|non|never|without|nor|neither|isnt|wasnt|aint|hardly|\w+n't")
_AFTER_DENIAL = re.compile(
    r"an?|the|any|another|our|your|just|really|actually|actual|yet|only|even|longer|sev\W?\d|p\d"
)


def is_denied(words: Sequence[Word], at: int) -> bool:
    """Return whether an earlier word negates this one: `not a drill`, `isn't private`."""
    before = (it for it in reversed(words[max(at - 4, 0) : at]) if not _AFTER_DENIAL.fullmatch(it.bare))
    last = next(before, None)
    return (
        last is not None
        and not last.quoted
        and not last.text.endswith((",", ".", ";", ":", "!", "?"))
        and bool(_DENIAL.fullmatch(last.bare))
    )


def lacking(items: Sequence_, names: Iterable[str]) -> Sequence_:
    """Return a usage line without the options of these names."""
    gone = {(Slot("word", it),) for it in names}
    return tuple(it for it in items if not (isinstance(it, Optionally) and it.item in gone))


# --- matching ---------------------------------------------------------------------------------------------


class Piece(str):
    """The words that fill a slot, with their position in the input. `option` is where their option begins.

    The piece of an optional flag is `yes`.
    """

    __slots__ = ("end", "option", "start")
    start: int
    end: int
    option: int

    @classmethod
    def at(cls, text: str, start: int, end: int) -> "Piece":
        piece = cls(text)
        piece.start, piece.end, piece.option = start, end, start
        return piece


def one_word(slot: Slot) -> int:
    """Return how many words a slot takes at most, if it is not text."""
    del slot
    return 1


def anywhere(name: str, words: str) -> bool:
    """Accept any option before the text."""
    del name, words
    return True


def exactly(word: Word, literals: tuple[str, ...]) -> bool:
    """Return whether a word is exactly one of an option's own words."""
    return word.bare in literals


def match(
    sequence: Sequence_,
    typed: Typed,
    accepts: Accepts,
    *,
    longest: Callable[[Slot], int] = one_word,
    says: Says = exactly,
    leads: Leads = anywhere,
) -> Bindings | None:
    """Bind what was typed to the usage line's slots. Return None if it does not fit to the end.

    Text without quotes takes as few words as lets the rest fit, so that `checkout is down sev1` ends in a severity.
    Text in quotes ends with the quote, unless only text can follow: `note "x" is broken`. A quote also decides
    ambiguous words: `drill "x"` is a drill, `drill rig is down` is text.
    `accepts` tells whether words can fill a slot where the usage line leaves a choice. `longest` is how many words a
    slot takes. `says` tells whether a word is an option's own. `leads` tells whether an option may come before the
    text: `friday 9:00 batch is missing` is all text.
    """
    ends_in_text = _ends_in_text(sequence)
    for holds_quotes in (ends_in_text, True):
        matcher = _Matcher(typed, accepts, longest, says, leads, ends_in_text, holds_quotes)
        for at, found in matcher.sequence(sequence, 0, after=0):
            if at == len(typed.words):
                return found
    return None


@dataclass(frozen=True)
class _Matcher:
    typed: Typed
    accepts: Accepts
    longest: Callable[[Slot], int]
    says: Says
    leads: Leads
    ends_in_text: bool
    """Whether quoted text may continue after its quote."""
    holds_quotes: bool
    """Whether plain text may contain quotes."""

    @property
    def _words(self) -> tuple[Word, ...]:
        return self.typed.words

    def sequence(
        self, items: Sequence_, at: int, after: float, *, choosy: bool = False
    ) -> Iterator[tuple[int, dict[str, Piece]]]:
        """Yield every position where these items can end, with their bindings. At most `after` words can follow."""
        if not items:
            yield at, {}
            return
        optional = _leading_optionals(items)
        if optional:
            yield from self._optionals(items[: len(optional)], items[len(optional) :], at, after)
            return
        yield from self._told_first(items, at, after)
        for middle, bound in self._item(items[0], at, after + self._most_words(items[1:]), choosy=choosy):
            for end, rest in self.sequence(items[1:], middle, after, choosy=choosy):
                yield end, {**bound, **rest}

    def _told_first(self, items: Sequence_, at: int, after: float) -> Iterator[tuple[int, dict[str, Piece]]]:
        """Match an option of several words, such as a time, that stands before the text."""
        if not _is_text(items[0]):
            return
        options = _leading_optionals(items[1:])
        for index, option in enumerate(options):
            assert isinstance(option, Optionally)  # noqa: S101  by construction
            if all(self.longest(it) > 1 for it in slots_of(option.item)):
                others = (items[0], *options[:index], *options[index + 1 :], *items[1 + len(options) :])
                yield from self._followed(option, others, at, after, is_ahead=True)

    def _optionals(
        self, optional: Sequence_, rest: Sequence_, at: int, after: float
    ) -> Iterator[tuple[int, dict[str, Piece]]]:
        """Match the optional items in any order, then the rest. Text is tried only if nothing else fits."""
        exact = tuple(item for item in optional if _eagerness(item) != TEXT)
        if exact and len(exact) < len(optional):
            yield from self._optionals(exact, rest, at, after)
        optional = tuple(sorted(optional, key=_eagerness))
        for index, item in enumerate(optional):
            assert isinstance(item, Optionally)  # noqa: S101  by construction
            others = (*optional[:index], *optional[index + 1 :], *rest)
            yield from self._followed(item, others, at, after)
        yield from self.sequence(rest, at, after)

    def _followed(
        self, option: Optionally, others: Sequence_, at: int, after: float, *, is_ahead: bool = False
    ) -> Iterator[tuple[int, dict[str, Piece]]]:
        for middle, bound in self._option(option, at, after + self._most_words(others)):
            if middle > at and (not is_ahead or all(self.leads(*it) for it in bound.items())):
                for end, more in self.sequence(others, middle, after):
                    yield end, {**bound, **more}

    def _option(self, option: Optionally, at: int, after: float) -> Iterator[tuple[int, dict[str, Piece]]]:
        flag = option.item[0].words[0] if isinstance(option.item[0], Literally) else None
        if len(option.item) == 1 and not _is_text(option.item[0]) and is_denied(self._words, at):
            return
        for end, bound in self.sequence(option.item, at, after, choosy=True):
            for piece in bound.values():
                piece.option = self._words[at].start
            if flag and len(option.item) == 1:
                word = self._words[at]
                yield end, {**bound, flag: Piece.at("yes", word.start, word.end)}
            else:
                yield end, bound

    def _item(
        self, item: Item, at: int, after: float, *, choosy: bool
    ) -> Iterator[tuple[int, dict[str, Piece]]]:
        match item:
            case Literally(words=words):
                if at < len(self._words) and self._is_said(self._words[at], words, choosy=choosy):
                    yield at + 1, {}
            case OneOf(sources=sources):
                for source in sources:
                    yield from self.sequence(source, at, after, choosy=True)
            case Slot(kind="text", name=name):
                yield from self._text(name, at, after)
            case Slot():
                yield from self._phrase(item, at, choosy=choosy)

    def _is_said(self, word: Word, literals: tuple[str, ...], *, choosy: bool) -> bool:
        return not word.quoted and (exactly(word, literals) or (choosy and self.says(word, literals)))

    def _phrase(self, slot: Slot, at: int, *, choosy: bool) -> Iterator[tuple[int, dict[str, Piece]]]:
        """Match the longest fitting phrase first. If there is no choice, match any: its reader says what is wrong."""
        ends = range(at + 1, min(at + self.longest(slot), len(self._words)) + 1)
        phrases = [(end, self.typed.phrase(at, end)) for end in ends]
        fitting = [(end, it) for end, it in phrases if not it.quoted and self.accepts(slot, it)]
        for end, phrase in [*reversed(fitting), *([] if choosy else phrases)]:
            yield end, {slot.name: Piece.at(phrase.text, phrase.start, phrase.end)}

    def _text(self, name: str, at: int, after: float) -> Iterator[tuple[int, dict[str, Piece]]]:
        if at >= len(self._words):
            return
        first = self._words[at]
        if first.quoted:
            yield at + 1, {name: Piece.at(first.text, first.start, first.end)}
            if not self.ends_in_text:
                return
        for end in self._ends_of_text(at, after):
            last = self._words[end - 1]
            yield end, {name: Piece.at(self.typed.text[first.start : last.end], first.start, last.end)}

    def _ends_of_text(self, at: int, after: float) -> range:
        """Return where plain text may end, so that no more words are left than can follow it."""
        most = len(self._words)
        least = at + 2 if self._words[at].quoted else at + 1
        if most - after > least:
            least = most - int(after)
        if not self.holds_quotes:
            following = bisect_right(self.typed.quotes, at)
            most = next(islice(self.typed.quotes, following, None), most)
        return range(least, most + 1)

    def _most_words(self, items: Sequence_) -> float:
        """Count how many words these items take at most; infinite for text."""
        return sum(map(self._most_words_of, items))

    def _most_words_of(self, item: Item) -> float:
        match item:
            case Slot():
                return inf if _is_text(item) else self.longest(item)
            case Optionally(item=inner):
                return self._most_words(inner)
            case OneOf(sources=sources):
                return max(map(self._most_words, sources))
            case Literally():
                return 1


def _is_text(item: Item) -> bool:
    return isinstance(item, Slot) and item.kind == "text"


def _eagerness(item: Item) -> int:
    """Return the order in which optional items are tried: those with a word of their own, slots, text, flags."""
    if isinstance(item, Optionally) and len(item.item) > 1 and isinstance(item.item[0], Literally):
        return -1  # so that `page 2` does not mean a service called page
    first = item.item[0] if isinstance(item, Optionally) else item
    if isinstance(first, Slot):
        return TEXT if first.kind == "text" else 0
    return TEXT + 1


def _ends_in_text(items: Sequence_) -> bool:
    match items[-1]:
        case Optionally(item=inner):
            return _ends_in_text(inner)
        case last:
            return _is_text(last)


def _leading_optionals(items: Sequence_) -> Sequence_:
    count = next((n for n, it in enumerate(items) if not isinstance(it, Optionally)), len(items))
    return items[:count]
