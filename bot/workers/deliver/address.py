"""Resolve an address: an incident's channel, or its substitute if the channel is missing or closed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.domain.incident.events import Closing
from bot.domain.incident.incident import Incident
from bot.domain.subject import Address, is_channel
from bot.ports import Chat, Rejected
from bot.services.channels import Channels
from bot.services.transaction import Transaction

T = TypeVar("T")
CLOSING: Mapping[str, Closing] = {
    "is_archived": "archived",
    "channel_not_found": "gone",
    "not_in_channel": "left",
}
"""Slack's error codes that mean an incident's channel is closed."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel or person (Slack id), and the thread (ts) to post in."""

    to: str
    thread: str | None = None
    incident: int | None = None
    """The incident whose own channel this is."""
    aside: Incident | None = None
    """The incident whose channel is closed, so that the commander gets the message by DM."""

    def slot(self, slot: str) -> str:
        """Return the key of a lasting message. Each person who gets it by DM has their own."""
        return f"{slot}@{self.to}" if self.aside else slot


@dataclass(frozen=True, kw_only=True)
class Shut:
    """The result of a call into an incident's channel that is closed."""

    incident: int
    how: Closing


def resolve(address: Address, tx: Transaction, *, aside: bool = False) -> Place:
    """Return the place. Without a channel, a public incident uses its announcement's thread, a private one a DM."""
    if isinstance(address, str):
        return Place(to=Channels(tx).present(address) if is_channel(address) else address)
    incident = tx.incident(address.incident)
    if incident.channel and not (incident.channel_closed or aside):
        return Place(to=incident.channel, incident=incident.number)
    if incident.channel or aside:
        return Place(to=incident.contact, aside=incident)
    announced = tx.session.messages.get(f"announcement:{incident.number}")
    if announced and not incident.private:
        return Place(to=announced.channel, thread=announced.ts)
    return Place(to=incident.contact)


def is_withheld(place: Place, facts: Mapping[str, Any]) -> bool:
    """Return whether a message about a private incident would reach a person who was removed from it meanwhile."""
    about = (facts.get("incident"), place.aside)
    return any(isinstance(it, Incident) and it.is_closed_to(place.to) for it in about)


def is_removed(person: str, numbers: Iterable[int], tx: Transaction) -> bool:
    """Return whether a person was removed from one of these private incidents."""
    return any(tx.incident(number).is_closed_to(person) for number in numbers)


def within(place: Place, chat: Chat, do: Callable[[], T]) -> T | Shut:
    """Call into a place. Join a public channel first if Spy is not in it.

    Return Shut if it is an incident's channel that is closed.
    """
    try:
        return _joining(place.to, chat, do)
    except Rejected as refused:
        how = CLOSING.get(refused.code)
        if how is None or place.incident is None:
            raise
        return Shut(incident=place.incident, how=how)


def _joining(channel: str, chat: Chat, do: Callable[[], T]) -> T:
    try:
        return do()
    except Rejected as refused:
        if refused.code != "not_in_channel":
            raise
        try:
            chat.join(channel)
        except Rejected as closed:
            raise (closed if closed.code == "is_archived" else refused) from closed
    return do()
