"""Hand mails to an SMTP server, with a new connection for each. A server can't be asked what it has delivered."""

import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from email.policy import SMTP
from typing import Any, NoReturn

from bot.adapters.mail.letter import composed
from bot.adapters.network.reasons import reason
from bot.config.mail import MailSection
from bot.domain.incident.following import host_of, masked_address
from bot.domain.text import one_line
from bot.ports import Deferred, Letter, Rejected, Unconfirmed, Unreachable
from bot.ports.mail import NO_SUCH_ADDRESS

TEMPORARY, PERMANENT = 400, 500
CLOSING = 421
END = b"\r\n.\r\n"
LONGEST = 300
"""Characters of a server's own words that are repeated."""
_STATUS = re.compile(r"\b5\.(?P<kind>\d{1,3}\.\d{1,3})\b")
_OF_ADDRESS = re.compile(r"1\.\d+|2\.1")
"""Enhanced status codes (RFC 3463) of an address that does not exist, or is disabled."""
_UNKNOWN = frozenset({550, 551, 553})
"""What a server without them answers to an address that it does not know."""


class _Client(smtplib.SMTP):
    """Knows whether a whole mail was handed over: what comes after that is the server's."""

    handed_over = False

    def send(self, s: Any) -> None:
        super().send(s)
        self.handed_over = isinstance(s, bytes) and s.endswith(END)


class _TlsClient(_Client, smtplib.SMTP_SSL):
    pass


@dataclass(frozen=True, kw_only=True)
class SmtpMail:
    """An SMTP server, as `ports.Mail`. `timeout` limits all that one mail takes."""

    section: MailSection
    password: str
    timeout: timedelta

    def send(self, letter: Letter) -> None:
        mail = composed(letter, sender=self.section.from_).as_bytes(policy=SMTP)
        with self._server() as server:
            self._must_take(server, letter)
            try:
                code, words = server.data(mail)
            except smtplib.SMTPDataError as refused:
                code, words = refused.smtp_code, _bytes(refused.smtp_error)
            except (OSError, smtplib.SMTPException) as broken:
                kind = Unconfirmed if server.handed_over else Unreachable
                raise kind(f"The mail server did not confirm a mail: {reason(broken)}.") from broken
            if code >= TEMPORARY:
                self._refuse(code, words, letter, what="the mail", is_address=False)

    def probe(self) -> None:
        """Log in, and ask whether the server takes mail from Spy. Send nothing."""
        with self._server() as server:
            self._must_take_sender(server)
            server.rset()

    # --- the conversation ---------------------------------------------------------------------------------

    @contextmanager
    def _server(self) -> Iterator[_Client]:
        """Connect and log in. The connection is closed at the end, whatever comes."""
        until = time.monotonic() + self.timeout.total_seconds()
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise self._unreachable(error) from error
        try:
            try:
                self._log_in(server)
            except (OSError, smtplib.SMTPException) as error:
                raise self._unreachable(error) from error
            self._limit(server, until)
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _connected(self) -> _Client:
        it, seconds = self.section, self.timeout.total_seconds() / 2
        here = host_of(it.from_)  # what smtplib would find out by itself may take a while
        if it.security == "tls":
            context = ssl.create_default_context()
            return _TlsClient(it.host, it.real_port, here, timeout=seconds, context=context)
        return _Client(it.host, it.real_port, here, timeout=seconds)

    def _log_in(self, server: _Client) -> None:
        server.ehlo_or_helo_if_needed()
        if self.section.security == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.section.user:
            server.login(self.section.user, self.password)

    def _limit(self, server: _Client, until: float) -> None:
        if server.sock is not None:
            server.sock.settimeout(max(until - time.monotonic(), 1.0))

    def _must_take(self, server: _Client, letter: Letter) -> None:
        """Name sender and reader to the server. Raise what it answers if it takes one of them not."""
        self._must_take_sender(server)
        try:
            code, words = server.rcpt(letter.to)
        except (OSError, smtplib.SMTPException) as error:
            raise self._unreachable(error) from error
        if code >= TEMPORARY:
            self._refuse(code, words, letter, what="the address", is_address=True)

    def _must_take_sender(self, server: _Client) -> None:
        try:
            code, words = server.mail(self.section.from_)
        except (OSError, smtplib.SMTPException) as error:
            raise self._unreachable(error) from error
        if code >= TEMPORARY:
            sentence = f"The mail server takes no mail from {self.section.from_}"
            if code < PERMANENT or code == CLOSING:
                raise Unreachable(f"{sentence} now", detail=_detail(code, words))
            raise Rejected("sender", sentence, detail=_detail(code, words))

    def _refuse(self, code: int, words: bytes, letter: Letter, *, what: str, is_address: bool) -> NoReturn:
        detail = _detail(code, words).replace(letter.to, masked_address(letter.to))
        if code == CLOSING:
            raise Unreachable("The mail server closes the connection", detail=detail)
        if code < PERMANENT:
            raise Deferred(f"the mail server refuses {what} for now", detail=detail)
        if is_address and _is_unknown(code, detail):
            raise Rejected("address", NO_SUCH_ADDRESS, detail=detail)
        raise Rejected("refused", f"the mail server refuses {what}", detail=detail)

    def _unreachable(self, error: Exception) -> Unreachable:
        """Return why nothing was handed over. A refused login is no fault of one mail: others wait with it."""
        if isinstance(error, smtplib.SMTPResponseException):
            code, words = error.smtp_code, _bytes(error.smtp_error)
            what = "the login" if isinstance(error, smtplib.SMTPAuthenticationError) else "the connection"
            return Unreachable(f"The mail server refuses {what}", detail=_detail(code, words))
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return Unreachable(f"The mail server can't do what mail.security or mail.user want: {error}")
        return Unreachable(f"The mail server did not answer: {reason(error)}")


def _is_unknown(code: int, detail: str) -> bool:
    found = _STATUS.search(detail)
    return bool(_OF_ADDRESS.fullmatch(found["kind"])) if found else code in _UNKNOWN


def _detail(code: int, words: bytes) -> str:
    return f": {code} {one_line(words.decode(errors='replace'), LONGEST)}"


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()
