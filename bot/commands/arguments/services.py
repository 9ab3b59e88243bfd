"""One service, or several: `checkout, search and cart`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from bot.commands.arguments.names import SERVICE
from bot.commands.arguments.reader import LONGEST_LINE
from bot.domain.refusal import Choice, Refusal
from bot.domain.service import Service, Services, found
from bot.services.changes.changes import named
from bot.services.transaction import Transaction

MOST = 20
"""How many services one command names at most."""
LONGEST = 200
"""How many characters they take beside a text."""
_JOINERS = frozenset({"and", "&", "+"})
_LONGEST_NAME = 4
"""How many words a person may write one name in: `Cart API`."""


def _words(typed: str) -> list[str]:
    return [it for it in typed.replace(",", " ").split() if it.casefold() not in _JOINERS]


def _parts(words: Sequence[str], services: Services) -> list[tuple[str, str | None]]:
    """Return what names one service each, with its name; None if no service has it."""
    parts: list[tuple[str, str | None]] = []
    at = 0
    while at < len(words):
        phrases = [(end, " ".join(words[at:end])) for end in range(at + _LONGEST_NAME, at, -1)]
        listed = ((end, it, found(it, services)) for end, it in phrases)
        end, phrase, service = next((it for it in listed if it[2]), (at + 1, words[at], None))
        parts.append((phrase, service.key if service else None))
        at = end
    return parts


def _looks(words: str, tx: Transaction) -> bool:
    """Return whether all of this is listed services. Anything else beside a text may belong to the text."""
    parts = _parts(_words(words), tx.policy.services) if len(words) <= LONGEST else []
    return bool(parts) and all(name for _, name in parts)


def _read(words: str, tx: Transaction, asker: str) -> tuple[str, ...]:
    return _among(tx.policy.services, words, tx, asker)


def _read_affected(words: str, tx: Transaction, asker: str) -> tuple[str, ...]:
    """Read services that an incident affects. Those that config.yaml lists no longer are still known there."""
    incident = tx.understood.incident
    gone = {it: Service(key=it) for it in incident.services} if incident else {}
    return _among({**gone, **tx.policy.services}, words, tx, asker)


def _among(services: Services, words: str, tx: Transaction, asker: str) -> tuple[str, ...]:
    given = _words(words)
    if not given or len(given) > MOST:
        how_many = f"these are {len(given)} words" if given else "this names none"
        raise Refusal(f"Name 1 to {MOST} services, such as `checkout`: {how_many}.", slot="services")
    if not tx.policy.services:
        return tuple(dict.fromkeys(named(it) for it in given))
    parts = _parts(given, services)
    for at, (phrase, name) in enumerate(parts):
        if name is None:
            raise _asked_back(phrase, [it[0] for it in parts], at, tx, asker)
    return tuple(dict.fromkeys(name for _, name in parts if name))


def _asked_back(phrase: str, phrases: Sequence[str], at: int, tx: Transaction, asker: str) -> Refusal:
    """Return the refusal of one name. Its choice says all of them again, with that one corrected."""
    try:
        SERVICE.read(phrase, tx, asker)
    except Refusal as refusal:
        said = [", ".join([*phrases[:at], it.say, *phrases[at + 1 :]]) for it in refusal.choices]
        choices = tuple(Choice(label=it, say=it) for it in said)
        return Refusal(refusal.sentence, slot="services", choices=choices)
    raise AssertionError(f"{phrase} is listed")


SERVICES = replace(
    SERVICE,
    looks=_looks,
    read=_read,
    longest=MOST,
    leads=lambda _words: False,
    most=LONGEST_LINE,
    sees=str,
)
ServiceNames = Annotated[tuple[str, ...], SERVICES]
"""The names of one service or several, as `services:` lists them."""
AffectedNames = Annotated[tuple[str, ...], replace(SERVICES, read=_read_affected)]
"""The names of services that an incident affects, also of those that were removed from `services:`."""
