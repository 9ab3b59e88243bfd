"""What a person typed, split into words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from bot.domain.markup import cleaned, peeled, undecorated
from bot.domain.refusal import Refusal
from bot.domain.text import shortened


class Word(str):
    """A word, a quoted text, or several words that fill one slot, with the position in the input.

    `option` is where the option begins that the slot belongs to. The word of an optional flag is `yes`.
    """

    __slots__ = ("_bare", "end", "option", "quoted", "start")
    start: int
    end: int
    option: int
    quoted: bool
    _bare: str | None

    @classmethod
    def at(
        cls, start: int, end: int, text: str, *, quoted: bool = False, option: int | None = None
    ) -> "Word":
        word = cls(text)
        word._bare = None
        word.start, word.end, word.quoted = start, end, quoted
        word.option = start if option is None else option
        return word

    @property
    def bare(self) -> str:
        """Return the word in lower case, without punctuation around it: `*Drill!*` is drill."""
        if self._bare is None:
            self._bare = peeled(self).casefold().replace("—", "--")  # phones turn two dashes into one
        return self._bare

    def of_option(self, option: int) -> "Word":
        return Word.at(self.start, self.end, self, quoted=self.quoted, option=option)


_TYPED = re.compile(
    r'(?P<pair>[\w-]+=(?:"[^"]*"|<[^<>]*>)(?=\s|$))'
    r'|"(?P<quoted>[^"]*)"[.,;:!?]*(?=\s|$|<@)'
    r"|(?P<mark><[^<>\s][^<>]*>[.,;:!?)\]]*)"
    r"|(?P<bare>(?:[^\s<]+|<(?![@#!]|https?:))+|<[^\s<]*)"
)
MOST_LITERALS = 8
"""No command is called by this many words."""
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

    @property
    def literals(self) -> tuple[str, ...]:
        """Return the first unquoted words in lower case. A command's own words are looked for there."""
        return tuple(islice((word.bare for word in self.words if not word.quoted), MOST_LITERALS))

    def saying(self, word: Word, words: str) -> str:
        """Return the whole input with other words in place of one."""
        return f"{self.text[: word.start]}{words}{self.text[word.end :]}"

    def phrase(self, at: int, end: int) -> Word:
        """Return the words from `at` up to, but not including, `end` as one."""
        first, last = self.words[at], self.words[end - 1]
        if first is last:
            return first
        text = self.text[first.start : last.end]
        quoted = any(it.quoted for it in self.words[at:end])
        return Word.at(first.start, last.end, text, quoted=quoted)


def read(text: str) -> Typed:
    """Split what was typed into words. Refuses a quote that never ends."""
    return split(undecorated(cleaned(text)))


def split(plain: str) -> Typed:
    """Split text with normalized characters into words. `name="some words"` is one word."""
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
        words.append(Word.at(start, end, found[0] if quoted is None else quoted, quoted=quoted is not None))
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
        and not last.endswith((",", ".", ";", ":", "!", "?"))
        and bool(_DENIAL.fullmatch(last.bare))
    )
