"""By which names, addresses and ids a person is known, from what is stored of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select

from bot.adapters.database import tables
from bot.adapters.database.connection import reading
from bot.adapters.database.statements import table
from bot.domain.identity import PersonIdentity


@dataclass
class _Known:
    person: str
    names: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    pager_ids: set[str] = field(default_factory=set)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add a profile of Slack's, or an entry of the pager's."""
        self.names.add(entry.get("name") or "")
        self.addresses |= {entry.get("email") or "", entry.get("phone") or ""}
        self.pager_ids.add(entry.get("user") or "")

    def has(self, entry: Mapping[str, Any]) -> bool:
        return bool({entry.get("email"), entry.get("user")} & (self.addresses | self.pager_ids) - {"", None})


def identity_of(
    engine: Engine, person: str, *, token: str, addresses: frozenset[str], pager_ids: frozenset[str]
) -> PersonIdentity:
    """Return all by which Slack and the pager know a person. What is known of them already helps to find the rest."""
    known = _Known(person, addresses=set(addresses), pager_ids=set(pager_ids))
    for it in _kept(engine, tables.PersonRow):
        if it["id"] == person:
            known.add(it)
    for it in _kept(engine, tables.ContactRow):
        if it["person"] == person:
            known.add(it)
    for it in _kept(engine, tables.ShiftRow):
        if it["person"] == person:
            known.add(it["turn"])
    for copy in _kept(engine, tables.OnCallCopyRow):
        for it in filter(known.has, copy["on_calls"]):
            known.add(it)
    return PersonIdentity(
        person=person,
        token=token,
        names=frozenset(known.names - {"", f"<@{person}>", person}),
        addresses=frozenset(known.addresses - {""}),
        pager_ids=frozenset(known.pager_ids - {""}),
        channels=_direct(engine, person),
    )


def _direct(engine: Engine, person: str) -> frozenset[str]:
    """Return the channels of a person's direct messages with Spy: they asked there."""
    c = table(tables.AuditRow).c
    asked = select(c.place).distinct().where(c.person == person, c.place.like("D%"))
    with reading(engine).connect() as connection:
        return frozenset(connection.execute(asked).scalars().all())


def _kept(engine: Engine, row: type[tables.RecordRow]) -> Iterator[Any]:
    with reading(engine).connect() as connection:
        yield from connection.execute(select(table(row).c.kept)).scalars().all()
