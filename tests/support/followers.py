"""Deliver what followers are told, one after another, to a chat and a mail server that are lists."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.effects import Notify
from bot.domain.incident.following import TellFollower, TellFollowers
from bot.domain.message import Message
from bot.ports import OutboxItem, Posted, Unreachable
from bot.services.transaction import Transaction
from bot.testing import SpyKit
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.outbox import Delivery
from tests.fakes.chat import FakeChat
from tests.fakes.mail import FakeMail
from tests.support.templates import shipped


class Inline:
    """Sends on the caller's thread."""

    def submit(self, send: Callable[[OutboxItem, float], None], item: OutboxItem, since: float) -> None:
        send(item, since)

    def shutdown(self, *, wait: bool) -> None:
        pass


class _Only(Handlers):
    """Delivers what is about followers, and has nothing to do for the rest."""

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        is_wanted = isinstance(item.effect, TellFollowers | TellFollower | Notify)
        return super().attempt(item, tx) if is_wanted else None


class LossyChat(FakeChat):
    """Posts the next messages without answering, as many as `lost` says."""

    lost = 0

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        posted = super().post(to, message, key=key, thread=thread)
        if self.lost:
            self.lost -= 1
            raise Unreachable("no answer")
        return posted


@dataclass
class Outside:
    """What leaves a Spy."""

    spy: SpyKit
    chat: LossyChat = field(default_factory=LossyChat)
    mail: FakeMail = field(default_factory=FakeMail)

    def deliver(self) -> None:
        """Deliver until nothing is due now."""
        clients = Clients(templates=shipped(self.spy.clock), chat=self.chat, maybe_mail=self.mail)
        delivery = Delivery(
            _Only(clients),
            sessions=self.spy.sessions,
            clock=self.spy.clock,
            policy=self.spy.policy,
            lease=timedelta(seconds=30),
            senders=8,
            pool=Inline(),
        )
        while not delivery.step():
            pass
        assert not delivery.is_failing

    def heard(self, person: str) -> list[str]:
        """Return the direct messages to a person, and leave none for the next call."""
        said = self.chat.said_in(person)
        self.chat.posts = [it for it in self.chat.posts if it.to != person]
        return said
