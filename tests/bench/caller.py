"""Slack's side of a bench: signed slash commands, one at a time or many at once, each timed to its last byte.

One thread and plain sockets, kept open: whatever the caller spends is taken from the bot on the same cores.
"""

import hashlib
import hmac
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Self
from urllib.parse import urlencode

PATIENCE = 30.0
PEOPLE, CHANNEL = 50, "C0GENERAL"
"""So many people take turns: nobody leads hundreds of incidents at once, as one caller would."""
EVERYONE = range(1, PEOPLE + 1)


@dataclass(kw_only=True)
class Line:
    """One connection to a bot, and what has come back on it."""

    socket: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0
    took: float = 0.0

    @property
    def is_answered(self) -> bool:
        head, end, body = bytes(self.heard).partition(b"\r\n\r\n")
        if not end:
            return False
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return len(body) >= int(lengths[0].split(b":")[1])

    @property
    def is_open(self) -> bool:
        """Whether the answer says that an incident was opened."""
        return self.heard.startswith(b"HTTP/1.1 200") and b"is open" in self.heard


class Caller:
    """Calls one bot as one of some `people`; `lines` is how many commands may be under way at once."""

    def __init__(self, port: int, secret: str, *, lines: int = 1, people: range = EVERYONE) -> None:
        self._port = port
        self._secret = secret
        self._people = people
        self._numbers = count(1)
        self._lines = [self.line() for _ in range(lines)]

    def one(self, text: str) -> float:
        """Say a command and give the seconds until it is acknowledged."""
        return self.together([text])[0]

    def together(self, texts: Sequence[str]) -> list[float]:
        """Say commands at once, a line each, and give the seconds of each."""
        requests = [self.request(text) for text in texts]
        self._lines = [it if _is_open(it) else self.line() for it in self._lines]
        lines = self._lines[: len(texts)]
        with selectors.DefaultSelector() as waiting:
            for line in lines:
                line.heard.clear()
                waiting.register(line.socket, selectors.EVENT_READ, line)
            for line, request in zip(lines, requests, strict=True):
                line.sent_at = time.perf_counter()
                line.socket.sendall(request)
            self._hear(waiting)
        self._must_be_well(lines)
        return [line.took for line in lines]

    def line(self) -> Line:
        """Open one more connection to the bot."""
        made = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(socket=made)

    def request(self, text: str) -> bytes:
        """Return the signed request of a command."""
        at = str(int(time.time()))
        body = urlencode(self._command(text))
        signed = hmac.new(self._secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        head = (
            "POST /slack/events HTTP/1.1",
            f"host: 127.0.0.1:{self._port}",
            "content-type: application/x-www-form-urlencoded",
            f"content-length: {len(body)}",
            f"x-slack-request-timestamp: {at}",
            f"x-slack-signature: v0={signed}",
        )
        return ("\r\n".join(head) + "\r\n\r\n" + body).encode()

    def close(self) -> None:
        for line in self._lines:
            line.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hear(self, waiting: selectors.BaseSelector) -> None:
        while waiting.get_map():
            ready = waiting.select(PATIENCE)
            if not ready:
                raise RuntimeError(f"no acknowledgement within {PATIENCE:g} s")
            for key, _ in ready:
                line: Line = key.data
                heard = line.socket.recv(65_536)
                if not heard:
                    raise RuntimeError("a bot hung up before it had answered")
                line.heard += heard
                if line.is_answered:
                    line.took = time.perf_counter() - line.sent_at
                    waiting.unregister(line.socket)

    def _must_be_well(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if not line.is_open:
                raise RuntimeError(f"an incident was not opened: {bytes(line.heard)[:400]!r}")

    def _command(self, text: str) -> dict[str, str]:
        number = next(self._numbers)
        person = self._people[number % len(self._people)]
        trigger = f"{time.time_ns()}.{number}"
        return {
            "token": "unused",
            "team_id": "T0SPY",
            "team_domain": "acme",
            "channel_id": CHANNEL,
            "channel_name": "general",
            "user_id": f"U0P{person}",
            "user_name": f"p{person}",
            "command": "/incident",
            "text": text,
            "api_app_id": "A0SPY",
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/unused",
            "trigger_id": trigger,
        }


def _is_open(line: Line) -> bool:
    """Return whether a bot has kept a connection on which nothing was said for a while."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(line.socket, selectors.EVENT_READ)
        return not waiting.select(0)
