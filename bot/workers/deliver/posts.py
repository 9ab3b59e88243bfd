"""Messages that are posted once and found again if the outcome is unknown: timeline lines, answers, notices."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from bot.domain.effects import (
    Effect,
    Notify,
    Post,
    PostEphemeral,
    PostEvent,
    PostLateEvents,
    Respond,
    UpsertMessage,
)
from bot.domain.message import Message, Section
from bot.ports import OutboxItem, Posted, Rejected
from bot.services.incident.channels import IncidentChannels
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.address import Place, Shut, is_removed, is_withheld, resolve, within
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers

M = TypeVar("M", bound=Effect)


class PostingHandler(EffectHandler[M]):
    """Posts messages. It finds what an earlier try posted, and explains why a message went elsewhere."""

    def on_giving_up(self, effect: M, tx: Transaction, why: str) -> None:
        Undelivered(tx).tell_maintainers(effect, why)

    def post_in(self, place: Place, message: Message, key: str) -> Posted:
        return self.chat.post(place.to, message, key=key, thread=place.thread)

    def look(self, place: Place, key: str, item: OutboxItem) -> Callable[[], Posted | None]:
        return partial(self.chat.find_post, place.to, key=key, since=item.queued_at, thread=place.thread)

    def aside(self, place: Place, message: Message) -> Message:
        """Add in front of a message why it is sent here. In its own channel it is unchanged."""
        if place.aside is None:
            return message
        why = self.templates.render("incident/aside", {"incident": place.aside}).text
        parts = (Section(why), *message.parts) if message.parts else ()
        return Message(text=f"{why}\n{message.text}", parts=parts)

    def closed(self, shut: Shut, effect: UpsertMessage | PostEvent | Notify, tx: Transaction) -> None:
        """Record that the channel is closed, and send the message elsewhere."""
        IncidentChannels(tx).closed(shut.incident, shut.how)
        tx.send(replace(effect, key=f"aside:{effect.key}"))

    def post_ephemeral(self, effect: PostEphemeral) -> None:
        """Post so that only one person sees it. If that is not possible, send a DM."""
        if effect.to == effect.person:
            self.chat.post(effect.person, effect.message, key=effect.key)
            return
        try:
            self.chat.post_ephemeral(effect.to, effect.person, effect.message, thread=effect.thread)
        except Rejected:
            self.chat.post(effect.person, effect.message, key=effect.key)


@delivers(PostLateEvents)
@delivers(PostEvent)
class LineHandler(PostingHandler[PostEvent]):
    def attempt(self, effect: PostEvent, item: OutboxItem, tx: Transaction) -> Attempt | None:
        place = resolve(effect.to, tx)
        if (is_needless(place) and not effect.is_needed) or is_withheld(place, {}):
            return None
        message = self.aside(place, self._words(effect, item, tx))
        if effect.thread_of:
            above = tx.session.messages.get(effect.thread_of)
            place = Place(to=place.to, thread=above.ts if above else None)

        def on_success(tx: Transaction, came: Posted | Shut) -> None:
            if isinstance(came, Shut):
                self.closed(came, effect, tx)
            elif came.permalink and not effect.thread_of and not place.aside:
                for it in effect.lines:
                    tx.session.timeline.set_permalink(it.incident, it.seq, came.permalink)

        return Attempt(
            call=partial(within, place, self.chat, partial(self.post_in, place, message, effect.key)),
            find_earlier=self.look(place, effect.key, item),
            on_success=on_success,
        )

    def _words(self, effect: PostEvent, item: OutboxItem, tx: Transaction) -> Message:
        """Render the event. If it comes late, with the time at which it happened."""
        names = People(tx).name
        if not item.is_late(tx.now):
            return self.templates.render(effect.template, effect.facts, names=names)
        return self.templates.render("incident/late", late(effect), names=names)

    def on_giving_up(self, effect: PostEvent, tx: Transaction, why: str) -> None:
        """Notify the commander by DM. A reply in a thread is skipped: its line is in the incident's channel."""
        if effect.thread_of:
            return
        incident = tx.incident(effect.incident)
        tx.send(
            Notify(
                key=f"unsaid:{effect.key}",
                to=incident.contact,
                template="incident/unsaid",
                facts={"why": why},
                incident=effect.incident,
                line=effect,
            )
        )


@delivers(Post)
class PostHandler(PostingHandler[Post]):
    def attempt(self, effect: Post, item: OutboxItem, tx: Transaction) -> Attempt | None:
        if effect.asker and is_removed(effect.asker, effect.about, tx):
            return None
        place, key = Place(to=effect.to, thread=effect.thread), effect.key
        post = partial(self.post_in, place, effect.message, key)
        return Attempt(call=partial(within, place, self.chat, post), find_earlier=self.look(place, key, item))

    def on_giving_up(self, effect: Post, tx: Transaction, why: str) -> None:
        if effect.asker:
            send_instead(effect, effect.asker, tx)
        else:
            super().on_giving_up(effect, tx, why)


@delivers(Notify)
class NoticeHandler(PostingHandler[Notify]):
    def attempt(self, effect: Notify, item: OutboxItem, tx: Transaction) -> Attempt | None:
        names, line = People(tx).name, effect.line
        words = self.templates.render(*spoken(line), names=names).text if line else ""
        incident = tx.incident(effect.incident) if effect.incident else None
        facts = {"incident": incident, "words": words, **effect.facts}
        message = self.templates.render(effect.template, facts, names=names)
        if effect.person and effect.person != effect.to:
            ephemeral = PostEphemeral(
                key=effect.key, to=str(effect.to), person=effect.person, message=message
            )
            return Attempt(call=partial(self.post_ephemeral, ephemeral))
        place = resolve(effect.to, tx)
        if is_withheld(place, facts):
            return None
        message = self.aside(place, message)

        def on_success(tx: Transaction, came: Posted | Shut) -> None:
            if isinstance(came, Shut):
                self.closed(came, effect, tx)

        return Attempt(
            call=partial(within, place, self.chat, partial(self.post_in, place, message, effect.key)),
            find_earlier=self.look(place, effect.key, item),
            on_success=on_success,
        )


def late(effect: PostEvent) -> Mapping[str, Any]:
    """Return the facts of a message that shows each event with its time."""
    return {"events": [it.facts["e"] for it in effect.lines], "drill": effect.facts.get("drill", False)}


def spoken(line: PostEvent) -> tuple[str, Mapping[str, Any]]:
    """Return the template and the facts that show a line which was not delivered."""
    return ("incident/late", late(line)) if isinstance(line, PostLateEvents) else (line.template, line.facts)


def send_instead(effect: Post | Respond, person: str, tx: Transaction) -> None:
    """Send by DM what could not be posted."""
    tx.send(
        PostEphemeral(
            key=f"unsaid:{effect.key}", to=person, person=person, message=effect.message, about=effect.about
        )
    )


def is_needless(place: Place) -> bool:
    """Return whether nobody needs the message: the incident is over and its channel was archived."""
    return place.aside is not None and not place.aside.is_open
