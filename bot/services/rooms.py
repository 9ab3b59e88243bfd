"""The incident's channel: opened or refused, who is in it, and where its messages stand."""

from datetime import timedelta

from bot.domain import events
from bot.domain.effects import Welcome
from bot.domain.refusal import Refusal
from bot.ports import Person, Posted
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


class People:
    """Who is who, as far as Spy has seen."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._work = desk.work

    def seen(self, person: str, name: str | None) -> None:
        """Remember the name that came with a request, until Slack tells a better one."""
        if name and self._work.people.get(person) is None:
            self._work.people.put(Person(id=person, name=name))

    def name(self, person: str) -> str | None:
        known = self._work.people.get(person)
        return known.name if known else None

    def named(self, name: str) -> str:
        """Find a person by name; refuse where Spy has not met anyone of that name."""
        known = self._work.people.named(name.removeprefix("@"))
        if known is None:
            raise Refusal(
                f"I don't know {name}. Type @ and choose the person from Slack's list.", slot="person"
            )
        return known.id

    def stale(self, *, limit: int = 20) -> list[str]:
        """Give those whose profile has not been asked for within a day."""
        before = self._desk.now - timedelta(days=1)
        return [person.id for person in self._work.people.unprofiled(before=before, limit=limit)]
