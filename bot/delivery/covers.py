"""Promises to cover, made good in PagerDuty."""

from functools import partial

from bot.delivery.accounts import Accounts
from bot.delivery.errand import Errand, unsupported
from bot.domain.cover import CoverRequest, CoverState
from bot.domain.effects import MakeOverride
from bot.domain.policy import Account
from bot.domain.shift import Turn
from bot.ports import Chat, Pager, Parcel
from bot.services.covers import Covers
from bot.services.transaction import Transaction


class CoverCourier:
    def __init__(self, chat: Chat, pager: Pager | None) -> None:
        self._accounts = Accounts(chat, pager)

    def errand(self, parcel: Parcel, tx: Transaction) -> Errand | None:
        effect = parcel.effect
        if not isinstance(effect, MakeOverride):
            raise unsupported(effect)
        cover = tx.session.covers.get(effect.cover)
        if cover is None or cover.state is not CoverState.PROMISED or not cover.taken_by:
            return None
        return Errand(
            go=partial(self._override, cover, cover.taken_by, self._accounts.of(cover.taken_by, tx)),
            settle=lambda tx, turn: Covers(tx).made_sure(cover.number, turn),
        )

    def gave_up(self, parcel: Parcel, tx: Transaction, why: str) -> None:
        if isinstance(parcel.effect, MakeOverride):
            Covers(tx).refused(parcel.effect.cover, why)

    def _override(self, cover: CoverRequest, taker: str, account: Account) -> Turn:
        """A second try finds what the first one made."""
        email = self._accounts.known_email(account, taker)
        return self._accounts.pager.override(cover.schedule, email=email, start=cover.start, end=cover.end)
