"""The incident's channel: created or adopted, its people invited, its topic, bookmarks and newcomers."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.domain.effects import AddBookmark, CreateChannel, Invite, ReadMessage, SetTopic, Welcome
from bot.domain.incident import Incident, channel_name
from bot.domain.markup import plain_prose
from bot.ports import Chat, OutboxItem, Rejected, Said, Templates
from bot.services.incident_channels import IncidentChannels
from bot.services.incidents import Incidents
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.services.views import Views
from bot.workers.deliver.address import Place, Shut, within
from bot.workers.deliver.attempt import Attempt, unsupported

OTHER_NAMES = 5
"""How many further names are tried where somebody else's channel has ours."""


class ChannelHandler:
    def __init__(self, chat: Chat, templates: Templates) -> None:
        self._chat = chat
        self._templates = templates

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        match item.effect:
            case CreateChannel() as effect:
                return self._open(tx.incident(effect.incident))
            case ReadMessage() as effect:
                return self._read(effect)
            case Invite() | SetTopic() | AddBookmark() | Welcome() as effect:
                incident = tx.incident(effect.incident)
                channel = None if incident.channel_closed else incident.channel
                return self._set_up_channel(effect, incident, channel, tx) if channel else None
        raise unsupported(item.effect)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        match item.effect:
            case CreateChannel(incident=number):
                IncidentChannels(tx).refused(number, why)
            case Welcome():
                pass  # nobody asked for it, and who comes in reads the card
            case effect:
                Undelivered(tx).tell(effect, why)

    def _open(self, incident: Incident) -> Attempt | None:
        if incident.channel and not incident.channel_closed:
            return None
        return Attempt(
            call=partial(self._open_or_adopt, incident),
            on_success=lambda tx, channel: IncidentChannels(tx).opened(incident.number, *channel),
        )

    def _open_or_adopt(self, incident: Incident) -> tuple[str, str]:
        """Give the channel's id and name. A taken name is ours only if Spy made that channel for this incident."""
        base = channel_name(incident.number, incident.name)
        closed = incident.channel_closed
        since = closed.at if closed else incident.declared_at
        for name in (base, *(f"{base[:77]}-{n}" for n in range(2, OTHER_NAMES + 2))):
            try:
                return self._chat.create_channel(name, private=incident.private), name
            except Rejected as rejected:
                if rejected.code != "name_taken":
                    raise
                ours = self._chat.find_channel(name, private=incident.private, since=since)
                if ours:
                    return ours, name
        raise Rejected("name_taken", f"the channel names {base}, {base}-2 … are all taken")

    def _set_up_channel(
        self,
        effect: Invite | SetTopic | AddBookmark | Welcome,
        incident: Incident,
        channel: str,
        tx: Transaction,
    ) -> Attempt:
        """Where the channel takes nothing any more, another one gets it, or this one when it is open again."""
        attempt, place = (
            self._set_up(effect, incident, channel, tx),
            Place(to=channel, incident=incident.number),
        )

        def on_success(tx: Transaction, came: object) -> None:
            if isinstance(came, Shut):
                IncidentChannels(tx).closed(came.incident, came.how)

        return replace(attempt, call=partial(within, place, self._chat, attempt.call), on_success=on_success)

    def _set_up(
        self,
        effect: Invite | SetTopic | AddBookmark | Welcome,
        incident: Incident,
        channel: str,
        tx: Transaction,
    ) -> Attempt:
        match effect:
            case Invite():
                return Attempt(call=partial(self._chat.invite, channel, effect.people))
            case SetTopic():
                topic = self._templates.render("incident/topic", {"incident": incident}).text
                return Attempt(call=partial(self._chat.set_topic, channel, topic))
            case AddBookmark():
                return self._bookmark(effect, incident, channel, tx)
            case Welcome():
                tldr = self._templates.render(
                    "incident/tldr", Views(tx).tldr(incident), names=People(tx).name
                )
                return Attempt(call=partial(self._chat.post_ephemeral, channel, effect.person, tldr))

    def _bookmark(self, effect: AddBookmark, incident: Incident, channel: str, tx: Transaction) -> Attempt:
        announced = tx.session.messages.get(f"announcement:{incident.number}")
        home = announced.permalink if announced else None
        beside = self._chat.permalink(tx.policy.announce or channel)
        url = effect.url or home or beside
        urls = dict.fromkeys(
            (url, effect.url or beside)
        )  # an earlier try may not have known the announcement

        def find_earlier() -> bool | None:
            return True if any(self._chat.has_bookmark(channel, it) for it in urls) else None

        return Attempt(
            call=partial(self._chat.bookmark, channel, effect.title, url), find_earlier=find_earlier
        )

    def _read(self, effect: ReadMessage) -> Attempt:
        def on_success(tx: Transaction, said: Said) -> None:
            Incidents(tx).note_message(
                tx.incident(effect.incident),
                plain_prose(said.text),
                by=said.person,
                said_at=datetime.fromtimestamp(float(effect.ts), UTC),
                message=effect.ts,
            )

        return Attempt(call=partial(self._chat.read, effect.channel, effect.ts), on_success=on_success)
