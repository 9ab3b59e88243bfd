"""What a mail server keeps to: the fake one, and the adapter with a real server on this machine."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from bot.adapters.mail.smtp import SmtpMail
from bot.config.mail import MailSection
from bot.ports import Deferred, Letter, Mail, Rejected, Unconfirmed
from bot.ports.mail import NO_SUCH_ADDRESS
from bot.sandbox.feed import Feed
from bot.sandbox.mail.mailbox import Mailbox
from tests.fakes.mail import FakeMail

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LETTER = Letter(
    to="ceo@example.com",
    subject="INC-1 checkout is down",
    text="INC-1 checkout is down\n\nPayments fail.",
    unfollow="https://spy.example.com/unfollow/1-x",
    thread="inc-1.1-0.abc",
    number=3,
    first=3,
    at=NOON,
)


class Server(Protocol):
    """A mail server as a test arranges it: what it refuses, and what it got."""

    @property
    def mail(self) -> Mail: ...
    def refuse_address(self, code: int) -> None: ...
    def refuse_mail(self, code: int) -> None: ...
    def lose_answer(self) -> None: ...
    def received(self) -> list[str]: ...


@dataclass
class FakeServer:
    mail: FakeMail = field(default_factory=FakeMail)

    def refuse_address(self, code: int) -> None:
        self.mail.fail(Deferred("for now") if code < 500 else Rejected("address", NO_SUCH_ADDRESS))

    def refuse_mail(self, code: int) -> None:
        self.mail.fail(Deferred("for now") if code < 500 else Rejected("refused", "the mail is refused"))

    def lose_answer(self) -> None:
        self.mail.lose(Unconfirmed("no answer"))

    def received(self) -> list[str]:
        return [it.to for it in self.mail.letters]


@dataclass
class RealServer:
    box: Mailbox

    @property
    def mail(self) -> SmtpMail:
        section = MailSection.model_validate(
            {
                "host": "127.0.0.1",
                "port": self.box.port,
                "security": "none",
                "from": "spy@example.com",
                "domains": ["example.com"],
            }
        )
        return SmtpMail(section=section, password="", timeout=timedelta(seconds=5))

    def refuse_address(self, code: int) -> None:
        self.box.refusals[LETTER.to] = f"{code} {code // 100}.1.1 <{LETTER.to}> no such user"

    def refuse_mail(self, code: int) -> None:
        self.box.answers.append(f"{code} {code // 100}.7.1 not this")

    def lose_answer(self) -> None:
        self.box.answers.append(None)

    def received(self) -> list[str]:
        return [it.to for it in self.box.mails]


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    box = Mailbox(Feed(), now=lambda: NOON)
    box.start()
    yield box
    box.close()


@pytest.fixture(params=["fake", "real"])
def server(request: pytest.FixtureRequest, box: Mailbox) -> Server:
    box.mails.clear()
    box.refusals.clear()
    return FakeServer() if request.param == "fake" else RealServer(box)


def test_a_mail_arrives_at_its_address(server: Server):
    server.mail.send(LETTER)

    assert server.received() == ["ceo@example.com"]


def test_an_unknown_address_is_refused_with_these_words(server: Server):
    server.refuse_address(550)

    with pytest.raises(Rejected, match=NO_SUCH_ADDRESS) as refused:
        server.mail.send(LETTER)
    assert LETTER.to not in str(refused.value)
    assert server.received() == []


def test_an_address_that_is_refused_for_now_is_deferred(server: Server):
    server.refuse_address(450)

    with pytest.raises(Deferred):
        server.mail.send(LETTER)
    assert server.received() == []


def test_a_mail_that_is_refused_for_good_does_not_end_its_address(server: Server):
    server.refuse_mail(554)

    with pytest.raises(Rejected) as refused:
        server.mail.send(LETTER)
    assert NO_SUCH_ADDRESS not in str(refused.value)


def test_a_mail_that_is_refused_for_now_is_deferred(server: Server):
    server.refuse_mail(452)

    with pytest.raises(Deferred):
        server.mail.send(LETTER)
    assert server.received() == []


def test_a_mail_without_an_answer_may_have_arrived(server: Server):
    server.lose_answer()

    with pytest.raises(Unconfirmed):
        server.mail.send(LETTER)
    assert server.received() == ["ceo@example.com"]
