"""Messages: posted once, found again after a doubt, edited in place, and said elsewhere when refused."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.domain.effects import (
    MeetPerson,
    Notify,
    OpenForm,
    Post,
    PostEphemeral,
    PostEvent,
    Respond,
    UpsertMessage,
)
from bot.domain.message import Message, Section
from bot.ports import Chat, OutboxItem, Posted, Rejected, Templates
from bot.services.incident_channels import IncidentChannels
from bot.services.messages import MESSAGE_TYPES
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.address import Place, Shut, resolve, within
from bot.workers.deliver.attempt import Attempt, unsupported

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
TOO_LATE = frozenset({"trigger_expired", "expired_trigger_id", "invalid_trigger_id"})
FORM_TAKEN = "exchanged_trigger_id"
"""Slack's word for a trigger that was used: by our own earlier try."""


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """A channel that was closed took this message."""

    posted: Posted


class MessageHandler:
    def __init__(self, chat: Chat, templates: Templates) -> None:
        self._chat = chat
        self._templates = templates

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:  # noqa: PLR0911  a table
        match item.effect:
            case UpsertMessage() as effect:
                return self._show(effect, item, tx)
            case PostEvent() as effect:
                return self._say(effect, item, tx)
            case Post() as effect:
                return self._post(effect, item)
            case PostEphemeral() as effect:
                return Attempt(call=partial(self._post_ephemeral, effect))
            case Notify() as effect:
                return self._notify(effect, item, tx)
            case Respond() as effect:
                return Attempt(call=partial(self._chat.respond, effect.url, effect.message))
            case OpenForm() as effect:
                return self._form(effect)
            case MeetPerson() as effect:
                return Attempt(
                    call=partial(self._chat.profile, effect.person),
                    on_success=lambda tx, profile: People(tx).met(effect.person, profile),
                )
        raise unsupported(item.effect)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        match item.effect:
            case UpsertMessage() as effect:
                self._not_shown(effect, tx, why)
            case PostEvent(thread_of=None) as effect:
                self._tell_commander(effect.incident, effect.key, why, tx, effect)
            case Post(asker=str() as asker) as effect:
                ephemeral = PostEphemeral(
                    key=f"unsaid:{effect.key}", to=asker, person=asker, message=effect.message
                )
                tx.send(ephemeral)
            case Respond(person=str() as person) as effect:
                ephemeral = PostEphemeral(
                    key=f"unsaid:{effect.key}", to=person, person=person, message=effect.message
                )
                tx.send(ephemeral)
            case OpenForm() as effect:
                self._unopened(effect, tx, why)
            case PostEvent() | MeetPerson():
                pass  # the line itself is in the incident's channel; who people are is asked again
            case effect:
                Undelivered(tx).tell_maintainers(effect, why)

    # --- lasting messages ---

    def _show(self, effect: UpsertMessage, item: OutboxItem, tx: Transaction) -> Attempt | None:
        place = resolve(effect.to, tx, aside=effect.aside)
        if is_needless(place):
            return None
        kind = MESSAGE_TYPES[effect.message_type]
        message = self._templates.render(kind.template, kind.facts(tx, effect), names=People(tx).name)
        standing = _standing(effect.slot, place, tx)
        words, slot = self._aside(place, message), place.slot(effect.slot)
        own = Place(to=place.aside.channel or "", incident=place.aside.number) if place.aside else place
        in_channel = partial(self._put, own, _standing(effect.slot, own, tx), message, effect.slot)

        def call() -> Posted | Shut | _Taken:
            if place.aside and kind.finds_reopened:
                with suppress(Rejected):
                    taken = within(own, self._chat, in_channel)
                    if not isinstance(taken, Shut):
                        return _Taken(posted=taken)
            return self._put(place, standing, words, slot)

        def on_success(tx: Transaction, came: Posted | Shut | _Taken) -> None:
            match came:
                case Shut():
                    self._shut(came, effect, tx)
                case _Taken():
                    IncidentChannels(tx).posted(effect.slot, came.posted)
                    IncidentChannels(tx).reopened(effect.ref)
                case _:
                    self._shown(effect, place, standing, came, tx)

        find = self._look(place, slot, item)

        def find_earlier() -> Posted | None:
            """What an earlier try posted told the state of then."""
            found: Posted | None = find()
            if found:
                self._chat.edit(found, words)
            return found

        return Attempt(
            call=partial(within, place, self._chat, call),
            find_earlier=find_earlier if standing is None else None,
            on_success=on_success,
        )

    def _put(self, place: Place, standing: Posted | None, message: Message, slot: str) -> Posted:
        """Edit the message that stands; post it where there is none, or none any more."""
        if standing is None:
            return self._say_in(place, message, slot)
        try:
            self._chat.edit(standing, message)
        except Rejected as rejected:
            if rejected.code not in GONE:
                raise
            return self._say_in(place, message, slot)
        return standing

    def _shown(
        self, effect: UpsertMessage, place: Place, before: Posted | None, posted: Posted, tx: Transaction
    ) -> None:
        if posted != before:
            IncidentChannels(tx).posted(place.slot(effect.slot), posted)
            if effect.permalink_of and posted.permalink and not place.aside:
                tx.session.timeline.set_permalink(*effect.permalink_of, posted.permalink)
        MESSAGE_TYPES[effect.message_type].on_delivered(tx, effect)

    def _shut(self, shut: Shut, effect: UpsertMessage | PostEvent | Notify, tx: Transaction) -> None:
        """Keep that the channel takes nothing, and let this be heard elsewhere."""
        IncidentChannels(tx).closed(shut.incident, shut.how)
        tx.send(replace(effect, key=f"aside:{effect.key}"))

    def _aside(self, place: Place, message: Message) -> Message:
        """Say before a message why it is read here; in its own channel it is left as it is."""
        if place.aside is None:
            return message
        why = self._templates.render("incident/aside", {"incident": place.aside}).text
        parts = (Section(why), *message.parts) if message.parts else ()
        return Message(text=f"{why}\n{message.text}", parts=parts)

    def _not_shown(self, effect: UpsertMessage, tx: Transaction, why: str) -> None:
        if effect.needs_channel and not effect.aside:
            tx.send(replace(effect, key=f"aside:{effect.key}", aside=True))
        else:
            MESSAGE_TYPES[effect.message_type].on_refused(tx, effect, why)

    # --- words said once ---

    def _say(self, effect: PostEvent, item: OutboxItem, tx: Transaction) -> Attempt | None:
        place = resolve(effect.to, tx)
        if is_needless(place) and not effect.is_needed:
            return None
        message = self._templates.render(effect.template, effect.facts, names=People(tx).name)
        message = self._aside(place, message)
        if effect.thread_of:
            above = tx.session.messages.get(effect.thread_of)
            place = Place(to=place.to, thread=above.ts if above else None)

        def on_success(tx: Transaction, came: Posted | Shut) -> None:
            if isinstance(came, Shut):
                self._shut(came, effect, tx)
            elif came.permalink and not effect.thread_of and not place.aside:
                tx.session.timeline.set_permalink(effect.incident, effect.seq, came.permalink)

        return Attempt(
            call=partial(within, place, self._chat, partial(self._say_in, place, message, effect.key)),
            find_earlier=self._look(place, effect.key, item),
            on_success=on_success,
        )

    def _post(self, effect: Post, item: OutboxItem) -> Attempt:
        place, key = Place(to=effect.to, thread=effect.thread), effect.key
        post = partial(self._say_in, place, effect.message, key)
        return Attempt(
            call=partial(within, place, self._chat, post), find_earlier=self._look(place, key, item)
        )

    def _notify(self, effect: Notify, item: OutboxItem, tx: Transaction) -> Attempt:
        names, line = People(tx).name, effect.line
        words = self._templates.render(line.template, line.facts, names=names).text if line else ""
        incident = tx.incident(effect.incident) if effect.incident else None
        facts = {"incident": incident, "words": words, **effect.facts}
        message = self._templates.render(effect.template, facts, names=names)
        if effect.person and effect.person != effect.to:
            ephemeral = PostEphemeral(key=effect.key, to=effect.to, person=effect.person, message=message)
            return Attempt(call=partial(self._post_ephemeral, ephemeral))
        place = resolve(effect.to, tx)
        message = self._aside(place, message)

        def on_success(tx: Transaction, came: Posted | Shut) -> None:
            if isinstance(came, Shut):
                self._shut(came, effect, tx)

        return Attempt(
            call=partial(within, place, self._chat, partial(self._say_in, place, message, effect.key)),
            find_earlier=self._look(place, effect.key, item),
            on_success=on_success,
        )

    def _say_in(self, place: Place, message: Message, key: str) -> Posted:
        return self._chat.post(place.to, message, key=key, thread=place.thread)

    def _look(self, place: Place, key: str, item: OutboxItem) -> Any:
        return partial(self._chat.find_post, place.to, key=key, since=item.queued_at, thread=place.thread)

    def _tell_commander(
        self, number: int, key: str, why: str, tx: Transaction, line: PostEvent | None = None
    ) -> None:
        """The channel takes no words: say them to who leads, by DM."""
        incident = tx.incident(number)
        tx.send(
            Notify(
                key=f"unsaid:{key}",
                to=incident.owner,
                template="incident/unsaid",
                facts={"why": why},
                incident=number,
                line=line,
            )
        )

    # --- for one person ---

    def _post_ephemeral(self, effect: PostEphemeral) -> None:
        """Whisper; where it can't be heard, by DM."""
        if effect.to == effect.person:
            self._chat.post(effect.person, effect.message, key=effect.key)
            return
        try:
            self._chat.post_ephemeral(effect.to, effect.person, effect.message, thread=effect.thread)
        except Rejected:
            self._chat.post(effect.person, effect.message, key=effect.key)

    def _form(self, effect: OpenForm) -> Attempt:
        form = self._templates.form(effect.form, effect.facts)
        memory = {
            "command": effect.command,
            "incident": effect.incident,
            "channel": effect.channel,
            **({"thread": effect.thread} if effect.thread else {}),
        }

        def call() -> None:
            try:
                self._chat.open_form(effect.trigger, form, memory=memory)
            except Rejected as rejected:
                if rejected.code != FORM_TAKEN:
                    raise

        return Attempt(call=call)

    def _unopened(self, effect: OpenForm, tx: Transaction, why: str) -> None:
        facts = {"command": effect.command, "incident": effect.incident, "why": why}
        to = effect.channel or effect.person
        tx.send(
            Notify(key=f"late:{effect.key}", to=to, person=effect.person, template="help/form", facts=facts)
        )


def is_needless(place: Place) -> bool:
    """Whether nobody misses it: the incident is over, and its channel was tidied away."""
    return place.aside is not None and not place.aside.is_open


def _standing(slot: str, place: Place, tx: Transaction) -> Posted | None:
    """Find where a lasting message stands; what stands in a channel that the incident had before does not count."""
    found = tx.session.messages.get(place.slot(slot))
    return None if found and place.incident and found.channel != place.to else found
