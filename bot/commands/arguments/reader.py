"""What reads one type of argument, and readers of numbers, of fixed words and of several values."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.grammar.typed import Word
from bot.domain.markup import as_seen, peeled
from bot.domain.number import read_number
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import did_you_mean, is_slip, nearest
from bot.domain.text import shortened
from bot.services.transaction import Transaction

LONGEST_TEXT, LONGEST_LINE = 40_000, 3_000
"""Most characters of a text: as many as one Slack message, and one paragraph of it, can hold."""

Looks = Callable[[str, Transaction], bool]
Read = Callable[[str, Transaction, str], Any]


def _word(raw: str) -> str:
    """Return a word as a person sees it, without punctuation around it."""
    return as_seen(peeled(raw))


def by_word(test: Callable[[str], bool]) -> Looks:
    """Return a test that needs nothing but the words."""
    return lambda word, _tx: test(word)


def anything(_word: str, _tx: Transaction) -> bool:
    return True


def nothing(_word: str, _tx: Transaction) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads one type. `looks` decides where the usage line leaves a choice; `read` may raise Refusal."""

    looks: Looks
    read: Read
    example: str = ""
    """An example of what a person types; empty: the slot's name."""
    longest: int = 1
    """How many words it takes at most."""
    resembles: Looks = nothing
    """Whether words nearly fit. Spy asks about them instead of treating them as text."""
    leads: Callable[[str], bool] = bool
    """Whether it may also come before a text, although a sentence may begin with such words."""
    most: int = LONGEST_TEXT
    """How many characters it takes at most."""
    sees: Callable[[str], str] = _word
    """What is read of the words as they were typed."""
    place: Callable[[Sequence[Word], frozenset[str], Transaction], range | None] | None = None
    """Finds it among the words of unquoted text, beside the command's flags or inside the text."""


def choice_of(
    words: Collection[str], kind: Callable[[str], Any] = str, *, no: str, all_are: str, say: str = ""
) -> Reader:
    """Return a reader of fixed words. `no` and `all_are` begin the two sentences of its refusal.

    `say` is the command before a choice, where the whole command has to be said again.
    """

    def read(word: str, tx: Transaction, asker: str) -> Any:
        del tx, asker
        given = word.casefold()
        if given in words:
            return kind(given)
        meant = nearest(given, words)
        raise Refusal(
            f"{no} {shortened(word)}.{did_you_mean(meant)} {all_are}: {', '.join(words)}.",
            choices=tuple(Choice(label=it, say=f"{say}{it}") for it in ([meant] if meant else words)),
        )

    return Reader(
        looks=by_word(lambda word: word.casefold() in words),
        read=read,
        resembles=by_word(lambda word: any(is_slip(word.casefold(), it) for it in words)),
        example=next(iter(words)),
    )


def one_of(*words: str) -> Reader:
    """Return a reader that accepts only these words."""

    def read(word: str, tx: Transaction, asker: str) -> str:
        del tx, asker
        if word.casefold() not in words:
            raise Refusal(f"{shortened(word)} is not one of: {', '.join(words)}.")
        return word.casefold()

    return Reader(looks=lambda word, _tx: word.casefold() in words, read=read, example=words[0])


def number_of(noun: str, *, listed_by: str = "") -> Reader:
    """Return a reader of numbers such as `12` or `#12`. Its refusal names `noun` and the command that lists them.

    A plugin makes a type of it: `ShiftNumber = Annotated[int, number_of("a shift", listed_by="oncall me")]`.
    """

    def read(word: str, tx: Transaction, asker: str) -> int:
        del tx, asker
        found = read_number(word)
        if found is None:
            where = f"`{listed_by}` lists them." if listed_by else "Give a number such as 12."
            raise Refusal(f"{shortened(word)} is not the number of {noun}. {where}")
        return found

    return Reader(looks=lambda word, _tx: read_number(word) is not None, read=read, example="1")


def several(one: Reader) -> Reader:
    """Return a reader of one or more values, separated by blanks or commas: `7 8`, `#7, #8`."""

    def read(words: str, tx: Transaction, asker: str) -> tuple[Any, ...]:
        given = words.replace(",", " ").split() or [words]
        return tuple(one.read(word, tx, asker) for word in given)

    return Reader(looks=anything, read=read, example=one.example, sees=str)
