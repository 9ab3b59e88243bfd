"""The incident's channel: opened or refused, who is in it, and where its messages stand."""

from bot.domain import events
from bot.domain.effects import Welcome
from bot.ports import Posted
from bot.services.desk import Desk


class Rooms:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._work = desk.work

    def opened(self, number: int, channel: str, name: str) -> None:
        """Slack has the channel; whatever waited for it goes out."""
        incident = self._desk.incident(number)
        if incident.room is None:
            self._desk.record(
                incident, events.RoomOpened(at=self._desk.now, channel=channel, channel_name=name)
            )
        self._work.outbox.release(number)

    def refused(self, number: int, why: str) -> None:
        """Slack gives no channel: what waited for it goes to where the incident can still be followed."""
        self._desk.record(self._desk.incident(number), events.RoomRefused(at=self._desk.now, why=why))
        self._work.outbox.release(number)

    def joined(self, channel: str, person: str, *, origin: str) -> None:
        """Somebody came into an incident channel; who opened it needs no introduction."""
        incident = self._work.incidents.in_room(channel)
        if incident is None or person == incident.declared_by:
            return
        if person not in incident.members:
            incident = self._desk.record(incident, events.PersonJoined(at=self._desk.now, person=person))
        self._desk.send(Welcome(key=f"welcome:{origin}", incident=incident.number, person=person))

    def renamed(self, channel: str, name: str) -> None:
        incident = self._work.incidents.in_room(channel)
        if incident:
            self._desk.record(
                incident, events.RoomOpened(at=self._desk.now, channel=channel, channel_name=name)
            )

    def unsaid(self, number: int, what: str, why: str) -> None:
        """Something could not be delivered for good: say so where it can be read."""
        incident = self._work.incidents.get(number)
        if incident:
            self._desk.record(incident, events.DeliveryFailed(at=self._desk.now, what=what, why=why))

    def posted(self, slot: str, posted: Posted) -> None:
        self._work.messages.put(slot, posted)
