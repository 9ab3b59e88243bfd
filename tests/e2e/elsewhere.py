"""Another Slack and another PagerDuty, as small as can be: they share nothing with the bot nor with its sandbox."""

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

JSON = dict[str, Any]
SIGNING_SECRET, WEBHOOK_SECRET = "elsewhere-signs", "elsewhere-hooks"
ME = {
    "url": "https://elsewhere.slack.com/",
    "team": "elsewhere",
    "user": "spy",
    "team_id": "TX",
    "user_id": "UBOT",
    "bot_id": "BX",
}


class Elsewhere:
    """Keeps every call it was sent, and answers with no more than the vendors promise."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, JSON]] = []
        self._numbers = itertools.count(1)
        self._called = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._url = f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        return {
            "SLACK_API_URL": f"{self._url}/s/",
            "SLACK_BOT_TOKEN": "xoxb-elsewhere",
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "PAGERDUTY_API_URL": f"{self._url}/p",
            "PAGERDUTY_API_TOKEN": "elsewhere-pages",
            "PAGERDUTY_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    def await_call(self, method: str, fits: Callable[[JSON], object] = bool) -> JSON:
        """Return the first such call, once it has come."""

        def found() -> JSON | None:
            return next((params for name, params in self.calls if name == method and fits(params)), None)

        with self._called:
            came = self._called.wait_for(lambda: found() is not None, timeout=10)
        assert came, f"no such {method}; there was {[name for name, _ in self.calls]}"
        return found() or {}

    @contextmanager
    def open(self) -> Iterator["Elsewhere"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        yield self
        self._server.shutdown()
        thread.join()
        self._server.server_close()

    # --- what the two services answer

    def _slack(self, method: str, params: JSON) -> JSON:
        ts = f"1700000000.{next(self._numbers):06}"
        answers: dict[str, JSON] = {
            "auth.test": ME,
            "users.info": {"user": {"id": params.get("user"), "name": "who", "profile": {}}},
            "users.list": {"members": [{"id": "UANN", "name": "ann", "profile": {}}]},
            "conversations.create": {"channel": {"id": "CROOM", "name": params.get("name")}},
            "chat.postMessage": {"channel": params.get("channel"), "ts": ts},
            "chat.update": {"channel": params.get("channel"), "ts": params.get("ts")},
        }
        return {"ok": True, **answers.get(method, {})}

    def _pagerduty(self, method: str, params: JSON) -> JSON:
        if method == "POST /incidents":
            return {"incident": incident("triggered", params["incident"]["incident_key"])}
        return {"oncalls": [], "users": [], "incidents": [], "more": False}

    # --- the server

    def _answer(self, verb: str, path: str, content_type: str, body: bytes) -> JSON:
        parts = urlsplit(path)
        params = dict(parse_qsl(parts.query))
        params |= json.loads(body or b"{}") if "json" in content_type else dict(parse_qsl(body.decode()))
        if parts.path.startswith("/s/"):
            return self._noted(parts.path.removeprefix("/s/"), params, self._slack)
        return self._noted(f"{verb} {parts.path.removeprefix('/p')}", params, self._pagerduty)

    def _noted(self, method: str, params: JSON, service: Callable[[str, JSON], JSON]) -> JSON:
        with self._called:
            self.calls.append((method, params))
            self._called.notify_all()
        return service(method, params)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                said = json.dumps(
                    answer(self.command, self.path, self.headers.get("content-type") or "", body)
                )
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said.encode())

            do_GET = do_PUT = do_POST  # noqa: N815  http.server's own names

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


def incident(status: str, key: str) -> JSON:
    """PagerDuty's own picture of a page, as short as its description allows."""
    return {
        "id": "PX1",
        "html_url": "https://elsewhere.pagerduty.com/incidents/PX1",
        "status": status,
        "incident_key": key,
    }


def slack_sends(url: str, body: JSON) -> httpx.Response:
    """Send a slash command, or an interaction, signed as Slack signs."""
    sent, stamp = urlencode(body), str(int(time.time()))
    mac = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:{sent}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={mac}",
    }
    return httpx.post(f"{url}/slack/events", content=sent, headers=headers)


def pagerduty_sends(url: str, event: JSON) -> httpx.Response:
    """Send a webhook, signed as PagerDuty signs."""
    sent = json.dumps({"event": event})
    mac = hmac.new(WEBHOOK_SECRET.encode(), sent.encode(), hashlib.sha256).hexdigest()
    return httpx.post(
        f"{url}/webhooks/pagerduty", content=sent, headers={"x-pagerduty-signature": f"v1={mac}"}
    )
