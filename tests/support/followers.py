"""Deliver what followers are told, one after another, to a chat and a mail server that are lists."""

from dataclasses import dataclass, field

from bot.domain.effects import Notify
from bot.domain.incident.following import TellFollower, TellFollowers
from bot.domain.message import Message
from bot.ports import Posted, Unreachable
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients
from tests.fakes.chat import FakeChat
from tests.fakes.mail import FakeMail
from tests.support.delivering import deliver_due
from tests.support.templates import shipped


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
        deliver_due(self.spy, clients, TellFollowers, TellFollower, Notify)

    def heard(self, person: str) -> list[str]:
        """Return the direct messages to a person, and leave none for the next call."""
        said = self.chat.said_in(person)
        self.chat.posts = [it for it in self.chat.posts if it.to != person]
        return said
