"""Discretion: an answer that shows anything of a private incident leaves only to where all readers are its members.

The answer shows an incident if it is among the answer's facts, if a record in them belongs to it, or if somebody was
found to see it on the way (`services.read_access`). A command need not say anything for this, so it can't forget it.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Any

from bot.domain.changes.lock import Lock
from bot.domain.incident.incident import Incident
from bot.domain.status.publication import Publication
from bot.services.transaction import Transaction

PUBLIC = (Lock, Publication)
"""Records that show nothing of their incident: a lock was set without the words of a private one, and customers read
what was published."""
BELONGS_TO = ("incident", "only_in")
"""The fields by which a record names its incident."""


def private_incidents(facts: object, tx: Transaction) -> list[Incident]:
    """Return the private incidents that an answer with these facts shows."""
    shown, numbers = dict(tx.understood.shown), set[int]()
    for found in _found(facts, set()):
        if isinstance(found, Incident):
            shown[found.number] = found
        else:
            numbers.add(found)
    known = map(tx.session.incidents.look, sorted(numbers - shown.keys()))
    return [it for it in (*shown.values(), *filter(None, known)) if it.private]


def leaves(incidents: list[Incident], channel: str | None) -> bool:
    """Whether people in this channel may not be members of one of these private incidents."""
    return any(it.channel is None or it.channel != channel for it in incidents)


def _found(value: object, seen: set[int]) -> Iterator[Incident | int]:
    """Yield the incidents in a value, and the numbers of those that its records belong to, at any depth."""
    if isinstance(value, Incident):
        yield value
        return
    inside = None if isinstance(value, PUBLIC) else _inside(value)
    if inside is None or id(value) in seen:
        return
    seen.add(id(value))
    yield from (it for name in BELONGS_TO if isinstance(it := inside.get(name), int))
    for it in inside.values():
        yield from _found(it, seen)


def _inside(value: object) -> Mapping[Any, object] | None:
    """Return what a value is made of, by name; None if it is one piece."""
    if is_dataclass(value) and not isinstance(value, type):
        return {it.name: getattr(value, it.name) for it in fields(value)}
    if isinstance(value, Mapping):
        return value
    return dict(enumerate(value)) if isinstance(value, list | tuple | AbstractSet) else None
