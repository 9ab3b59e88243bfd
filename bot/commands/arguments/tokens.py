"""What a token may do, and when it ends."""

from datetime import UTC, datetime, time, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

from bot.commands.arguments.reader import Reader, by_word, choice_of
from bot.domain.api_token import Scope
from bot.domain.moment import DAY, is_day, is_length_ahead, looks_daily, read_day, read_length
from bot.services.people import People
from bot.services.transaction import Transaction

Ends = NewType("Ends", datetime)
"""A time to come: the end of a day, such as `friday` or `90 days`, or a length from now, such as `2h`. In UTC."""


def _ends(word: str, tx: Transaction, asker: str) -> datetime:
    length = read_length(word)
    if length is not None and length < timedelta(days=1):
        return tx.now + length
    zone = People(tx).zone(asker)
    day = read_day(word, now=tx.now, zone=zone)
    return datetime.combine(day + DAY, time(), ZoneInfo(zone)).astimezone(UTC)


SCOPE = choice_of(tuple(Scope), Scope, no="There is no scope", all_are="Scopes")
ENDS = Reader(
    looks=by_word(lambda word: is_day(word) or is_length_ahead(word) or read_length(word) is not None),
    read=_ends,
    example="90d",
    longest=5,
    resembles=by_word(looks_daily),
)
