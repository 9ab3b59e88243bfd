"""Where an address leads: an incident's channel, or what stands in for it when Slack gave none."""

from dataclasses import dataclass

from bot.services.desk import Desk


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel or person (Slack id), and the thread (ts) to speak in."""

    to: str
    thread: str | None = None


def resolve(address: str, desk: Desk) -> Place:
    """Find the place. Without a room a public incident goes on under its announcement, a private one by DM."""
    if not address.startswith("room:"):
        return Place(to=address)
    incident = desk.incident(int(address.removeprefix("room:")))
    if incident.room:
        return Place(to=incident.room)
    announced = desk.work.messages.get(f"announcement:{incident.number}")
    if announced and not incident.private:
        return Place(to=announced.channel, thread=announced.ts)
    return Place(to=incident.commander or incident.declared_by)
