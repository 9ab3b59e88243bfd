"""What one person gets: ephemeral messages, answers to a button, forms; and who they are."""

from functools import partial

from bot.domain.effects import MeetPerson, Notify, OpenForm, PostEphemeral, Respond
from bot.ports import OutboxItem, Rejected
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.address import is_removed
from bot.workers.deliver.attempt import STALE, Attempt
from bot.workers.deliver.handler import EffectHandler, delivers
from bot.workers.deliver.posts import PostingHandler, send_instead

NOT_THERE = "user_not_in_channel"
"""Slack's error code if a person is not in the channel."""
FORM_TAKEN = "exchanged_trigger_id"
"""Slack's error code for a used trigger: our own earlier try used it."""


@delivers(PostEphemeral)
class EphemeralHandler(PostingHandler[PostEphemeral]):
    def attempt(self, effect: PostEphemeral, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        if is_removed(effect.person, effect.about, tx):
            return None
        is_own = effect.to in {tx.incident(number).channel for number in effect.about}
        return Attempt(call=partial(self._post_to_member if is_own else self.post_ephemeral, effect))

    def _post_to_member(self, effect: PostEphemeral) -> None:
        """Post in a private incident's own channel. People who are not in it any more get no DM instead."""
        try:
            self.chat.post_ephemeral(effect.to, effect.person, effect.message, thread=effect.thread)
        except Rejected as rejected:
            if rejected.code != NOT_THERE:
                self.chat.post(effect.person, effect.message, key=effect.key)


@delivers(Respond)
class RespondHandler(EffectHandler[Respond]):
    def attempt(self, effect: Respond, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        if effect.person and is_removed(effect.person, effect.about, tx):
            return None
        return Attempt(call=partial(self.chat.respond, effect.url, effect.message))

    def on_giving_up(self, effect: Respond, tx: Transaction, why: str) -> None:
        if effect.person:
            send_instead(effect, effect.person, tx)
        else:
            Undelivered(tx).tell_maintainers(effect, why)


@delivers(OpenForm)
class FormHandler(EffectHandler[OpenForm]):
    def attempt(self, effect: OpenForm, item: OutboxItem, tx: Transaction) -> Attempt:
        del item, tx
        form = self.templates.form(effect.form, effect.facts)
        memory = {
            "command": effect.command,
            "incident": effect.incident,
            "channel": effect.channel,
            **({"thread": effect.thread} if effect.thread else {}),
            **({"origin": effect.origin} if effect.origin else {}),
        }

        def call() -> None:
            try:
                self.chat.open_form(effect.trigger, form, memory=memory)
            except Rejected as rejected:
                if rejected.code != FORM_TAKEN:
                    raise

        return Attempt(call=call)

    def on_giving_up(self, effect: OpenForm, tx: Transaction, why: str) -> None:
        facts = {"command": effect.command, "incident": effect.incident, "why": why}
        to = effect.channel or effect.person
        tx.send(
            Notify(key=f"late:{effect.key}", to=to, person=effect.person, template="help/form", facts=facts)
        )


@delivers(MeetPerson)
class MeetPersonHandler(EffectHandler[MeetPerson]):
    def attempt(self, effect: MeetPerson, item: OutboxItem, tx: Transaction) -> Attempt:
        del item, tx
        return Attempt(
            call=partial(self.chat.profile, effect.person),
            on_success=lambda tx, profile: People(tx).met(effect.person, profile),
            patience=STALE,
        )

    def on_giving_up(self, effect: MeetPerson, tx: Transaction, why: str) -> None:
        """Report nothing: a command that waits for the profile says so, and the profile is requested again later."""
