"""The history of a channel, page by page, for the timeline of an incident."""

from collections.abc import Callable
from functools import partial

from bot.domain.incident.effects import Backfill
from bot.ports import HistoryPage, OutboxItem
from bot.services.incident.backfills import Backfills
from bot.services.transaction import Transaction
from bot.workers.deliver.address import Place, within
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(Backfill)
class BackfillHandler(EffectHandler[Backfill]):
    """A page that is read twice adds nothing twice, so an earlier attempt need not be found."""

    def attempt(self, effect: Backfill, item: OutboxItem, tx: Transaction) -> Attempt:
        del item, tx

        def on_success(tx: Transaction, page: HistoryPage) -> None:
            Backfills(tx).take(effect, page)

        place = Place(to=effect.channel)
        return Attempt(call=partial(within, place, self.chat, self._reading(effect)), on_success=on_success)

    def _reading(self, effect: Backfill) -> Callable[[], HistoryPage]:
        if not effect.thread:
            return partial(self.chat.history, effect.channel, after=effect.after, before=effect.before)
        return partial(
            self.chat.replies,
            effect.channel,
            effect.thread,
            after=effect.after,
            before=effect.until,
            cursor=effect.cursor,
        )

    def on_giving_up(self, effect: Backfill, tx: Transaction, why: str) -> None:
        Backfills(tx).refused(effect, why)
