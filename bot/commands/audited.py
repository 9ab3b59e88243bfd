"""What the audit log says of a request: who asked what, without secrets and without private words."""

import re
from datetime import timedelta

from bot.commands.reply import Fill, Reply
from bot.commands.request import Notice, Request
from bot.domain.audit import ALLOWED, HIDDEN, REFUSED
from bot.domain.incident.incident import Incident
from bot.domain.masking import Masking
from bot.domain.text import shortened
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction

LONGEST = 1_000
"""Characters of a command and of a reason that are kept."""
WORD, SPELT = re.compile(r"\w{3,}"), re.compile(r"\S+")
NUMBER, MOST_NAMED = re.compile(r"(?<![\w.:])(?:inc-)?([0-9]{1,9})(?![\w.:])", re.IGNORECASE), 5
"""What may be the number of an incident, and how many of them are looked up for a request that is refused."""
NAMED = re.compile(r"\b(?:inc|incident)[\s#:-]*([0-9]{1,9})\b", re.IGNORECASE)
"""What names an incident for certain, also within the words of another command: `ask operator incident 2 stop`."""
SPOKEN_OF = timedelta(days=90)
"""How long after its end people may still speak of an incident: its postmortem is due later."""
PRIVATE = re.compile(r"\bprivate\b", re.IGNORECASE)


def add_allowed(tx: Transaction, request: Request, outcome: Reply | Fill | None, mask: Masking) -> None:
    """Add the line of a request that was done."""
    if not tx.recorded and _has_more(tx.understood.command, request):
        named = [int(it) for it in NAMED.findall(_typed(request))[:MOST_NAMED]]
        tx.understood.is_private = _may_be_private(tx, request, *named)
    result = outcome.template if isinstance(outcome, Reply) else outcome.form if outcome else ""
    _add(tx, request, ALLOWED, mask, why=_approved(request), result=result)


def add_refused(
    tx: Transaction, request: Request, sentence: str, mask: Masking, *, outcome: str = REFUSED
) -> None:
    """Add the line of a request that was refused, or that failed, with the reason."""
    understood = tx.understood
    looks_private = PRIVATE.search(_typed(request))  # a private incident that was not opened
    named = [int(it) for it in NUMBER.findall(_typed(request))[:MOST_NAMED]]
    understood.is_private |= bool(looks_private) or _may_be_private(tx, request, *named)
    _add(tx, request, outcome, mask, why=sentence)


def add_noticed(tx: Transaction, notice: Notice) -> None:
    """Add the line of something that Slack reported, if anything changed because of it."""
    person = getattr(notice, "person", None) or getattr(notice, "by", None)
    AuditLog(tx).noticed(type(notice).__name__, person=person, place=notice.channel)


def _add(
    tx: Transaction, request: Request, outcome: str, mask: Masking, *, why: str = "", result: str = ""
) -> None:
    about = [*tx.recorded.values(), *filter(None, [tx.understood.incident])]
    number = about[0].number if about else tx.understood.number or request.incident
    is_private = tx.understood.is_private or any(it.private for it in about)
    typed = _typed(request)
    AuditLog(tx).add(
        f"{tx.understood.command} {HIDDEN}".strip() if is_private else mask.of(shortened(typed, LONGEST)),
        outcome,
        source="milestone" if request.is_unasked else None,
        person=request.user,
        place=request.channel,
        why=mask.of(shortened(_without_private(why, typed, tx, about) if is_private else why, LONGEST)),
        result=result,
        incident=number,
    )


def _approved(request: Request) -> str:
    it = request.approval
    return f"proposal {it.proposal} of {it.agent} for <@{it.person}>, approved by <@{it.by}>" if it else ""


def _typed(request: Request) -> str:
    fields = (f'{name}: "{words}"' for name, words in request.given.items() if words)
    return " ".join((request.text, *fields)).strip()


def _has_more(command: str, request: Request) -> bool:
    """Whether a request has more words than the command's own."""
    return not set(SPELT.findall(_typed(request).casefold())) <= set(SPELT.findall(command))


def _without_private(why: str, typed: str, tx: Transaction, about: list[Incident]) -> str:
    """Return a reason if it repeats nothing that was typed, and no name of an incident; else only that there is one."""
    own = set(WORD.findall(tx.understood.command.casefold()))
    secret = set(WORD.findall(" ".join((typed, *(it.name for it in about))).casefold())) - own
    return HIDDEN if secret & set(WORD.findall(why.casefold())) else why


def _may_be_private(tx: Transaction, request: Request, *named: int) -> bool:
    """Whether the words of a request may be about a private incident.

    They may if the place or an incident that it names is private. If it is about no incident, they may also if the
    person is in a private one that is open, or over for not long: they may have meant it.
    """
    incidents, about = tx.session.incidents, tx.understood.incident
    since = tx.now - SPOKEN_OF
    if about is None and incidents.may_be_private(channel=request.channel, person=request.user, since=since):
        return True
    numbers = dict.fromkeys((tx.understood.number or request.incident, *named))
    known = about.number if about else None
    found = (incidents.look(number) for number in numbers if number and number != known)
    return any(it.private for it in found if it)
