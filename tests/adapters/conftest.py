"""A stand-in for a vendor that says whatever a test wants it to say, and PagerDuty's adapter beside a sandbox."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.adapters.pagerduty.client import PagerDuty
from bot.sandbox.box import Box

Answer = Callable[[str, str, Any], tuple[int, Mapping[str, str], Any]]
"""From method, path and the body's JSON (a form is None) to status, headers and JSON; bytes go as they are."""
StandIn = Callable[[Answer], str]
Connect = Callable[..., PagerDuty]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """Serve what a function answers; return the address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answer: Answer) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            is_json = body and self.headers.get_content_type() == "application/json"
            status, headers, said = answer(self.command, self.path, json.loads(body) if is_json else None)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  http.server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing on the terminal."""

    return Handler


# --- PagerDuty beside a sandbox ---------------------------------------------------------------------------


class Stopwatch:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def connect(box: Box, watch: Stopwatch) -> Iterator[Connect]:
    opened = []

    def connected(token: str | None = None, from_email: str = "spy@example.com", url: str = "") -> PagerDuty:
        environment = box.environment()
        pager = PagerDuty(
            token or environment["PAGERDUTY_API_TOKEN"],
            from_email=from_email,
            url=url or environment["PAGERDUTY_API_URL"],
            timeout=timedelta(seconds=1),
            monotonic=watch,
        )
        opened.append(pager)
        return pager

    yield connected
    for pager in opened:
        pager.close()


@pytest.fixture
def pager(connect: Connect) -> PagerDuty:
    return connect()
