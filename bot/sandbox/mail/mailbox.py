"""An SMTP server on 127.0.0.1, in aiosmtpd, that keeps all mail it gets. It refuses and fails as it is told."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.sandbox.feed import BoxEvent, Feed

HOST = "127.0.0.1"
DOMAIN = "example.com"
ADDRESS = f"spy@{DOMAIN}"
TAKEN = "250 2.0.0 taken"


@dataclass(frozen=True, kw_only=True)
class ReceivedMail:
    number: int
    to: str
    at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def unfollow(self) -> str:
        """The address by which a mail program unsubscribes."""
        return str(self.message.get("List-Unsubscribe", "")).strip("<>")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


class Mailbox:
    """All mail is kept, for whoever it is. `refusals` are answers to an address, by the address."""

    def __init__(
        self,
        feed: Feed,
        *,
        now: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        """With `tls`, the server offers STARTTLS; with `login` (user and password), it wants that."""
        self.mails: list[ReceivedMail] = []
        self.refusals: dict[str, str] = {}
        """Answers to RCPT, such as `550 5.1.1 no such user`."""
        self.answers: list[str | None] = []
        """Answers to the next mails, one each. None: the mail is kept, and the connection breaks without an answer."""
        self._feed, self._now, self._tls, self._login = feed, now, tls, login
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-mail", daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def of(self, address: str) -> list[ReceivedMail]:
        return [it for it in self.mails if it.to == address]

    # --- the server ---------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(self._protocol, sock=self._socket)

    async def _shut_down(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="mail.example.com",
            tls_context=self._tls,
            authenticator=self._is_known if self._login else None,
            auth_required=self._login is not None,
            loop=self._loop,
        )

    def _is_known(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self._login, handled=False)

    async def handle_RCPT(  # noqa: N802  aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if refusal := self.refusals.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 go on"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        answer = self.answers.pop(0) if self.answers else TAKEN
        if answer is None or answer.startswith("2"):
            self._keep(envelope)
        if answer is None and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return answer or TAKEN

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=default)
        for to in envelope.rcpt_tos:
            with self._feed.lock:
                number = len(self.mails) + 1
                self.mails.append(ReceivedMail(number=number, to=to, at=self._now(), message=message))
            self._feed.publish(BoxEvent(kind="mail_received", text=str(message["Subject"]), ref=str(number)))
