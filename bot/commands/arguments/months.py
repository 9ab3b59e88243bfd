"""A month: `november`, `nov`, `november 2026`, `2026-11`, `11/2026`, `last month`."""

import re
from zoneinfo import ZoneInfo

from bot.commands.arguments.reader import Reader, by_word
from bot.domain.markup import MENTION
from bot.domain.oncall.ledger import Month
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened
from bot.services.people import People
from bot.services.transaction import Transaction

NAMES = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905  a sentence reads best
)
_LAST, _THIS = frozenset({"last", "last month"}), frozenset({"this", "this month"})
_YEAR, _NUMBER = r"(?P<year>20[0-9]{2})", r"(?P<month>0?[1-9]|1[0-2])"
_WRITTEN = tuple(re.compile(it) for it in (rf"{_YEAR}[-/.]{_NUMBER}", rf"{_NUMBER}[-/.]{_YEAR}"))
_NAMED = tuple(
    re.compile(it) for it in (rf"(?P<name>[a-z]+)[.,]* {_YEAR}", rf"{_YEAR}[,]? (?P<name>[a-z]+)[.]?")
)


def _numbered(word: str) -> int | None:
    """Return the number of a month by its name, or by three letters of it or more."""
    given = word.casefold().rstrip(".")
    found = (n for n, name in enumerate(NAMES, start=1) if len(given) > 2 and name.startswith(given))  # noqa: PLR2004  as said
    return next(found, None)


def _looks(word: str) -> bool:
    given = word.casefold()
    return given in _LAST | _THIS or _of_year(given) is not None or _numbered(given) is not None


def _of_year(given: str) -> Month | None:
    """Return a month that is given with its year, in figures or by its name."""
    for written in filter(None, (it.fullmatch(given) for it in _WRITTEN)):
        return Month(year=int(written["year"]), month=int(written["month"]))
    for named in filter(None, (it.fullmatch(given) for it in _NAMED)):
        number = _numbered(named["name"])
        return Month(year=int(named["year"]), month=number) if number else None
    return None


def _read(word: str, tx: Transaction, asker: str) -> Month:
    """Read a month by the asker's own clock. A name alone is the last month of this name that has begun."""
    given = word.casefold()
    current = Month.of(tx.now.astimezone(ZoneInfo(People(tx).zone(asker))))
    if written := _of_year(given):
        return written
    if given in _LAST:
        return current.before(1)
    if given in _THIS:
        return current
    if given.startswith("@") or MENTION.fullmatch(word):
        raise Refusal(
            "You can see your own ledger: `oncall ledger`. A team's people see its sums: `oncall ledger :team`.",
            choices=(Choice(label="My ledger", say="oncall ledger"),),
        )
    if (number := _numbered(given)) is None:
        meant = did_you_mean(nearest(given, NAMES))
        raise Refusal(
            f"{shortened(word)} is no month.{meant} Try: november, 2026-11, last month.", slot="month"
        )
    return Month(year=current.year - (number > current.month), month=number)


MONTH = Reader(looks=by_word(_looks), read=_read, example="november", longest=2)
