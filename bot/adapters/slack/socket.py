"""Socket Mode: a link to Slack that is kept, made again when it breaks, and not believed when it is silent."""

import logging
import socket
import threading
import time
from contextlib import suppress

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.base_handler import BaseSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin.client import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from urllib3.exceptions import HTTPError

from bot.adapters.slack.client import PooledWebClient

log = structlog.get_logger()

PING_EVERY = 5.0  # seconds; slack_sdk itself drops a link after four pings without an answer
DEAF_AFTER = 30.0  # seconds without a word or a pong: slack_sdk did not notice, so that we do
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds between attempts to connect
NUDGE = 0.05  # seconds
WORKERS = 16  # payloads answered side by side
BUFFER = 65_536  # slack_sdk recurses once for each bufferful of a message


class SocketLink:
    """`start` returns at once and connects in the background, however long Slack is down; `stop` is final."""

    def __init__(
        self,
        app: App,
        *,
        app_token: str,
        client: PooledWebClient,
        ping_every: float = PING_EVERY,
        deaf_after: float = DEAF_AFTER,
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._web = client
        self._ping_every = ping_every
        self._deaf_after = deaf_after
        self._stopping = threading.Event()
        self._handler: _Handler | None = None
        self._keeper = threading.Thread(target=self._keep, name="slack-link", daemon=True)

    def start(self) -> None:
        self._handler = _Handler(self._app, self._client())
        self._keeper.start()

    def is_alive(self) -> bool:
        """Tell whether Slack was heard lately: an open connection alone proves nothing."""
        client = self._handler.client if self._handler else None
        return client is not None and client.is_connected() and client.silence() < self._deaf_after

    def stop(self) -> None:
        self._stopping.set()
        if self._handler is None:
            return
        self._handler.client.hang_up()
        self._keeper.join()
        self._handler.client.close()

    def _client(self) -> "_Client":
        client = _Client(
            self._app_token,
            logger=_quiet_logger(),
            web_client=self._web,
            ping_interval=self._ping_every,
            receive_buffer_size=BUFFER,
            concurrency=WORKERS,
        )
        client.proxy = self._web.proxy
        return client

    def _keep(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = self._look_after(wait)

    def _look_after(self, waited: float) -> float:
        """Connect, or reconnect a deaf link; give the seconds until the next look."""
        client = self._client_in_use()
        if client.was_connected and client.silence() < self._deaf_after:
            return min(1.0, self._deaf_after / 4)
        try:
            client.renew()
        except (SlackApiError, SlackClientError, HTTPError, OSError) as error:
            log.warning("slack link not made", error=str(error))
        return FIRST_WAIT if client.is_connected() else min(max(waited * 2, FIRST_WAIT), LONGEST_WAIT)

    def _client_in_use(self) -> "_Client":
        if self._handler is None:
            raise RuntimeError("the link was not started")
        return self._handler.client


class _Client(SocketModeClient):
    """slack_sdk's client, told apart by when it was last heard, and quick to change from one link to the next."""

    was_connected = False
    _heard = 0.0

    def silence(self) -> float:
        """Give the seconds since Slack's last word or pong on the present link."""
        session = self.current_session
        if session is None:
            return float("inf")
        return time.time() - max(self._heard, session.last_ping_pong_time or 0.0)

    def renew(self) -> None:
        """Make a new link, whatever is thought of the present one."""
        if not self.closed:
            self.connect_to_new_endpoint(force=True)

    def connect(self) -> None:
        """Connect, and let go of the old link at once: its reader would hold it for up to 3 s, answering nothing."""
        old, changed = self.current_session, threading.Event()
        if old is not None:
            threading.Thread(target=_nudge, args=(old, changed), daemon=True).start()
        try:
            super().connect()
        finally:
            changed.set()
        if self.is_connected():
            self._heard = time.time()
            self.was_connected = True

    def enqueue_message(self, message: str | None) -> None:
        self._heard = time.time()
        super().enqueue_message(message)  # type: ignore[arg-type]  # None wakes the reader, and says nothing

    def hang_up(self) -> None:
        """Wake everything that waits for Slack, so that `close` needs to wait for nothing."""
        self.closed = True
        self.auto_reconnect_enabled = self.default_auto_reconnect_enabled = False
        self.current_session_state.terminated = True
        session = self.current_session
        if session is not None and session.sock is not None:
            with suppress(OSError):
                session.sock.shutdown(socket.SHUT_RDWR)
        self.enqueue_message(None)


def _nudge(session: Connection, changed: threading.Event) -> None:
    """Ping until the link is changed: the pong frees the reader."""
    while not changed.wait(NUDGE):
        with suppress(OSError):
            session.ping()


class _Handler(BaseSocketModeHandler):
    """Bolt's own way with an envelope, over our client."""

    def __init__(self, app: App, client: _Client) -> None:
        self.app = app
        self.client: _Client = client
        client.socket_mode_request_listeners.append(self.handle)

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        started = time.time()
        send_response(client, req, run_bolt_app(self.app, req), started)


def _quiet_logger() -> logging.Logger:
    """What slack_sdk says of each ping and reconnect helps nobody; its warnings may."""
    logger = logging.getLogger("spy.slack.socket")
    logger.setLevel(logging.WARNING)
    return logger
