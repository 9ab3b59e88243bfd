"""Deliver what a Spy has queued with its real outbox worker, in the test's own thread."""

from collections.abc import Callable
from datetime import timedelta

from bot.ports import OutboxItem
from bot.services.transaction import Transaction
from bot.testing import SpyKit
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.outbox import Delivery


class Inline:
    """Sends on the caller's thread."""

    def submit(self, send: Callable[[OutboxItem, float], None], item: OutboxItem, since: float) -> None:
        send(item, since)

    def shutdown(self, *, wait: bool) -> None:
        pass


class _Only(Handlers):
    """Delivers these effects, and has nothing to do for the rest."""

    def __init__(self, clients: Clients, kinds: tuple[type, ...]) -> None:
        super().__init__(clients)
        self._kinds = kinds

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        return super().attempt(item, tx) if isinstance(item.effect, self._kinds) else None


def deliver_due(spy: SpyKit, clients: Clients, *kinds: type) -> None:
    """Deliver effects of these kinds until nothing is due now."""
    delivery = Delivery(
        _Only(clients, kinds),
        sessions=spy.sessions,
        clock=spy.clock,
        policy=spy.policy,
        lease=timedelta(seconds=30),
        senders=8,
        pool=Inline(),
    )
    while not delivery.step():
        pass
    assert not delivery.is_failing
