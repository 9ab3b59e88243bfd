"""Times, days and lengths, in the asker's own time zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

from bot.commands.arguments.reader import Reader, by_word
from bot.domain.markup import as_seen
from bot.domain.moment import (
    DAY,
    is_day,
    is_length_ahead,
    is_moment,
    is_start,
    looks_daily,
    looks_timely,
    names_its_day,
    read_day,
    read_length,
    read_moment,
    read_start,
)
from bot.domain.refusal import Refusal
from bot.domain.text import shortened
from bot.services.people import People
from bot.services.transaction import Transaction

PlainTime = NewType("PlainTime", datetime)
"""A time that needs no word before it: `20 minutes ago`, `yesterday 23:10`."""

Began = NewType("Began", datetime)
"""A time when something began: `from 2pm`. Spy asks about words that are nearly one."""

Start = NewType("Start", datetime)
"""A time, or a day for its midnight: `since yesterday`."""

RecentTime = NewType("RecentTime", datetime)
"""A day or a week that needs no word before it, for its midnight: `yesterday`, `this week`."""


@dataclass(frozen=True, kw_only=True)
class PastTimes:
    """From when to when something was: `from 10:05 to 11:40`, `10:05-11:40`, `monday 23:10 to 00:20`. In UTC."""

    began: datetime
    ended: datetime


LONGEST = 200
"""The most characters of two times. Slack writes a date in up to a hundred."""
_DATE = re.compile(r"<!date\^(?P<seconds>\d{1,11})\^[^>]*>")
_SINCE = re.compile(r"(?:from|since|at|around)\s+", re.IGNORECASE)
_FROM, _TO, _DASHES = ("from", "between"), ("to", "until", "till", "and"), "-–—"  # noqa: RUF001  people type all three
_TIMELY = re.compile(r"\d|noon|mid(?:day|night)", re.IGNORECASE)
"""What each time has."""
_PAST = re.compile(r"\bago$|\byesterday\b|^last\b", re.IGNORECASE)


# --- reading ----------------------------------------------------------------------------------------------


def _moment(word: str, tx: Transaction, asker: str) -> datetime:
    """Read `10:05`, `2pm`, `yesterday 23:10` (in the asker's zone, else UTC) or `20m` ago."""
    if found := _DATE.fullmatch(word):
        moment = datetime.fromtimestamp(int(found["seconds"]), UTC)
    else:
        moment = read_moment(as_seen(word), now=tx.now, zone=People(tx).zone(asker))
    if moment > tx.now:
        raise Refusal(f"{shortened(as_seen(word))} is in the future. Give a past time.")
    return moment


def began(word: str, tx: Transaction, asker: str) -> datetime:
    """Read `since 10:05` or `from 2pm` in the asker's own zone."""
    return _moment(_SINCE.sub("", word, count=1), tx, asker)


def _start(word: str, tx: Transaction, asker: str) -> datetime:
    if _is_moment(word):
        return _moment(word, tx, asker)
    return read_start(as_seen(word), now=tx.now, zone=People(tx).zone(asker))


def _length(word: str, tx: Transaction, asker: str) -> timedelta:
    """Read `15m`, `2h`, `half an hour`. A bare number counts minutes. Between a minute and a day."""
    del tx, asker
    length = read_length(word) or timedelta()
    if not timedelta(minutes=1) <= length <= timedelta(days=1):
        raise Refusal(f"How long is {shortened(word)}? Try 15m or 2h; a day at most.")
    return length


def _day(word: str, tx: Transaction, asker: str) -> date:
    return read_day(word, now=tx.now, zone=People(tx).zone(asker))


def _past_times(words: str, tx: Transaction, asker: str) -> PastTimes:
    """Read two times. The second is on the day of the first, or after midnight, if only the first names a day."""
    first, last = _halves(words) or (words, "")
    start = _moment(first, tx, asker)
    if not names_its_day(first) or names_its_day(last) or not is_moment(f"today {last}"):
        return PastTimes(began=start, ended=_moment(last, tx, asker))
    day = start.astimezone(ZoneInfo(People(tx).zone(asker) or "UTC")).date()
    end = _moment(f"{day} {last}", tx, asker)
    return PastTimes(began=start, ended=end if end > start else _moment(f"{day + DAY} {last}", tx, asker))


# --- recognizing ------------------------------------------------------------------------------------------


def _is_moment(word: str) -> bool:
    return bool(_DATE.fullmatch(word)) or is_moment(word)


def _halves(words: str) -> tuple[str, str] | None:
    """Return the first way to read words as two times; None if there is none."""
    return next((it for it in _pairs(words) if all(map(_is_moment, it))), None)


def _pairs(words: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to part words where a second time may begin: after a word such as *to*, a dash, or a blank.

    None for words that can't be two times, as those of a long text.
    """
    if len(words) > LONGEST or not _TIMELY.search(words):
        return
    typed = words.split()
    typed = typed[1:] if typed and typed[0].casefold() in _FROM else typed
    for at in range(1, len(typed)):
        last = typed[at + 1 :] if typed[at].casefold() in _TO else typed[at:]
        yield " ".join(typed[:at]), " ".join(last)
    for at, letter in enumerate(joined := " ".join(typed)):
        if letter in _DASHES:
            yield joined[:at].strip(), joined[at + 1 :].strip()


def _is_plain(word: str) -> bool:
    return names_its_day(word) and not word.casefold().startswith("on on ")  # "the flag is on, on friday"


def _leads(words: str) -> bool:
    """Return whether a time may come before text. In `friday 9:00 batch is missing` it belongs to the text."""
    return bool(_PAST.search(words)) and is_moment(words)


def _has_begun(word: str) -> bool:
    begins = _SINCE.match(word)
    return _is_plain(word) or bool(begins and is_moment(word[begins.end() :]))


def _nearly_begun(word: str) -> bool:
    return (" " in word or word.casefold() == "yesterday") and looks_timely(word)


def _nearly_started(word: str) -> bool:
    """Return whether words after `since` are nearly a start. There, a lone number or month counts too."""
    return looks_timely(word) or word.isdecimal() or looks_daily(word)


def _is_recent(word: str) -> bool:
    return word.casefold() in {"today", "yesterday", "this week", "last week"}


READERS = {
    datetime: Reader(
        looks=by_word(_is_moment),
        read=_moment,
        example="10:05",
        longest=6,
        resembles=by_word(looks_timely),
        sees=str,
    ),
    Start: Reader(
        looks=by_word(lambda word: _is_moment(word) or is_start(word)),
        read=_start,
        example="yesterday",
        longest=6,
        resembles=by_word(_nearly_started),
        sees=str,
    ),
    RecentTime: Reader(looks=by_word(_is_recent), read=_start, example="yesterday", longest=2, sees=str),
    PastTimes: Reader(
        looks=by_word(lambda words: _halves(words) is not None),
        read=_past_times,
        example="10:05-11:40",
        longest=13,
        sees=str,
    ),
    PlainTime: Reader(
        looks=by_word(_is_plain),
        read=_moment,
        example="20 minutes ago",
        longest=7,
        resembles=by_word(lambda word: word.casefold().endswith(" ago") and looks_timely(word)),
        leads=_leads,
        sees=str,
    ),
    Began: Reader(
        looks=by_word(_has_begun),
        read=began,
        example="from 10:05",
        longest=7,
        resembles=by_word(_nearly_begun),
        leads=_leads,
        sees=str,
    ),
    timedelta: Reader(
        looks=by_word(lambda word: read_length(word) is not None), read=_length, example="15m", longest=5
    ),
    date: Reader(
        looks=by_word(is_day),
        read=_day,
        example="friday",
        longest=5,
        resembles=by_word(lambda word: looks_daily(word) or is_length_ahead(word)),
    ),
}
