"""A clock that jumps, while delivery has calls under way: what is being done is not begun again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.commands.memory import Memory
from bot.commands.testkit import POLICY, FrozenClock
from bot.delivery.errand import Errand
from bot.delivery.worker import Delivery
from bot.domain.effects import Post
from bot.domain.message import Message
from bot.ports import Parcel
from bot.services.transaction import Transaction

PATIENCE = 10.0
LEASE = timedelta(seconds=30)


class SlowPost:
    """Makes every errand last until the test lets it end, and counts how many have begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def errand(self, parcel: Parcel, tx: Transaction) -> Errand:
        del tx
        return Errand(go=lambda: self._go(parcel.effect.key))

    def _go(self, key: str) -> None:
        self.begun.append(key)
        self.has_begun.set()
        self.may_end.wait(PATIENCE)


@contextmanager
def delivering(courier: SlowPost, sessions: Memory, clock: FrozenClock) -> Iterator[Delivery]:
    delivery = Delivery(courier, sessions=sessions, clock=clock, policy=POLICY, lease=LEASE, senders=2)
    delivery.start()
    yield delivery
    courier.may_end.set()
    delivery.stop()


def queue(sessions: Memory, clock: FrozenClock, key: str) -> None:
    with sessions.begin() as session:
        session.outbox.add([Post(key=key, to=f"C{key}", message=Message(text=key))], now=clock.now())


def test_a_call_under_way_outlives_its_lease_when_the_clock_jumps():
    courier, sessions, clock = SlowPost(), Memory(), FrozenClock()
    queue(sessions, clock, "first")
    with delivering(courier, sessions, clock) as delivery:
        assert courier.has_begun.wait(PATIENCE)
        courier.has_begun.clear()

        clock.tick(hours=3)
        queue(sessions, clock, "second")
        delivery.wake()

        assert courier.has_begun.wait(PATIENCE)  # so the outbox was looked at since the jump
    assert courier.begun == ["first", "second"]
