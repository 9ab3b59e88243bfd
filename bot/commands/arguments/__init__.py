"""Turn words into a team, a person, a severity or a time: one reader for each type."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, NewType

from bot.commands.arguments import names, severity, text, times
from bot.commands.arguments.mail import MAIL_ADDRESS, MailAddress
from bot.commands.arguments.names import LockedService, ServiceName, Someone
from bot.commands.arguments.reader import Reader, anything, choice_of, nothing, number_of, one_of, several
from bot.commands.arguments.services import AffectedNames, ServiceNames
from bot.commands.arguments.text import Line, Plain, Url
from bot.commands.arguments.times import Began, PastTimes, PlainTime, RecentTime, Start, began
from bot.commands.arguments.tokens import ENDS, SCOPE, Ends
from bot.domain.api_token import Scope
from bot.domain.incident.state import WORKING, Phase
from bot.domain.policy import Severity, Team
from bot.domain.postmortem.follow_up import Category
from bot.domain.postmortem.postmortem import PARTS
from bot.domain.refusal import Refusal
from bot.services.transaction import Transaction

Part = NewType("Part", str)
"""A part of the postmortem that a person writes."""

PageNumber = Annotated[int, number_of("a page of this list")]
"""The page of a long list, as in `incident list page 2`."""

_PHASE = choice_of(WORKING, Phase, no="There is no phase", all_are="Phases", say="incident status ")
"""A working phase. The closed ones have a command of their own."""


def _phase(word: str, tx: Transaction, asker: str) -> Phase:
    if word.casefold() in {Phase.RESOLVED, "closed", "done", "fixed"}:
        raise Refusal("To resolve it, use `incident resolve`.")
    try:
        return Phase(_PHASE.read(word, tx, asker))
    except Refusal as refusal:
        raise Refusal(f"{refusal.sentence} To end it: `incident resolve`.", choices=refusal.choices) from None


def reader_of(kind: Any, *, is_word: bool = False) -> Reader | None:
    """Return a type's reader: the one in its annotation, otherwise the one in `READERS`."""
    own = (it for it in getattr(kind, "__metadata__", ()) if isinstance(it, Reader))
    return next(own, text.WORD if is_word and kind is str else READERS.get(kind))


READERS: Mapping[Any, Reader] = {
    Team: names.TEAM,
    Someone: names.PERSON,
    ServiceName: names.SERVICE,
    LockedService: names.LOCKED_SERVICE,
    Severity: severity.SEVERITY,
    Phase: replace(_PHASE, read=_phase, resembles=nothing, example="mitigated"),
    Category: choice_of(tuple(Category), Category, no="There is no category", all_are="Categories"),
    Part: choice_of(PARTS, no="A postmortem has no part", all_are="Parts"),
    **times.READERS,
    MailAddress: MAIL_ADDRESS,
    Scope: SCOPE,
    Ends: ENDS,
    Plain: text.PLAIN,
    Line: text.LINE,
    str: text.TEXT,
    Url: text.URL,
    bool: Reader(looks=anything, read=lambda word, _tx, _asker: bool(word)),
}

__all__ = [
    "READERS",
    "AffectedNames",
    "Began",
    "Ends",
    "Line",
    "LockedService",
    "MailAddress",
    "PageNumber",
    "Part",
    "PastTimes",
    "Plain",
    "PlainTime",
    "Reader",
    "RecentTime",
    "ServiceName",
    "ServiceNames",
    "Someone",
    "Start",
    "Url",
    "began",
    "choice_of",
    "number_of",
    "one_of",
    "reader_of",
    "several",
]
