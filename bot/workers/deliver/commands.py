"""Commands that do not come from Slack directly: a milestone's, and one of a person Spy had to ask Slack about."""

from functools import partial

from bot.domain.effects import Notify, RunRequest
from bot.domain.incident.effects import SayCommand
from bot.ports import OutboxItem, Rejected
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import STALE, Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(SayCommand)
class CommandHandler(EffectHandler[SayCommand]):
    def attempt(self, effect: SayCommand, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        channel = tx.incident(effect.incident).channel
        run = self.clients.run_command
        return Attempt(call=partial(run, effect, channel)) if run else None


@delivers(RunRequest)
class RequestHandler(EffectHandler[RunRequest]):
    """It is in the lane of the person's profile, so it comes after that was loaded or given up."""

    def attempt(self, effect: RunRequest, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        if tx.now - effect.asked_at > STALE:
            return Attempt(call=_too_late)
        run = self.clients.run_request
        return Attempt(call=partial(run, effect.request)) if run else None

    def on_giving_up(self, effect: RunRequest, tx: Transaction, why: str) -> None:
        facts = {"words": effect.request["text"], "why": why}
        to = effect.request["channel"] or effect.person
        tx.send(
            Notify(
                key=f"not-run:{effect.key}", to=to, person=effect.person, template="help/not_run", facts=facts
            )
        )


def _too_late() -> None:
    raise Rejected("too_late", "Slack took more than a minute to say who you are")
