"""Programs that hear of events: a list, and a real server on this machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from bot.domain.effects import Notify
from bot.domain.incident.webhooks import CallWebhook
from bot.ports.webhooks import WebhookCall
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients
from tests.fakes.chat import FakeChat
from tests.support.delivering import deliver_due
from tests.support.templates import shipped


class FakeWebhooks:
    """Implements `ports.WebhookCaller`. It raises `failure` until that is None."""

    def __init__(self) -> None:
        self.calls: list[WebhookCall] = []
        self.failure: Exception | None = None
        self.tries = 0

    def call(self, call: WebhookCall) -> None:
        self.tries += 1
        if self.failure:
            raise self.failure
        self.calls.append(call)

    @property
    def heard(self) -> list[Any]:
        return [json.loads(it.body) for it in self.calls]

    @property
    def types(self) -> list[str]:
        return [it["type"] for it in self.heard]


@dataclass
class Programs:
    """The programs that a Spy tells."""

    spy: SpyKit
    webhooks: FakeWebhooks = field(default_factory=FakeWebhooks)
    chat: FakeChat = field(default_factory=FakeChat)

    def deliver(self) -> None:
        """Deliver until nothing is due now."""
        templates = shipped(self.spy.clock)
        clients = Clients(templates=templates, chat=self.chat, maybe_webhooks=self.webhooks)
        deliver_due(self.spy, clients, CallWebhook, Notify)

    def after(self, **later: float) -> None:
        """Deliver every twenty minutes for some time."""
        until = self.spy.clock.now() + timedelta(**later)
        while self.spy.clock.now() < until:
            self.spy.clock.tick(minutes=20)
            self.deliver()


# --- a real one ---


@dataclass
class Receiver:
    """A program that takes webhooks: what it got, and what it answers."""

    url: str
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a program on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): it for name, it in self.headers.items()}
            receiver.got.append((self.path, headers, body))
            self.send_response(receiver.status)
            for name, it in {"content-length": "0", **receiver.headers}.items():
                self.send_header(name, it)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(url=f"http://127.0.0.1:{server.server_port}/spy")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
