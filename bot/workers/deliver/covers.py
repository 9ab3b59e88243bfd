"""Promises to cover, made good in PagerDuty."""

from functools import partial

from bot.domain.cover import CoverRequest, CoverState
from bot.domain.effects import MakeOverride
from bot.domain.policy import Account
from bot.domain.shift import Turn
from bot.ports import Chat, OutboxItem, Pager
from bot.services.covers import Covers
from bot.services.transaction import Transaction
from bot.workers.deliver.accounts import Accounts
from bot.workers.deliver.attempt import Attempt, unsupported


class CoverHandler:
    def __init__(self, chat: Chat, pager: Pager | None) -> None:
        self._accounts = Accounts(chat, pager)

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        effect = item.effect
        if not isinstance(effect, MakeOverride):
            raise unsupported(effect)
        cover = tx.session.covers.get(effect.cover)
        if cover is None or cover.state is not CoverState.PROMISED or not cover.taken_by:
            return None
        return Attempt(
            call=partial(self._override, cover, cover.taken_by, self._accounts.of(cover.taken_by, tx)),
            on_success=lambda tx, turn: Covers(tx).made_sure(cover.number, turn),
        )

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        if isinstance(item.effect, MakeOverride):
            Covers(tx).refused(item.effect.cover, why)

    def _override(self, cover: CoverRequest, taker: str, account: Account) -> Turn:
        """A second try finds what the first one made."""
        email = self._accounts.known_email(account, taker)
        return self._accounts.pager.override(cover.schedule, email=email, start=cover.start, end=cover.end)
