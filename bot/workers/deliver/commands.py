"""Commands that a milestone runs in someone's name."""

from functools import partial

from bot.domain.incident.effects import SayCommand
from bot.ports import OutboxItem
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(SayCommand)
class CommandHandler(EffectHandler[SayCommand]):
    def attempt(self, effect: SayCommand, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        channel = tx.incident(effect.incident).channel
        run = self.clients.run_command
        return Attempt(call=partial(run, effect, channel)) if run else None
