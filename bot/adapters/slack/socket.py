"""Socket Mode: keep a websocket to Slack open, and replace it without a gap when it breaks or falls silent.

slack_sdk's own client is not used. While it replaces a connection it answers nothing for up to 3 s, which is all the
time a command has. And two of its threads may close one connection and lose the next.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from urllib3.exceptions import HTTPError
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.adapters.network.reasons import reason
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.failures import NOT_CONNECTED, OPENING, failure
from bot.adapters.slack.inbound import App, answer_envelope

log = structlog.get_logger()

PING_EVERY, PONG_WITHIN = 5.0, 10.0  # seconds; a link without a pong is dropped
HELLO_WITHIN = 10.0  # seconds that Slack may take to greet a new link
RENEW_AFTER, RENEW_AT_LAST = 25.0, 300.0
"""Seconds without a payload after which a link is replaced: it may answer pings and still deliver nothing.

Each link in a row without a payload doubles the time, because Slack limits how often links may be opened."""
LOOK_EVERY = 1.0
OPEN_WITHIN, CLOSE_WITHIN = 10.0, 1.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds between attempts
GRACE = 5.0  # seconds for which an old link still sends answers; Slack closes it after ten
WORKERS = 64  # payloads answered in parallel


class SocketLink:
    """A Socket Mode connection that reconnects by itself.

    `start` returns at once and connects in the background, with retries while Slack is down. `stop` is final.
    Times are in seconds.
    """

    def __init__(
        self,
        app: App,
        *,
        app_token: str,
        client: PooledWebClient,
        ping_every: float = PING_EVERY,
        pong_within: float = PONG_WITHIN,
        hello_within: float = HELLO_WITHIN,
        renew_after: float = RENEW_AFTER,
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._web = client
        self._ping_every, self._pong_within = ping_every, pong_within
        self._hello_within = hello_within
        self._renew_first = self._renew_after = renew_after
        self._stopping, self._wanted = threading.Event(), threading.Event()
        self._link: _SocketLink | None = None
        self._leaving: list[_SocketLink] = []
        self._wait = FIRST_WAIT
        self._told = ""
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="slack-payload")
        self._source = threading.Thread(target=self._keep, name="slack-link", daemon=True)

    def start(self) -> None:
        self._wanted.set()
        self._source.start()

    def is_alive(self) -> bool:
        """Return whether Slack has sent `hello` on the current link and the link still answers pings."""
        return self._link is not None and self._link.is_alive()

    def stop(self) -> None:
        """Finish the answers in progress, accept no more payloads, and close all links."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wanted.set()
        self._workers.shutdown()
        if self._source.ident is not None:
            self._source.join()
        for link in (*self._leaving, *([self._link] if self._link else [])):
            link.close()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            look_every = min(LOOK_EVERY, self._renew_after, self._hello_within)
            wanted = self._wanted.wait(timeout=look_every) or self._is_given_up()
            if wanted and not self._stopping.is_set():
                self._wanted.clear()
                self._change()
            self._let_go()

    def _is_given_up(self) -> bool:
        """Return whether to replace the link: it got no `hello` in time, or no payload for too long."""
        if self._link is None or not self._link.is_given_up(self._hello_within, self._renew_after):
            return False
        if self._link.is_greeted:
            self._renew_after = min(self._renew_after * 2, max(RENEW_AT_LAST, self._renew_first))
        return True

    def _change(self) -> None:
        """Open a new link, then retire the old one. If that fails, wait, and wait longer the next time."""
        try:
            link = self._connect()
        except (SlackApiError, SlackClientError, WebSocketException, HTTPError, OSError) as error:
            if (why := _why(error)) != self._told:  # logged once for each new reason
                self._told = why
                log.warning(NOT_CONNECTED, why=why)
            self._wanted.set()
            self._stopping.wait(self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT)
            return
        old, self._link, self._told = self._link, link, ""
        if old:
            self._leaving.append(old)
            is_useless = not old.is_greeted or old.silence() > self._renew_first
            old.leave_at = time.monotonic() + (0 if is_useless else GRACE)
        link.read()

    def _connect(self) -> "_SocketLink":
        url = str(self._web.apps_connections_open(app_token=self._app_token)["url"])
        socket = connect(
            url,
            ssl=self._web.ssl if url.startswith("wss:") else None,
            proxy=self._web.proxy,
            compression=None,
            open_timeout=OPEN_WITHIN,
            close_timeout=CLOSE_WITHIN,
            ping_interval=self._ping_every,
            ping_timeout=self._pong_within,
            max_size=None,
            logger=_quiet_logger(),
        )
        return _SocketLink(socket, self._received, self._gone)

    def _received(self, link: "_SocketLink", message: Mapping[str, Any]) -> None:
        if message.get("type") == "hello":
            self._wait = FIRST_WAIT
        elif message.get("type") == "disconnect":
            self._gone(link)
        elif not self._stopping.is_set():
            self._renew_after = self._renew_first
            with suppress(RuntimeError):  # just stopped: Slack delivers it again, to another process
                self._workers.submit(self._answer, link, message, time.monotonic())

    def _gone(self, link: "_SocketLink") -> None:
        """Request a new link if this one was in use. If it never got a `hello`, wait longer first."""
        if link is not self._link or link.is_missed or self._stopping.is_set():
            return
        link.is_missed = True
        if not link.is_greeted:
            self._stopping.wait(self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT)
        self._wanted.set()

    def _answer(self, link: "_SocketLink", message: Mapping[str, Any], arrived_at: float) -> None:
        envelope, payload = message.get("envelope_id"), message.get("payload")
        if not isinstance(envelope, str):
            return  # nothing to acknowledge
        body = payload if isinstance(payload, Mapping) else {}
        try:
            response = answer_envelope(self._app, body, arrived_at=arrived_at)
        except Exception:
            log.exception("a payload failed", type=message.get("type"))
            return
        if response.status != 200:  # noqa: PLR2004  HTTP's own number
            return  # not acknowledged: Slack delivers it again
        answer: dict[str, Any] = {"envelope_id": envelope}
        if response.body:
            answer["payload"] = json.loads(response.body)
        link.send(answer)

    def _let_go(self) -> None:
        now = time.monotonic()
        for link in [link for link in self._leaving if link.leave_at <= now]:
            self._leaving.remove(link)
            link.close()


class _SocketLink:
    """One websocket and its reader."""

    def __init__(
        self,
        socket: ClientConnection,
        received: Callable[["_SocketLink", Mapping[str, Any]], None],
        gone: Callable[["_SocketLink"], None],
    ) -> None:
        self.is_greeted = self.is_missed = False
        self.leave_at = float("inf")
        self._heard_at = time.monotonic()
        self._socket = socket
        self._received, self._gone = received, gone
        self._reader = threading.Thread(target=self._read, name="slack-reader", daemon=True)

    def read(self) -> None:
        self._reader.start()

    def is_alive(self) -> bool:
        return self.is_greeted and self._reader.is_alive()

    def is_given_up(self, hello_within: float, renew_after: float) -> bool:
        return self.silence() > (renew_after if self.is_greeted else hello_within)

    def silence(self) -> float:
        """Return the seconds since the last message; pings don't count."""
        return time.monotonic() - self._heard_at

    def send(self, answer: Mapping[str, Any]) -> None:
        """Send an answer on the link of its payload. If the link broke, do nothing: Slack delivers it again."""
        with suppress(ConnectionClosed):
            self._socket.send(json.dumps(answer))

    def close(self) -> None:
        self._socket.close()
        self._reader.join()

    def _read(self) -> None:
        with suppress(ConnectionClosed), self._socket as socket:
            for text in socket:
                self._heard_at = time.monotonic()
                message = _read(text)
                self.is_greeted = self.is_greeted or message.get("type") == "hello"
                self._received(self, message)
        self._gone(self)


def _read(text: str | bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict):
        return message
    log.warning("a frame of Slack's can't be read")
    return {}


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return str(failure(OPENING, error.response.status_code, error.response.data))
    return f"Slack's link did not open: {reason(error)}"


def _quiet_logger() -> logging.Logger:
    """Return a logger that is nearly silent: a broken link is replaced, and logged once by this module."""
    logger = logging.getLogger("spy.slack.socket")
    logger.setLevel(logging.CRITICAL)
    return logger
