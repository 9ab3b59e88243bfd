"""The incident's channel: opened, refused, closed and opened again; who is in it, and where its messages stand."""

from collections.abc import Mapping

from bot.domain import events
from bot.domain.effects import (
    AddBookmark,
    CreateChannel,
    Effect,
    Notify,
    SetTopic,
    UpsertMessage,
    Welcome,
    incident_channel,
)
from bot.domain.event_effects import closed_channel, set_up_again
from bot.domain.incident import ClosedChannel, Incident
from bot.domain.refusal import Refusal
from bot.ports import Posted
from bot.services.transaction import Transaction

SURENESS: Mapping[str, int] = {"gone": 0, "archived": 1, "left": 1, "deleted": 2}
"""What of a closed channel says more than the other: that it is gone is all that a refused call tells."""
COMING = (events.PersonInvited.kind(), events.PersonJoined.kind())
"""How somebody comes into a channel: brought by Spy, or by themselves."""


class IncidentChannels:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- opened, closed, and opened again ---

    def opened(self, number: int, channel: str, name: str) -> None:
        """Slack has the channel; whatever waited for it goes out. Another one gets all that the first one had."""
        before = self._tx.incident(number)
        if before.channel is None or before.channel_closed:
            opened = events.ChannelOpened(at=self._tx.now, channel=channel, channel_name=name)
            after = self._tx.record(before, opened)
            if before.channel_closed or before.channel_refused:
                self._tx.send(*set_up_again(after, self._tx.policy, seq=after.entries))
                self._show_again(after, before.channel_closed)
        self._session.outbox.release(number)

    def refused(self, number: int, why: str) -> None:
        """Slack gives no channel: what waited for it goes to where the incident can still be followed."""
        self._tx.record(self._tx.incident(number), events.ChannelRefused(at=self._tx.now, why=why))
        self._session.outbox.release(number)

    def closed(self, number: int, how: events.Closing, *, by: str | None = None) -> None:
        """The channel takes nothing any more. Who leads is told once, and what belongs there goes to them."""
        incident = self._tx.incident(number)
        known = incident.channel_closed
        if incident.channel and (known is None or SURENESS[how] > SURENESS[known.how]):
            closed = events.ChannelClosed(at=self._tx.now, by=by, channel=incident.channel, how=how)
            self._tx.record(incident, closed)

    def reopened(self, number: int, *, by: str | None = None) -> None:
        """The channel takes words again: it shows how things stand now, and what was said meanwhile."""
        before = self._tx.incident(number)
        if before.channel_closed is None:
            return
        after = self._tx.record(before, events.ChannelReopened(at=self._tx.now, by=by))
        self._tx.send(SetTopic(key=f"topic:{number}:{after.entries}", incident=number))
        self._tx.send(*self._links_since(after, before.channel_closed))
        self._show_again(after, before.channel_closed)

    def open_another(self, incident: Incident) -> None:
        """Ask Slack for another channel, where the incident has none that takes words."""
        if incident.channel and not incident.channel_closed:
            raise Refusal(f"{incident.id} already has its channel: <#{incident.channel}>.")
        incident.must_be_open()
        at = int(self._tx.now.timestamp() * 1000)
        self._tx.send(CreateChannel(key=f"create-channel:{incident.number}:{at}", incident=incident.number))

    def _links_since(self, incident: Incident, closed: ClosedChannel) -> list[Effect]:
        added = self._session.timeline.among([incident.number], ["link_added"])
        return [
            AddBookmark(
                key=f"bookmark:{incident.number}:{it.seq}:{incident.entries}",
                incident=incident.number,
                title=it.data["title"],
                url=it.data["url"],
            )
            for it in added
            if it.recorded_at >= closed.at
        ]

    def _show_again(self, incident: Incident, closed: ClosedChannel | None) -> None:
        """Say in the channel what it missed, and to who was asked that it is over."""
        if closed is None:
            return
        n, mark = incident.number, closed.mark
        self._tx.send(
            UpsertMessage(
                key=f"missed:{n}{mark}",
                message_type="missed",
                ref=n,
                to=incident_channel(n),
                mark=mark,
                facts={"since": closed.at.isoformat()},
            )
        )
        for person in closed.asked:
            self._tx.send(closed_channel(incident, to=person, mark=mark, seq=incident.entries))

    # --- who is in it, and who may see it ---

    def joined(self, channel: str, person: str, *, origin: str) -> None:
        """Somebody came into an incident channel; who opened it needs no introduction."""
        incident = self._session.incidents.in_channel(channel)
        if incident is None or person == incident.declared_by:
            return
        was_invited = self._is_awaited(incident, person)
        if was_invited or person not in incident.members:
            incident = self._tx.record(incident, events.PersonJoined(at=self._tx.now, person=person))
        if not was_invited:
            self._tx.send(Welcome(key=f"welcome:{origin}", incident=incident.number, person=person))

    def _is_awaited(self, incident: Incident, person: str) -> bool:
        """Whether Spy invited and welcomed them, and this is their coming."""
        entries = self._session.timeline.among([incident.number], [*COMING])
        theirs = [entry.kind for entry in entries if entry.data["person"] == person]
        return theirs[-1:] == [events.PersonInvited.kind()]

    def bring(self, incident: Incident, person: str) -> Incident:
        """Invite somebody into an open incident's channel with the tldr, and count them in; once."""
        if person in incident.members or not incident.is_open:
            return incident
        return self._tx.record(incident, events.PersonInvited(at=self._tx.now, person=person))

    def left(self, incident: Incident, person: str) -> None:
        """Somebody left, or was taken out: of a private incident they hear no more."""
        if person in incident.members:
            self._tx.record(incident, events.PersonLeft(at=self._tx.now, person=person))

    def put_out(self, incident: Incident, *, by: str | None, origin: str) -> None:
        """Spy was taken out. Into a public channel it comes back by itself, with what it says next."""
        if incident.private:
            self.closed(incident.number, "left", by=by)
        elif incident.is_open:
            key, facts = f"put-out:{origin}", {"by": by}
            self._tx.send(
                Notify(
                    key=key,
                    to=incident.owner,
                    template="incident/put_out",
                    facts=facts,
                    incident=incident.number,
                )
            )

    def made_private(self, incident: Incident, *, by: str | None) -> None:
        """The channel was made private, and so the incident is: what is shown elsewhere shows no more of it."""
        if incident.private:
            return
        shown = self._session.messages.get(f"announcement:{incident.number}")
        after = self._tx.record(incident, events.MadePrivate(at=self._tx.now, by=by))
        n, seq = after.number, after.entries
        if shown:
            self._tx.send(
                UpsertMessage(
                    key=f"announcement:{n}:{seq}", message_type="announcement", ref=n, to=shown.channel
                )
            )
        for entry in self._session.timeline.among([n], ["team_notified"]):
            if notice := self._session.team_notices.get(entry.data["notice"]):
                key = f"team_notice:{notice.number}:{seq}"
                self._tx.send(
                    UpsertMessage(key=key, message_type="team_notice", ref=notice.number, to=notice.channel)
                )

    def moved(self, incident: Incident, *, to: str) -> None:
        """Slack gave the channel another id."""
        if incident.channel and incident.channel != to:
            moved = events.ChannelMoved(at=self._tx.now, channel=to, before=incident.channel)
            self._tx.record(incident, moved)

    def renamed(self, channel: str, name: str) -> None:
        incident = self._session.incidents.in_channel(channel)
        if incident:
            self._tx.record(
                incident, events.ChannelOpened(at=self._tx.now, channel=channel, channel_name=name)
            )

    # --- what is said there ---

    def undelivered(self, number: int, what: str, why: str) -> None:
        """Something could not be delivered for good: say so where it can be read."""
        incident = self._session.incidents.get(number)
        if incident:
            self._tx.record(incident, events.DeliveryFailed(at=self._tx.now, what=what, why=why))

    def mended(self, number: int, what: str) -> None:
        """What could not be delivered for a while is delivered again."""
        incident = self._session.incidents.get(number)
        if incident:
            self._tx.record(incident, events.DeliveryMended(at=self._tx.now, what=what))

    def posted(self, slot: str, posted: Posted) -> None:
        self._session.messages.put(slot, posted)
