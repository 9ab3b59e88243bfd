"""Lasting messages: posted once, then edited in place. If their channel is closed, they go elsewhere."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from bot.domain.effects import UpsertMessage
from bot.domain.message import Message
from bot.ports import OutboxItem, Posted, Rejected
from bot.services.incident.channels import IncidentChannels
from bot.services.messages import MESSAGE_TYPES
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.workers.deliver.address import Place, Shut, is_withheld, resolve, within
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import delivers
from bot.workers.deliver.posts import PostingHandler, is_needless

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """The message was posted to a channel that had been closed: it is open again."""

    posted: Posted


@delivers(UpsertMessage)
class LastingMessageHandler(PostingHandler[UpsertMessage]):
    def attempt(self, effect: UpsertMessage, item: OutboxItem, tx: Transaction) -> Attempt | None:
        place = resolve(effect.to, tx, aside=effect.aside)
        kind = MESSAGE_TYPES[effect.message_type]
        facts = kind.facts(tx, effect)
        existing = _existing(effect.slot, place, tx)
        is_empty = existing is None and not kind.is_worth_posting(facts)
        if is_empty or is_needless(place) or is_withheld(place, facts):
            return None
        message = self.templates.render(kind.template, facts, names=People(tx).name)
        words, slot = self.aside(place, message), place.slot(effect.slot)
        own = Place(to=place.aside.channel or "", incident=place.aside.number) if place.aside else place
        in_channel = partial(self._put, own, _existing(effect.slot, own, tx), message, effect.slot)

        def call() -> Posted | Shut | _Taken:
            if place.aside and kind.finds_reopened:
                with suppress(Rejected):
                    taken = within(own, self.chat, in_channel)
                    if not isinstance(taken, Shut):
                        return _Taken(posted=taken)
            return self._put(place, existing, words, slot)

        def on_success(tx: Transaction, came: Posted | Shut | _Taken) -> None:
            match came:
                case Shut():
                    self.closed(came, effect, tx)
                case _Taken():
                    IncidentChannels(tx).posted(effect.slot, came.posted)
                    IncidentChannels(tx).reopened(effect.ref)
                case _:
                    self._shown(effect, place, existing, came, tx)

        find = self.look(place, slot, item)

        def find_earlier() -> Posted | None:
            """Update what an earlier try posted: it shows the state of that time."""
            found: Posted | None = find()
            if found:
                self.chat.edit(found, words)
            return found

        return Attempt(
            call=partial(within, place, self.chat, call),
            find_earlier=find_earlier if existing is None else None,
            on_success=on_success,
        )

    def _put(self, place: Place, existing: Posted | None, message: Message, slot: str) -> Posted:
        """Edit the existing message. Post it if there is none or if it was deleted."""
        if existing is None:
            return self.post_in(place, message, slot)
        try:
            self.chat.edit(existing, message)
        except Rejected as rejected:
            if rejected.code not in GONE:
                raise
            return self.post_in(place, message, slot)
        return existing

    def _shown(
        self, effect: UpsertMessage, place: Place, before: Posted | None, posted: Posted, tx: Transaction
    ) -> None:
        if posted != before:
            IncidentChannels(tx).posted(place.slot(effect.slot), posted)
            if effect.permalink_of and posted.permalink and not place.aside:
                tx.session.timeline.set_permalink(*effect.permalink_of, posted.permalink)
        MESSAGE_TYPES[effect.message_type].on_delivered(tx, effect)

    def on_giving_up(self, effect: UpsertMessage, tx: Transaction, why: str) -> None:
        if effect.needs_channel and not effect.aside:
            tx.send(replace(effect, key=f"aside:{effect.key}", aside=True))
        else:
            MESSAGE_TYPES[effect.message_type].on_refused(tx, effect, why)


def _existing(slot: str, place: Place, tx: Transaction) -> Posted | None:
    """Return where a lasting message is. A message in the incident's former channel does not count."""
    found = tx.session.messages.get(place.slot(slot))
    return None if found and place.incident and found.channel != place.to else found
