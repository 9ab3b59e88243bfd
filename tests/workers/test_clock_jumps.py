"""A clock that jumps, while delivery has calls under way: what is being done is not begun again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.domain.effects import Post
from bot.domain.message import Message
from bot.ports import OutboxItem
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock, MemoryDatabase
from bot.workers.deliver.attempt import Attempt
from bot.workers.outbox import Delivery

PATIENCE = 10.0
LEASE = timedelta(seconds=30)


class SlowPost:
    """Makes every attempt last until the test lets it end, and counts how many have begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt:
        del tx
        return Attempt(call=lambda: self._call(item.effect.key))

    def _call(self, key: str) -> None:
        self.begun.append(key)
        self.has_begun.set()
        self.may_end.wait(PATIENCE)


@contextmanager
def delivering(handler: SlowPost, sessions: MemoryDatabase, clock: FrozenClock) -> Iterator[Delivery]:
    delivery = Delivery(handler, sessions=sessions, clock=clock, policy=POLICY, lease=LEASE, senders=2)
    delivery.start()
    yield delivery
    handler.may_end.set()
    delivery.stop()


def queue(sessions: MemoryDatabase, clock: FrozenClock, key: str) -> None:
    with sessions.begin() as session:
        session.outbox.add([Post(key=key, to=f"C{key}", message=Message(text=key))], now=clock.now())


def test_a_call_under_way_outlives_its_lease_when_the_clock_jumps():
    handler, sessions, clock = SlowPost(), MemoryDatabase(), FrozenClock()
    queue(sessions, clock, "first")
    with delivering(handler, sessions, clock) as delivery:
        assert handler.has_begun.wait(PATIENCE)
        handler.has_begun.clear()

        clock.tick(hours=3)
        queue(sessions, clock, "second")
        delivery.wake()

        assert handler.has_begun.wait(PATIENCE)  # so the outbox was looked at since the jump
    assert handler.begun == ["first", "second"]
