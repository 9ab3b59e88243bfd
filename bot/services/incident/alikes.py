"""Find the open incidents that a new one resembles. Only workers look: nobody who declares waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.effects import Effect, UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.incident.likeness import Likeness, Traits, in_common, may_be_one, traits
from bot.domain.subject import IncidentChannel
from bot.services.messages import Facts, message
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction, follower

LOOKED_AT = 100
"""How many open incidents are compared: the newest ones."""
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Alike:
    """An open incident that resembles a new one, and by what."""

    incident: Incident
    common: Likeness
    can_merge: bool


@follower
class Alikes:
    """Looks once an incident has its place, and again when more is known of it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._access = ReadAccess(tx)

    def follow(self, before: Incident | None, incident: Incident) -> Sequence[Effect]:
        """Return the question in its channel, and at first one about private ones to who declared or leads it."""
        n, own = incident.number, incident.declared_by or incident.owner
        here = UpsertMessage(
            key=f"alike:{n}:{incident.entries}", message_type="alike", ref=n, to=IncidentChannel(n)
        )
        if before is not None and not before.is_placed and incident.is_placed:
            return (here, replace(here, key=f"alike:{n}:{own}", to=own, mark=f":{own}"))
        return (here,) if before is not None and _known(before) != _known(incident) else ()

    def of(self, incident: Incident, *, reader: str | None = None) -> list[Alike]:
        """Return the open incidents that this one resembles, likeliest first.

        Without a reader, those that everybody in its channel may know of. With one, the private ones that they see.
        """
        if not incident.is_open:
            return []
        mine = self._traits(incident)
        others = [it for it in self._session.incidents.open(limit=LOOKED_AT) if may_be_one(incident, it)]
        seen = [
            it
            for it in others
            if it.private == bool(reader) and (not reader or self._access.sees(reader, it))
        ]
        found = [(it, in_common(mine, self._traits(it))) for it in seen]
        alike = [(it, common) for it, common in found if common]
        alike.sort(key=lambda it: (-it[1].score, it[0].number))
        return [
            Alike(incident=it, common=common, can_merge=it.private == incident.private)
            for it, common in alike[:SHOWN]
        ]

    def _traits(self, incident: Incident) -> Traits:
        return traits(incident, services=self._tx.policy.services)


def _known(incident: Incident) -> object:
    """Return what is compared of an incident that has its place."""
    return incident.is_open, incident.cause, incident.suspects, incident.services


@message("alike", "incident/alike", is_worth_posting=lambda facts: bool(facts["alike"]))
def alike(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the incidents that this one resembles: in its channel, or for the person who declared it."""
    incident = tx.incident(it.ref)
    reader = None if isinstance(it.to, IncidentChannel) else str(it.to)
    return {"incident": incident, "alike": Alikes(tx).of(incident, reader=reader), "now": tx.now}
