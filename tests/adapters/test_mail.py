"""Mail by SMTP: what a mail looks like, and what becomes of a server that does not play along."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.adapters.mail.check import results
from bot.adapters.mail.letter import composed, html
from bot.adapters.mail.smtp import SmtpMail
from bot.config.mail import MailSection
from bot.ports import Deferred, Letter, Rejected, Unconfirmed, Unreachable
from bot.sandbox.feed import Feed
from bot.sandbox.mail.mailbox import Mailbox

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LETTER = Letter(
    to="ceo@example.com",
    subject="INC-1 checkout is down",
    text="🔴 *INC-1 checkout is down* · sev1\n\n• 12:00 UTC *Update* from Ana: ça marche <b>not</b>",
    unfollow="https://spy.example.com/unfollow/1-x",
    thread="inc-1.1-0.abc",
    number=5,
    first=3,
    at=NOON,
)


def section(port: int, **more: Any) -> MailSection:
    known = {"host": "127.0.0.1", "port": port, "security": "none", "from": "spy@example.com"}
    return MailSection.model_validate({**known, "domains": ["example.com"], **more})


def client(port: int, password: str = "", *, seconds: float = 10, **more: Any) -> SmtpMail:
    return SmtpMail(section=section(port, **more), password=password, timeout=timedelta(seconds=seconds))


# --- the mail ---


def read(letter: Letter) -> EmailMessage:
    return message_from_bytes(composed(letter, sender="spy@example.com").as_bytes(), policy=default)


def test_a_mail_names_its_thread_and_the_way_out_of_it():
    mail = read(LETTER)

    assert mail["Message-ID"] == "<inc-1.1-0.abc.5@example.com>"
    assert mail["References"] == mail["In-Reply-To"] == "<inc-1.1-0.abc.3@example.com>"
    assert mail["List-Unsubscribe"] == "<https://spy.example.com/unfollow/1-x>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail["From"], mail["To"]) == ("Spy <spy@example.com>", "ceo@example.com")


def test_the_first_mail_of_a_thread_refers_to_none():
    mail = read(replace(LETTER, number=3))

    assert mail["Message-ID"] == "<inc-1.1-0.abc.3@example.com>"
    assert mail["References"] is None


def test_a_mail_that_is_sent_again_is_the_same_but_for_its_boundary():
    one, other = read(LETTER), read(LETTER)
    for it in (one, other):
        it.set_boundary("same")

    assert one.as_bytes() == other.as_bytes()


def test_a_mail_has_its_text_twice_in_letters_that_every_server_takes():
    raw = composed(LETTER, sender="spy@example.com").as_bytes()
    mail = message_from_bytes(raw, policy=default)
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))

    assert raw.isascii()
    assert text
    assert page
    assert "ça marche" in text.get_content()
    assert "ça marche" in page.get_content()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x00\r\n"])
def test_no_subject_adds_a_header(end: str):
    raw = composed(
        replace(LETTER, subject=f"down{end}Bcc: evil@example.com"), sender="spy@example.com"
    ).as_bytes()
    mail = message_from_bytes(raw, policy=default)

    assert mail["Bcc"] is None
    assert mail["Subject"] == "down Bcc: evil@example.com"
    assert b"\nBcc" not in raw


@pytest.mark.parametrize("to", ["ceo@example.com\r\nBcc: evil@example.com", "a@example.com, b@example.com"])
def test_an_address_that_nobody_checked_makes_no_mail(to: str):
    with pytest.raises(ValueError, match=r".+"):
        composed(replace(LETTER, to=to), sender="spy@example.com")


def test_the_html_twin_runs_nothing_and_loads_nothing():
    page = html(
        replace(
            LETTER, text='*bold* <img src=x onerror="a"> https://e.com/?a=1&b="x" *a*b', subject="</title>"
        )
    )

    assert "<strong>bold</strong>" in page
    assert "<img" not in page
    assert '<a href="https://e.com/?a=1&amp;b=">https://e.com/?a=1&amp;b=</a>' in page
    assert "<title>&lt;/title&gt;</title>" in page


# --- servers ---


@contextmanager
def scripted(*answers: str | None) -> Iterator[tuple[int, list[str]]]:
    """Serve one client: greet it, answer each line in turn, and hang up at the end, or wait there (None)."""
    heard = list[str]()
    done = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            for at, answer in enumerate(answers):
                if at:
                    heard.append(lines.readline().decode().strip())
                if answer is None:
                    done.wait(10)
                    return
                connection.sendall(f"{answer}\r\n".encode())
            lines.readline()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], heard
    done.set()
    thread.join()
    server.close()


def failure(port: int) -> Exception:
    with pytest.raises(Unreachable) as failed:
        client(port, seconds=0.5).send(LETTER)
    return failed.value


def test_a_server_that_does_not_listen_has_got_nothing():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert type(failure(port)) is Unreachable


@pytest.mark.parametrize(
    "answers",
    [
        ("421 4.3.2 too busy",),
        ("220 hello", "250 hello", "421 4.3.2 closing"),
        ("220 hello", "250 hello", "451 4.3.0 not now"),
        ("220 hello", "250 hello", "250 ok", "421 4.3.2 closing"),
        ("220 hello", "250 hello", "250 ok", "250 ok", "354 go on"),
        (None,),
        ("220 hello", "250 hello", "250 ok", None),
    ],
)
def test_what_breaks_before_the_end_of_the_mail_has_delivered_nothing(answers: tuple[str | None, ...]):
    with scripted(*answers) as (port, _):
        failed = failure(port)

    assert type(failed) in {Unreachable, Unconfirmed}
    assert isinstance(failed, Unconfirmed) == (answers[-1] == "354 go on")


def test_a_sender_that_is_refused_ends_no_address():
    with (
        scripted("220 hello", "250 hello", "550 5.7.1 not you") as (port, _),
        pytest.raises(Rejected) as refused,
    ):
        client(port).send(LETTER)

    assert refused.value.code == "sender"
    assert "550 5.7.1 not you" in str(refused.value)
    assert "not you" not in refused.value.logged


def test_a_relay_that_is_refused_ends_no_address():
    script = ("220 hello", "250 hello", "250 ok", "550 5.7.1 relaying denied")
    with scripted(*script) as (port, _), pytest.raises(Rejected) as refused:
        client(port).send(LETTER)

    assert refused.value.code == "refused"


def test_a_login_that_is_refused_is_no_fault_of_one_mail(mailbox: Callable[..., Mailbox], certificate: Path):
    box = mailbox(tls=True, login=("spy", "right"))

    with pytest.raises(Unreachable, match="refuses the login: 535"):
        client(box.port, "wrong", host="localhost", security="starttls", user="spy").send(LETTER)
    client(box.port, "right", host="localhost", security="starttls", user="spy").send(LETTER)

    assert len(box.mails) == 1


def test_no_password_is_said_to_a_server_without_encryption():
    with (
        scripted("220 hello", "250 hello") as (port, heard),
        pytest.raises(Unreachable, match=r"mail\.security"),
    ):
        client(port, "secret", security="starttls", user="spy").send(LETTER)

    assert not [it for it in heard if "AUTH" in it.upper()]


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(mailbox: Callable[..., Mailbox]):
    box = mailbox(tls=True)

    with pytest.raises(Unreachable):
        client(box.port, host="localhost", security="starttls").send(LETTER)

    assert box.mails == []


def test_a_deferred_mail_says_why_without_the_address(mailbox: Callable[..., Mailbox]):
    box = mailbox()
    box.refusals[LETTER.to] = f"452 4.2.2 <{LETTER.to}> mailbox full"

    with pytest.raises(Deferred, match=r"452 4\.2\.2 <c…@example\.com> mailbox full"):
        client(box.port).send(LETTER)


def test_spy_check_tries_the_server_and_sends_nothing(mailbox: Callable[..., Mailbox]):
    box = mailbox()
    [well] = results(section(box.port), "")
    with scripted("220 hello", "250 hello", "550 5.7.1 not you") as (port, _):
        [ill] = results(section(port), "")

    assert well.well
    assert box.mails == []
    assert not ill.well
    assert "not you" in (ill.cure or "")


# --- a server with a certificate ---


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Callable[..., Mailbox]]:
    opened = list[Mailbox]()

    def make(*, tls: bool = False, login: tuple[str, str] | None = None) -> Mailbox:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if context:
            context.load_cert_chain(_certified(tmp_path))
        opened.append(Mailbox(Feed(), now=lambda: NOON, tls=context, login=login))
        opened[-1].start()
        return opened[-1]

    yield make
    for box in opened:
        box.close()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a certificate that this process trusts."""
    file = _certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def _certified(folder: Path) -> Path:
    """Return a file with a key and its certificate for localhost."""
    file = folder / "localhost.pem"
    if file.exists():
        return file
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
