"""A month: `november`, `nov 2026`, `2026-11`, `11/2026`, `last month`."""

import re
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from bot.commands.arguments.reader import Reader, by_word
from bot.domain.oncall.ledger import Month
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import did_you_mean, is_slip, nearest
from bot.domain.text import shortened
from bot.services.people import People
from bot.services.transaction import Transaction

NAMES = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905  a sentence reads best
)
_LAST, _THIS = frozenset({"last", "previous", "past"}), frozenset({"this", "current"})
_BESIDE = frozenset({"for", "in", "of", "month"})
_YEAR, _NUMBER = re.compile(r"20[0-9]{2}"), re.compile(r"0?[1-9]|1[0-2]")
_BETWEEN = re.compile(r"[\s,./-]+")
_FEW = 5
"""Words among which the name of a month is looked for."""


@dataclass(frozen=True)
class _Typed:
    """A month as it was typed: how many months ago, or by its number, with or without a year."""

    ago: int | None = None
    number: int = 0
    year: int | None = None


def _typed(words: str) -> _Typed | None:
    """Read the words of a month; None if they are none."""
    said = [it for it in _BETWEEN.split(words.casefold()) if it]
    match [it for it in said if it not in _BESIDE]:
        case [word] if word in _LAST | _THIS:
            return _Typed(ago=int(word in _LAST))
        case [name] if number := _by_name(name):
            return _Typed(number=number)
        case [first, second]:
            year, month = (first, second) if _YEAR.fullmatch(first) else (second, first)
            if _YEAR.fullmatch(year) and (number := _number(month)):
                return _Typed(number=number, year=int(year))
    return None


def _number(word: str) -> int | None:
    return int(word) if _NUMBER.fullmatch(word) else _by_name(word)


def _by_name(word: str) -> int | None:
    """Return the number of a month by its name, or by three letters of it or more."""
    found = (n for n, name in enumerate(NAMES, start=1) if len(word) > 2 and name.startswith(word))  # noqa: PLR2004  as said
    return next(found, None)


def _looks(words: str) -> bool:
    return _typed(words) is not None


def _is_near(words: str) -> bool:
    """Whether words are nearly a month: `octobr`, `nov 206`."""
    said = _BETWEEN.split(words.casefold())[:_FEW]
    return _looks(words) or any(is_slip(it, name) for it in said for name in NAMES)


def _read(words: str, tx: Transaction, asker: str, *, say: str, of_nobody: Refusal | None = None) -> Month:
    """Read a month by the asker's own clock. A name alone is the last month of this name that has begun."""
    current = Month.of(tx.now.astimezone(ZoneInfo(People(tx).zone(asker))))
    typed = _typed(words)
    if typed is None:
        raise _refused(words, tx, of_nobody)
    if typed.ago is not None:
        return current.before(typed.ago)
    year = typed.year or current.year - (typed.number > current.month)
    month = Month(year=year, month=typed.number)
    if (month.year, month.month) > (current.year, current.month):
        raise Refusal(f"{month.name} has not begun yet. Try: `{say}` for this month.", slot="month")
    return month


def _refused(words: str, tx: Transaction, of_nobody: Refusal | None) -> Refusal:
    if of_nobody and (words.startswith(("@", "<@")) or tx.session.people.named(words)):
        return of_nobody
    meant = did_you_mean(nearest(words.casefold(), NAMES))
    return Refusal(
        f"{shortened(words)} is no month.{meant} Try: november, november 2025, last month.", slot="month"
    )


_LEDGER_OF_SOMEBODY = Refusal(
    "You can see your own ledger: `oncall ledger`. A team's people see its sums: `oncall ledger :team`.",
    choices=(Choice(label="My ledger", say="oncall ledger"),),
)
MONTH = Reader(
    looks=by_word(_looks),
    read=partial(_read, say="oncall ledger", of_nobody=_LEDGER_OF_SOMEBODY),
    example="november",
    longest=3,
)
REPORT_MONTH = Reader(
    looks=by_word(_looks),
    read=partial(_read, say="report"),
    resembles=by_word(_is_near),
    example="november",
    longest=3,
)
