"""The incident's channel: created, refused, closed and reopened; its members and messages."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.effects import Effect, Notify, UpsertMessage
from bot.domain.incident import events
from bot.domain.incident.effects import AddBookmark, CreateChannel, ReadMembers, SetTopic, Welcome
from bot.domain.incident.event_effects import closed_channel, set_up_again
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import ClosedChannel
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel
from bot.ports import Posted
from bot.services.transaction import Transaction

SURENESS: Mapping[str, int] = {"gone": 0, "archived": 1, "left": 1, "deleted": 2}
"""How precise each kind of closing is. *Gone* is the least precise, because a failed call shows no more."""
COMING = (events.PersonInvited.kind(), events.PersonJoined.kind())
"""The events in which a person enters a channel: invited by Spy, or on their own."""


class IncidentChannels:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- opening and closing ---

    def opened(self, number: int, channel: str, name: str) -> None:
        """Record that Slack has the channel, and send what waited for it.

        A replacement channel gets a complete setup.
        """
        before = self._tx.incident(number)
        if before.channel is None or before.channel_closed:
            opened = events.ChannelOpened(at=self._tx.now, channel=channel, channel_name=name)
            after = self._tx.record(before, opened)
            if before.channel_closed or before.channel_refused:
                self._tx.send(*set_up_again(after, self._tx.policy, seq=after.entries))
                self._show_again(after, before.channel_closed)
        self._session.outbox.release(number)

    def refused(self, number: int, why: str) -> None:
        """Record that Slack can't create the channel. Messages that waited for it go elsewhere."""
        self._tx.record(self._tx.incident(number), events.ChannelRefused(at=self._tx.now, why=why))
        self._session.outbox.release(number)

    def closed(self, number: int, how: events.Closing, *, by: str | None = None) -> None:
        """Record that Spy can no longer post in the channel. The owner is notified once and gets its messages by DM."""
        incident = self._tx.incident(number)
        known = incident.channel_closed
        if incident.channel and (known is None or SURENESS[how] > SURENESS[known.how]):
            closed = events.ChannelClosed(at=self._tx.now, by=by, channel=incident.channel, how=how)
            self._tx.record(incident, closed)

    def reopened(self, number: int, *, by: str | None = None) -> None:
        """Record that Spy can post again. The channel gets the current state and what it missed."""
        before = self._tx.incident(number)
        if before.channel_closed is None:
            return
        after = self._tx.record(before, events.ChannelReopened(at=self._tx.now, by=by))
        self._tx.send(SetTopic(key=f"topic:{number}:{after.entries}", incident=number))
        if after.private:
            self._tx.send(ReadMembers(key=f"members:{number}:{after.entries}", incident=number))
        self._tx.send(*self._links_since(after, before.channel_closed))
        self._show_again(after, before.channel_closed)

    def open_another(self, incident: Incident) -> None:
        """Ask Slack for a new channel. Refuses if the incident has one that works."""
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
        """Post what the channel missed, and update the question to those who were asked what to do."""
        if closed is None:
            return
        n, mark = incident.number, closed.mark
        self._tx.send(
            UpsertMessage(
                key=f"missed:{n}{mark}",
                message_type="missed",
                ref=n,
                to=IncidentChannel(n),
                mark=mark,
                facts={"since": closed.at.isoformat()},
            )
        )
        for person in closed.asked:
            self._tx.send(closed_channel(incident, to=person, mark=mark, seq=incident.entries))

    # --- members and privacy ---

    def joined(self, channel: str, person: str, *, origin: str) -> None:
        """Record that somebody joined an incident channel. Everyone but the person who declared it gets a welcome."""
        incident = self._session.incidents.in_channel(channel)
        if incident is None or (person == incident.declared_by and person in incident.members):
            return
        was_invited = self._is_awaited(incident, person)
        if was_invited or person not in incident.members:
            incident = self._tx.record(incident, events.PersonJoined(at=self._tx.now, person=person))
        if not was_invited:
            self._tx.send(Welcome(key=f"welcome:{origin}", incident=incident.number, person=person))

    def _is_awaited(self, incident: Incident, person: str) -> bool:
        """Whether this person was just invited by Spy, which sends the welcome itself."""
        entries = self._session.timeline.among([incident.number], [*COMING])
        theirs = [entry.kind for entry in entries if entry.data["person"] == person]
        return theirs[-1:] == [events.PersonInvited.kind()]

    def bring(self, incident: Incident, person: str, *, called_at: datetime) -> Incident:
        """Invite a person who was called for help (UTC) into an open incident's channel with the tldr.

        People who left or were removed since then stay out: only people in the channel can add them again.
        """
        is_out = incident.has_left(person, since=called_at)
        if person in incident.members or is_out or not incident.is_open:
            return incident
        return self.invite(incident, person)

    def invite(self, incident: Incident, person: str) -> Incident:
        """Invite a person into the channel with the tldr."""
        return self._tx.record(incident, events.PersonInvited(at=self._tx.now, person=person))

    def left(self, incident: Incident, person: str) -> Incident:
        """Record that somebody left or was removed. They can no longer see a private incident.

        If they have command or a role, ask in the channel who takes over.
        """
        if incident.has_left(person):
            return incident
        led = incident.is_open and incident.commander == person
        roles = tuple(role for role, its in incident.roles.items() if incident.is_open and its == person)
        asked = events.ResponderLeft(at=self._tx.now, person=person, led=led, roles=roles)
        left = events.PersonLeft(at=self._tx.now, person=person)
        return self._tx.record(incident, left, asked if led or roles else None)

    def put_out(self, incident: Incident, *, by: str | None, origin: str) -> None:
        """Handle the removal of Spy. It rejoins a public channel with its next post."""
        if incident.private:
            self.closed(incident.number, "left", by=by)
        elif incident.is_open:
            key, facts = f"put-out:{origin}", {"by": by}
            self._tx.send(
                Notify(
                    key=key,
                    to=incident.contact,
                    template="incident/put_out",
                    facts=facts,
                    incident=incident.number,
                )
            )

    def made_private(self, incident: Incident, *, by: str | None) -> None:
        """Make the incident private because its channel is. Messages elsewhere no longer show its details."""
        if incident.private:
            return
        shown = self._session.messages.get(f"announcement:{incident.number}")
        after = self._tx.record(incident, events.MadePrivate(at=self._tx.now, by=by))
        n, seq = after.number, after.entries
        self._tx.send(ReadMembers(key=f"members:{n}:{seq}", incident=n))
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
        """Record that Slack changed the channel's id."""
        if incident.channel and incident.channel != to:
            moved = events.ChannelMoved(at=self._tx.now, channel=to, before=incident.channel)
            self._tx.record(incident, moved)

    def renamed(self, channel: str, name: str) -> None:
        incident = self._session.incidents.in_channel(channel)
        if incident:
            self._tx.record(
                incident, events.ChannelOpened(at=self._tx.now, channel=channel, channel_name=name)
            )

    # --- deliveries ---

    def undelivered(self, number: int, what: str, why: str) -> None:
        """Record in the incident that a delivery failed for good, so that people can see it."""
        incident = self._session.incidents.get(number)
        if incident:
            self._tx.record(incident, events.DeliveryFailed(at=self._tx.now, what=what, why=why))

    def mended(self, number: int, what: str) -> None:
        """Record that deliveries work again."""
        incident = self._session.incidents.get(number)
        if incident:
            self._tx.record(incident, events.DeliveryMended(at=self._tx.now, what=what))

    def posted(self, slot: str, posted: Posted) -> None:
        self._session.messages.put(slot, posted)
