"""Carry approved proposals out: through the router, as all that is asked for."""

from functools import partial

from bot.domain.proposal import CARRIED_OUT_WITHIN, CarryOut, Proposal, ProposalState
from bot.ports import OutboxItem, Rejected
from bot.services.proposals import Proposals
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(CarryOut)
class ProposalHandler(EffectHandler[CarryOut]):
    """A second try is no second run: the request's id is the proposal's, and the router remembers it."""

    def attempt(self, effect: CarryOut, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        found = tx.session.proposals.get(effect.proposal)
        run = self.clients.run_proposal
        if run is None or found is None or found.state is not ProposalState.APPROVED:
            return None
        return Attempt(call=_too_late if _is_late(found, tx) else partial(run, found))

    def on_giving_up(self, effect: CarryOut, tx: Transaction, why: str) -> None:
        Proposals(tx).not_carried_out(effect.proposal, f"It was not run: {why}.")


def _is_late(proposal: Proposal, tx: Transaction) -> bool:
    return proposal.decided_at is None or tx.now > proposal.decided_at + CARRIED_OUT_WITHIN


def _too_late() -> None:
    raise Rejected("too_late", "Spy could run it only long after it was approved")
