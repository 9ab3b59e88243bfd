"""Do for one effect what the outbox does: make an attempt, call out, and store what follows."""

from collections.abc import Callable

from bot.domain.effects import Effect
from bot.ports import OutboxItem, Rejected
from bot.services.transaction import Transaction
from bot.testing import SpyKit
from bot.workers.deliver.handler import Handlers


def deliver(spy: SpyKit, handlers: Handlers, effect: Effect, *, uncertain: bool = False) -> bool:
    """Deliver an effect that nothing refuses. Return False if there was nothing left to do."""
    with spy.sessions.read() as session:
        tx = Transaction(session=session, now=spy.clock.now(), policy=spy.policy)
        item = OutboxItem(id=1, effect=effect, attempts=1, uncertain=uncertain, queued_at=tx.now)
        attempt = handlers.attempt(item, tx)
    if attempt is None:
        return False
    found = attempt.find_earlier() if uncertain and attempt.find_earlier else None
    result = found if found is not None else attempt.call()
    with spy.tx() as tx:
        attempt.on_success(tx, result)
    return True


def deliver_claimed(
    spy: SpyKit, handlers: Handlers, item: OutboxItem, *, dies_after: Callable[[Effect], bool]
) -> bool:
    """Deliver an item, or give it up if it is refused. Return False if the process dies before it stores the result."""
    with spy.tx() as tx:
        attempt = handlers.attempt(item, tx)
    if attempt is None:
        return True
    try:
        result = attempt.call()
    except Rejected as refused:
        with spy.tx() as tx:
            handlers.on_giving_up(item, tx, str(refused))
        return True
    if dies_after(item.effect):
        return False
    with spy.tx() as tx:
        attempt.on_success(tx, result)
    return True
