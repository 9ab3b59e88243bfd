"""Accepted cover requests, entered in the pager as overrides."""

from functools import partial

from bot.domain.oncall.cover import CoverRequest, CoverState
from bot.domain.oncall.effects import MakeOverride
from bot.domain.oncall.shift import Turn
from bot.domain.policy import Account
from bot.ports import OutboxItem, Rejected
from bot.services.oncall.covers import Covers
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(MakeOverride)
class OverrideHandler(EffectHandler[MakeOverride]):
    def attempt(self, effect: MakeOverride, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        cover = tx.session.covers.get(effect.cover)
        if cover is None or cover.state is not CoverState.PROMISED or not cover.taken_by:
            return None
        return Attempt(
            call=partial(
                self._override,
                cover,
                cover.taken_by,
                self.accounts.of(cover.taken_by, tx),
                Covers(tx).relieved(cover),
            ),
            on_success=lambda tx, turn: Covers(tx).made_sure(cover.number, turn),
        )

    def on_giving_up(self, effect: MakeOverride, tx: Transaction, why: str) -> None:
        Covers(tx).refused(effect.cover, why)

    def _override(self, cover: CoverRequest, taker: str, account: Account, relieved: str | None) -> Turn:
        """Create the override. A second try finds the first one's.

        Without the person who is relieved, PagerDuty would replace everybody who is on call beside them.
        """
        if relieved is None:
            raise Rejected("no_shift", "Spy no longer finds the shift of the person who asked.")
        email = self.accounts.known_email(account, taker)
        return self.clients.pager.override(
            cover.schedule, email=email, start=cover.start, end=cover.end, instead_of=relieved
        )
