"""Where an address leads: an incident's channel, or what stands in for it when Slack gave none or it takes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.events import Closing
from bot.domain.incident import Incident
from bot.domain.subject import incident_addressed
from bot.ports import Chat, Rejected
from bot.services.channels import Channels
from bot.services.transaction import Transaction

T = TypeVar("T")
CLOSING: Mapping[str, Closing] = {
    "is_archived": "archived",
    "channel_not_found": "gone",
    "not_in_channel": "left",
}
"""What Slack's refusals say of an incident's channel."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel or person (Slack id), and the thread (ts) to speak in."""

    to: str
    thread: str | None = None
    incident: int | None = None
    """The incident whose own channel this is."""
    aside: Incident | None = None
    """The incident whose channel does not take it, so that who leads hears it by DM."""

    def slot(self, slot: str) -> str:
        """Return the name under which a lasting message is kept: each who reads one aside has their own."""
        return f"{slot}@{self.to}" if self.aside else slot


@dataclass(frozen=True, kw_only=True)
class Shut:
    """What came of a call into an incident's channel: it takes nothing any more."""

    incident: int
    how: Closing


def resolve(address: str, tx: Transaction, *, aside: bool = False) -> Place:
    """Find the place. Without a channel a public incident goes on under its announcement, a private one by DM."""
    number = incident_addressed(address)
    if number is None:
        return Place(to=Channels(tx).present(address) if address.startswith(("C", "G")) else address)
    incident = tx.incident(number)
    if incident.channel and not (incident.channel_closed or aside):
        return Place(to=incident.channel, incident=incident.number)
    if incident.channel or aside:
        return Place(to=incident.owner, aside=incident)
    announced = tx.session.messages.get(f"announcement:{incident.number}")
    if announced and not incident.private:
        return Place(to=announced.channel, thread=announced.ts)
    return Place(to=incident.owner)


def within(place: Place, chat: Chat, do: Callable[[], T]) -> T | Shut:
    """Call into a place; into a public channel that Spy is not in, after joining it.

    Where it is an incident's channel that takes nothing any more, give that.
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
