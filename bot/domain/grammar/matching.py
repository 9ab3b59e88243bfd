"""Bind what a person typed to the slots of a usage line."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import inf

from bot.domain.grammar.typed import Typed, Word, is_denied
from bot.domain.grammar.usage import Item, Literally, OneOf, Optionally, Pattern, Slot, slots

Accepts = Callable[[Slot, Word], bool]
Says = Callable[[Word, tuple[str, ...]], bool]
Leads = Callable[[str, str], bool]
Bindings = Mapping[str, Word]


TEXT = 1
"""When optional text is tried: after options with a word or a type of their own, before bare flags."""


def one_word(slot: Slot) -> int:
    """Return how many words a slot takes at most, if it is not text."""
    del slot
    return 1


def anywhere(name: str, words: str) -> bool:
    """Accept any option before the text."""
    del name, words
    return True


def anything(slot: Slot, word: Word) -> bool:
    """Accept any words: the slot's reader then explains what is wrong with them."""
    del slot, word
    return True


def exactly(word: Word, literals: tuple[str, ...]) -> bool:
    """Return whether a word is exactly one of an option's own words."""
    return word.bare in literals or word.casefold() in literals


def match(
    pattern: Pattern,
    typed: Typed,
    accepts: Accepts = anything,
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
    ends_in_text = _ends_in_text(pattern)
    for holds_quotes in (ends_in_text, True):
        matcher = _Matcher(typed, accepts, longest, says, leads, ends_in_text, holds_quotes)
        for at, found in matcher.sequence(pattern, 0, after=0):
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

    @cached_property
    def _words(self) -> tuple[Word, ...]:
        return self.typed.words

    def sequence(
        self, items: Pattern, at: int, after: float, *, choosy: bool = False
    ) -> Iterator[tuple[int, dict[str, Word]]]:
        """Yield every position where these items can end, with their bindings. At most `after` words can follow."""
        if at == len(self._words) or not items:
            if all(isinstance(it, Optionally) for it in items):  # all else takes a word at least
                yield at, {}
            return
        optional = _leading_optionals(items)
        if optional:
            yield from self._optionals(items[: len(optional)], items[len(optional) :], at, after)
            return
        yield from self._words_first(items, at, after)
        for middle, bound in self._item(items[0], at, after + self._most_words(items[1:]), choosy=choosy):
            for end, rest in self.sequence(items[1:], middle, after, choosy=choosy):
                yield end, {**bound, **rest}

    def _words_first(self, items: Pattern, at: int, after: float) -> Iterator[tuple[int, dict[str, Word]]]:
        """Match an option of several words, such as a time, that stands before the text."""
        if not _is_text(items[0]):
            return
        options = _leading_optionals(items[1:])
        for index, option in enumerate(options):
            assert isinstance(option, Optionally)  # noqa: S101  by construction
            if all(self.longest(it) > 1 for it in slots(option.item)):
                others = (items[0], *options[:index], *options[index + 1 :], *items[1 + len(options) :])
                yield from self._followed(option, others, at, after, is_ahead=True)

    def _optionals(
        self, optional: Pattern, rest: Pattern, at: int, after: float
    ) -> Iterator[tuple[int, dict[str, Word]]]:
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
        self, option: Optionally, others: Pattern, at: int, after: float, *, is_ahead: bool = False
    ) -> Iterator[tuple[int, dict[str, Word]]]:
        for middle, bound in self._option(option, at, after + self._most_words(others)):
            if middle > at and (not is_ahead or all(self.leads(*it) for it in bound.items())):
                for end, more in self.sequence(others, middle, after):
                    yield end, {**bound, **more}

    def _option(self, option: Optionally, at: int, after: float) -> Iterator[tuple[int, dict[str, Word]]]:
        flag = option.item[0].words[0] if isinstance(option.item[0], Literally) else None
        if len(option.item) == 1 and not _is_text(option.item[0]) and is_denied(self._words, at):
            return
        for end, inner in self.sequence(option.item, at, after, choosy=True):
            bound = {name: it.of_option(self._words[at].start) for name, it in inner.items()}
            if flag and len(option.item) == 1:
                word = self._words[at]
                yield end, {**bound, flag: Word.at(word.start, word.end, "yes")}
            else:
                yield end, bound

    def _item(
        self, item: Item, at: int, after: float, *, choosy: bool
    ) -> Iterator[tuple[int, dict[str, Word]]]:
        match item:
            case Literally(words=words):
                if at < len(self._words) and self._is_typed(self._words[at], words, choosy=choosy):
                    yield at + 1, {}
            case OneOf(forms=forms):
                for form in forms:
                    yield from self.sequence(form, at, after, choosy=True)
            case Slot(kind="text", name=name):
                yield from self._text(name, at, after)
            case Slot():
                yield from self._phrase(item, at, choosy=choosy)

    def _is_typed(self, word: Word, literals: tuple[str, ...], *, choosy: bool) -> bool:
        return not word.quoted and (exactly(word, literals) or (choosy and self.says(word, literals)))

    def _phrase(self, slot: Slot, at: int, *, choosy: bool) -> Iterator[tuple[int, dict[str, Word]]]:
        """Match the longest fitting phrase first. If there is no choice, match any: its reader says what is wrong."""
        ends = range(at + 1, min(at + self.longest(slot), len(self._words)) + 1)
        phrases = [(end, self.typed.phrase(at, end)) for end in ends]
        fitting = [(end, it) for end, it in phrases if not it.quoted and self.accepts(slot, it)]
        for end, phrase in [*reversed(fitting), *([] if choosy else phrases)]:
            yield end, {slot.name: phrase}

    def _text(self, name: str, at: int, after: float) -> Iterator[tuple[int, dict[str, Word]]]:
        if at >= len(self._words):
            return
        first = self._words[at]
        if first.quoted:
            yield at + 1, {name: first}
            if not self.ends_in_text:
                return
        for end in self._ends_of_text(at, after):
            last = self._words[end - 1]
            yield end, {name: Word.at(first.start, last.end, self.typed.text[first.start : last.end])}

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

    def _most_words(self, items: Pattern) -> float:
        """Count how many words these items take at most; infinite for text."""
        return sum(map(self._most_words_of, items))

    def _most_words_of(self, item: Item) -> float:
        match item:
            case Slot():
                return inf if _is_text(item) else self.longest(item)
            case Optionally(item=inner):
                return self._most_words(inner)
            case OneOf(forms=forms):
                return max(map(self._most_words, forms))
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


def _ends_in_text(items: Pattern) -> bool:
    match items[-1]:
        case Optionally(item=inner):
            return _ends_in_text(inner)
        case last:
            return _is_text(last)


def _leading_optionals(items: Pattern) -> Pattern:
    count = next((n for n, it in enumerate(items) if not isinstance(it, Optionally)), len(items))
    return items[:count]
