"""Socket Mode's links: tickets, hello messages, envelopes and their acknowledgements."""

import json
import secrets
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from bot.sandbox.server.server import WebSocket
from bot.sandbox.slack.world import APP_ID, Json

MOST_LINKS = 10
HOST = {"host": "applink-sandbox-1", "build_number": 1, "approximate_connection_time": 18_060}


class LinkLostError(Exception):
    """The link broke before the acknowledgement, or there is no link."""


@dataclass(kw_only=True, eq=False)
class SocketModeLink:
    """One link. `is_leaving`: it was asked to reconnect, and gets payloads only if it is the last one.

    `is_deaf`: no acknowledgement comes back.
    """

    socket: WebSocket
    name: str
    is_leaving: bool = False
    is_deaf: bool = False
    unanswered: dict[str, "Future[Json]"] = field(default_factory=dict)


class SocketModeLinks:
    """The bot's open links, at most ten. Each payload goes to one of them, in turn."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._tickets: set[str] = set()
        self._links: list[SocketModeLink] = []
        self._turn = 0
        self._made = 0
        self.is_rude = False
        """Whether new links are accepted and get no hello."""

    @property
    def count(self) -> int:
        return len(self._links)

    @property
    def hears(self) -> bool:
        """Whether there is a link and none is deaf."""
        links = tuple(self._links)
        return bool(links) and not any(it.is_deaf for it in links)

    def ticket(self) -> str:
        """Return a ticket for one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    def greet(self, target: str, socket: WebSocket) -> bool:
        """Accept a new link. False for an unknown ticket."""
        ticket = parse_qs(urlsplit(target).query).get("ticket", [""])[0]
        if ticket not in self._tickets:
            return False
        self._tickets.discard(ticket)
        self._made += 1
        link = SocketModeLink(socket=socket, name=f"link-{self._made}")
        if len(self._links) >= MOST_LINKS:
            socket.send(
                json.dumps({"type": "disconnect", "reason": "too_many_websockets", "debug_info": HOST})
            )
            socket.close()
            return True
        socket.on_text = lambda text: self._answered(link, text)
        socket.on_gone = lambda: self._gone(link)
        with self._lock:
            self._links.append(link)
            hello = {"type": "hello", "num_connections": len(self._links), "debug_info": HOST}
            if not self.is_rude:
                socket.send(json.dumps(hello | {"connection_info": {"app_id": APP_ID}}))
            self._lock.notify_all()
        return True

    def deliver(self, envelope: Json, timeout: float) -> tuple[str, Json]:
        """Send an envelope. Return the link's name and the acknowledgement, or raise TimeoutError or LinkLostError."""
        answer: Future[Json] = Future()
        with self._lock:
            link = self._next()
            link.unanswered[envelope["envelope_id"]] = answer
        if not link.is_deaf:
            link.socket.send(json.dumps(envelope))
        try:
            return link.name, answer.result(timeout)
        except TooLate:
            raise TimeoutError(link.name) from None
        finally:
            link.unanswered.pop(envelope["envelope_id"], None)

    def wait_for(self, count: int, seconds: float) -> bool:
        """Wait for this many open links. Return whether they came in time."""
        with self._lock:
            return self._lock.wait_for(lambda: len(self._links) >= count, seconds)

    def refresh(self) -> None:
        """Ask every link to reconnect, as Slack does every few hours."""
        goodbye = json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": HOST})
        for link in tuple(self._links):
            link.is_leaving = True
            link.socket.send(goodbye)

    def deafen(self, most: int | None = None) -> None:
        """Keep the present links, or the first `most`, open and answer their pings, and lose all payloads."""
        for link in tuple(self._links)[:most]:
            link.is_deaf = True

    def freeze(self) -> None:
        """Like `deafen`, and answer no pings."""
        for link in tuple(self._links):
            link.is_deaf = link.socket.is_frozen = True

    def thaw(self) -> None:
        for link in tuple(self._links):
            link.is_deaf = link.socket.is_frozen = False

    def cut(self) -> None:
        for link in tuple(self._links):
            link.socket.close()

    def _next(self) -> SocketModeLink:
        fresh = [link for link in self._links if not link.is_leaving] or self._links
        if not fresh:
            raise LinkLostError("no link is open")
        self._turn += 1
        return fresh[self._turn % len(fresh)]

    def _answered(self, link: SocketModeLink, text: str) -> None:
        answer = json.loads(text)
        waiting = link.unanswered.get(answer.get("envelope_id", ""))
        if waiting is not None and not waiting.done() and not link.is_deaf:
            waiting.set_result(answer)

    def _gone(self, link: SocketModeLink) -> None:
        with self._lock:
            if link in self._links:
                self._links.remove(link)
            waiting = list(link.unanswered.values())
        for future in waiting:
            if not future.done():
                future.set_exception(LinkLostError("the link broke"))
