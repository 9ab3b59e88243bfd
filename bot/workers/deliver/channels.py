"""The incident's channel: create or adopt it, invite people, set its topic and bookmarks, greet newcomers."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from bot.domain.effects import ReleaseHeld
from bot.domain.incident.effects import (
    AddBookmark,
    ArchiveChannel,
    ChannelEffect,
    CreateChannel,
    Invite,
    ReadMembers,
    ReadMessage,
    SetTopic,
    Welcome,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import channel_name
from bot.domain.markup import plain_prose
from bot.ports import OutboxItem, PersonMessage, Rejected
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.members import Members
from bot.services.incident.notes import Notes
from bot.services.incident.views import Views
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.workers.deliver.address import Place, Shut, within
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers

OTHER_NAMES = 5
"""How many further names are tried if someone else's channel has the name."""
C = TypeVar("C", bound=ChannelEffect)


@delivers(ReleaseHeld)
class ReleaseHeldHandler(EffectHandler[ReleaseHeld]):
    def attempt(self, effect: ReleaseHeld, item: OutboxItem, tx: Transaction) -> None:
        del item
        if tx.incident(effect.incident).is_placed:
            tx.session.outbox.release(effect.incident)

    def on_giving_up(self, effect: ReleaseHeld, tx: Transaction, why: str) -> None:
        """Report nothing: the worker that opens the channel releases what waits for it."""


@delivers(CreateChannel)
class CreateChannelHandler(EffectHandler[CreateChannel]):
    def attempt(self, effect: CreateChannel, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        incident = tx.incident(effect.incident)
        if incident.channel and not incident.channel_closed:
            return None
        return Attempt(
            call=partial(self._open_or_adopt, incident),
            on_success=lambda tx, channel: IncidentChannels(tx).opened(incident.number, *channel),
        )

    def on_giving_up(self, effect: CreateChannel, tx: Transaction, why: str) -> None:
        IncidentChannels(tx).refused(effect.incident, why)

    def _open_or_adopt(self, incident: Incident) -> tuple[str, str]:
        """Return the channel's id and name. Adopts an existing channel only if Spy created it for this incident."""
        base = channel_name(incident.number, incident.name)
        closed = incident.channel_closed
        since = closed.at if closed else incident.declared_at
        for name in (base, *(f"{base[:77]}-{n}" for n in range(2, OTHER_NAMES + 2))):
            try:
                return self.chat.create_channel(name, private=incident.private), name
            except Rejected as rejected:
                if rejected.code != "name_taken":
                    raise
                ours = self.chat.find_channel(name, private=incident.private, since=since)
                if ours:
                    return ours, name
        raise Rejected("name_taken", f"the channel names {base}, {base}-2 … are all taken")


@delivers(ArchiveChannel)
class ArchiveChannelHandler(EffectHandler[ArchiveChannel]):
    """Archives the channel, unless the incident was opened again. If Slack refuses that, the channel stays."""

    def attempt(self, effect: ArchiveChannel, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        incident = tx.incident(effect.incident)
        if incident.channel is None or incident.is_open or incident.channel_closed:
            return None
        return Attempt(call=partial(self.chat.archive, incident.channel))


class ChannelHandler(EffectHandler[C]):
    """Changes an incident's channel. If it is closed, a replacement or the reopened channel gets the change."""

    def attempt(self, effect: C, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        incident = tx.incident(effect.incident)
        if incident.channel is None or incident.channel_closed:
            return None
        place = Place(to=incident.channel, incident=incident.number)
        attempt = self.within(effect, incident, incident.channel, tx)

        def on_success(tx: Transaction, came: object) -> None:
            if isinstance(came, Shut):
                IncidentChannels(tx).closed(came.incident, came.how)

        return replace(attempt, call=partial(within, place, self.chat, attempt.call), on_success=on_success)

    def within(self, effect: C, incident: Incident, channel: str, tx: Transaction) -> Attempt:
        raise NotImplementedError


@delivers(Invite)
class InviteHandler(ChannelHandler[Invite]):
    def within(self, effect: Invite, incident: Incident, channel: str, tx: Transaction) -> Attempt:
        """Leave out who was removed from a private incident since: an old invitation does not bring them back."""
        del tx
        people = [it for it in effect.people if not incident.is_closed_to(it)]
        return Attempt(call=partial(self.chat.invite, channel, people))


@delivers(SetTopic)
class TopicHandler(ChannelHandler[SetTopic]):
    def within(self, effect: SetTopic, incident: Incident, channel: str, tx: Transaction) -> Attempt:
        del effect, tx
        topic = self.templates.render("incident/topic", {"incident": incident}).text
        return Attempt(call=partial(self.chat.set_topic, channel, topic))


@delivers(AddBookmark)
class BookmarkHandler(ChannelHandler[AddBookmark]):
    def within(self, effect: AddBookmark, incident: Incident, channel: str, tx: Transaction) -> Attempt:
        announced = tx.session.messages.get(f"announcement:{incident.number}")
        home = announced.permalink if announced else None
        beside = self.chat.permalink(tx.policy.announce or channel)
        url = effect.url or home or beside
        # An earlier try may not have known the announcement.
        urls = dict.fromkeys((url, effect.url or beside))

        def find_earlier() -> bool | None:
            return True if any(self.chat.has_bookmark(channel, it) for it in urls) else None

        return Attempt(
            call=partial(self.chat.bookmark, channel, effect.title, url), find_earlier=find_earlier
        )


@delivers(Welcome)
class WelcomeHandler(ChannelHandler[Welcome]):
    def within(self, effect: Welcome, incident: Incident, channel: str, tx: Transaction) -> Attempt:
        tldr = self.templates.render("incident/tldr", Views(tx).tldr(incident), names=People(tx).name)
        return Attempt(call=partial(self.chat.post_ephemeral, channel, effect.person, tldr))

    def on_giving_up(self, effect: Welcome, tx: Transaction, why: str) -> None:
        """Report nothing: newcomers did not ask for it, and they can read the card."""


@delivers(ReadMembers)
class MembersHandler(EffectHandler[ReadMembers]):
    def attempt(self, effect: ReadMembers, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        incident, read_at = tx.incident(effect.incident), tx.now
        channel = incident.channel
        if channel is None:
            return None
        return Attempt(
            call=partial(self.chat.channel_members, channel),
            on_success=lambda tx, found: Members(tx).read(channel, found, read_at=read_at),
        )

    def on_giving_up(self, effect: ReadMembers, tx: Transaction, why: str) -> None:
        """Report nothing: `Sync.members` reads them again in a minute."""


@delivers(ReadMessage)
class ReadMessageHandler(EffectHandler[ReadMessage]):
    def attempt(self, effect: ReadMessage, item: OutboxItem, tx: Transaction) -> Attempt:
        del item, tx

        def on_success(tx: Transaction, posted: PersonMessage) -> None:
            Notes(tx).take(
                tx.incident(effect.incident),
                plain_prose(posted.text),
                by=posted.person,
                said_at=datetime.fromtimestamp(float(effect.ts), UTC),
                message=effect.ts,
                noted_by=effect.by,
            )

        return Attempt(call=partial(self.chat.read, effect.channel, effect.ts), on_success=on_success)
