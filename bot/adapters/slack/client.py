"""Slack's sync client with a connection pool: opening a TLS connection takes longer than the call itself."""

import json
import logging
import socket
from collections.abc import Mapping
from concurrent.futures import Future
from ssl import SSLContext
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, proxy_bypass

import urllib3
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse
from urllib3.connection import HTTPConnection

from bot.domain.text import storable_json

SLACK = "https://slack.com/api/"
CONNECTIONS = 64  # kept open for one host; further ones are closed after use
CONNECT, READ = (
    3.05,
    10.0,
)  # seconds; after them the outcome is unknown, and the outbox checks before it retries
KEEP_ALIVE = (  # a dead connection is noticed while idle, not in the middle of an incident
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
)


class PooledWebClient(WebClient):
    """A `WebClient` that many threads can share. Each error is raised at once; nothing is retried here."""

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str = SLACK,
        ssl: SSLContext | None = None,
        read_timeout: float = READ,
    ) -> None:
        super().__init__(token, base_url=base_url, ssl=ssl, retry_handlers=[], logger=_silent_logger())
        if self.proxy and proxy_bypass(urlsplit(self.base_url).hostname or ""):
            self.proxy = None
        self._pool = _pool(self.proxy, ssl, urllib3.Timeout(connect=CONNECT, read=read_timeout))
        self._ahead: dict[str, Future[SlackResponse]] = {}

    def ask_ahead(self, method: str) -> None:
        """Call a method without parameters now, in a thread. The next `api_call` of it takes that answer."""
        self._ahead[method] = answer = Future[SlackResponse]()

        def ask() -> None:
            try:
                answer.set_result(super(PooledWebClient, self).api_call(method))
            except Exception as error:  # noqa: BLE001  it is raised where the answer is taken
                answer.set_exception(error)

        Thread(target=ask, name="slack-ahead", daemon=True).start()

    def api_call(self, api_method: str, **sent: Any) -> SlackResponse:
        ahead = self._ahead.pop(api_method, None)
        return ahead.result() if ahead else super().api_call(api_method, **sent)

    def send(self, url: str, payload: Mapping[str, Any]) -> tuple[int, dict[str, str], str]:
        """Post JSON to one of Slack's URLs, such as a `response_url`. Return status, headers and body."""
        return self._exchange(url, json.dumps(payload).encode(), {"Content-Type": "application/json"})

    def close(self) -> None:
        self._pool.clear()

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        body = req.data if isinstance(req.data, bytes) else b""
        status, headers, text = self._exchange(url, body, {k: str(v) for k, v in req.header_items()})
        return {"status": status, "headers": headers, "body": text if _is_object(text) else UNREADABLE}

    def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
        answer = self._pool.request("POST", url, body=body, headers=headers, retries=False, redirect=False)
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, lowered, storable_json(answer.data.decode("utf-8", "replace"))


UNREADABLE = json.dumps({"ok": False, "error": "unreadable answer"})


def _is_object(text: str) -> bool:
    """Return whether the answer is a JSON object. A proxy's page or half an answer is not."""
    return text.startswith("{") and text.rstrip().endswith("}")


def _pool(proxy: str | None, ssl: SSLContext | None, timeout: urllib3.Timeout) -> urllib3.PoolManager:
    kept: dict[str, Any] = {
        "maxsize": CONNECTIONS,
        "block": False,
        "timeout": timeout,
        "ssl_context": ssl,
        "socket_options": KEEP_ALIVE,
    }
    return urllib3.ProxyManager(proxy, **kept) if proxy else urllib3.PoolManager(**kept)


def _silent_logger() -> logging.Logger:
    """Return a logger that is nearly silent: errors are raised, and slack_sdk would log them a second time."""
    logger = logging.getLogger("spy.slack.client")
    logger.setLevel(logging.CRITICAL)
    return logger
