"""Calls of webhooks: those of one webhook in order, each retried for a day."""

from datetime import timedelta
from functools import partial

from bot.domain.incident.webhooks import CallWebhook
from bot.ports import OutboxItem, Rejected, Throttled, Unreachable
from bot.ports.webhooks import WebhookCall
from bot.services.api.webhooks import Webhooks
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers

PATIENCE = timedelta(days=1)
"""How long a call is tried. Those behind it are as old then, and are tried once more each."""


@delivers(CallWebhook)
class WebhookHandler(EffectHandler[CallWebhook]):
    def attempt(self, effect: CallWebhook, item: OutboxItem, tx: Transaction) -> Attempt | None:
        call = Webhooks(tx).call(effect, self.templates)
        if call is None:
            return None
        return Attempt(
            call=partial(self._call, call, age=tx.now - item.queued_at),
            on_success=lambda tx, _: Webhooks(tx).works(effect.webhook),
            on_retry=lambda tx, why, age: Webhooks(tx).fails(effect.webhook, why, age),
            patience=PATIENCE,
        )

    def _call(self, call: WebhookCall, *, age: timedelta) -> None:
        try:
            self.clients.webhooks.call(call)
        except (Unreachable, Throttled) as failed:
            if age > PATIENCE:
                raise Rejected("given_up", str(failed)) from failed
            raise

    def on_giving_up(self, effect: CallWebhook, tx: Transaction, why: str) -> None:
        Webhooks(tx).lost(effect.webhook, why)
