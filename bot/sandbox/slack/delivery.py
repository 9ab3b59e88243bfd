"""Sends payloads to the bot, over Socket Mode or signed HTTP, in order per channel, with retries."""

import hashlib
import hmac
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlencode

import urllib3

from bot.sandbox.recorder import Exchange, Recorder
from bot.sandbox.slack.links import LinkLostError, SocketModeLinks
from bot.sandbox.slack.world import SIGNING_SECRET, Json

Delivery = Literal["socket", "http"]
Kind = Literal["slash_commands", "interactive", "events_api"]
PATIENCE = 3.0  # seconds Slack waits for an acknowledgement
RETRIES = (0.05, 0.1, 0.2)  # seconds before each; Slack's own are 0, 60 and 300
WORKERS = 8


@dataclass(frozen=True, kw_only=True)
class DeliveryResult:
    """The bot's answer. `status` is ok, timeout (no answer in 3 s) or failed (an error, or no bot).

    For a modal, `errors` means that the form was sent back. `code` is the HTTP status.
    """

    status: Literal["ok", "timeout", "failed", "errors"]
    body: Json | str | None = None
    seconds: float = 0.0
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.status == "ok"


@dataclass(frozen=True, kw_only=True)
class SlackPayload:
    """A payload to the bot; `name` is its name in the recorder."""

    kind: Kind
    name: str
    payload: Json
    attempt: int = 0
    reason: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def takes_an_answer(self) -> bool:
        return self.kind == "slash_commands" or self.name == "view_submission"


@dataclass(kw_only=True, eq=False)
class QueuedPayload:
    """A queued event. `tried` is set after the first attempt."""

    outgoing: SlackPayload
    tried: threading.Event = field(default_factory=threading.Event)


class PayloadSender:
    """Sends payloads. Events wait in lanes, one per channel. `bot_url` is the address for HTTP."""

    def __init__(self, *, delivery: Delivery, links: SocketModeLinks, recorder: Recorder) -> None:
        self.delivery = delivery
        self.bot_url = "http://127.0.0.1:3000"
        self.patience = PATIENCE
        self.retries: tuple[float, ...] = RETRIES
        self.sent: deque[SlackPayload] = deque(maxlen=100)
        self._links = links
        self._recorder = recorder
        self._pool = urllib3.PoolManager(maxsize=64, retries=False)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-sender")
        self._lanes: dict[str, deque[QueuedPayload]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._watch = threading.local()

    def deliver(self, outgoing: SlackPayload) -> DeliveryResult:
        """Send once, and return the answer."""
        if not outgoing.attempt:
            self.sent.append(outgoing)
        exchange = Exchange(
            service="slack",
            direction="to_bot",
            method=outgoing.name,
            path="socket" if self.delivery == "socket" else "/slack/events",
            headers={},
            content_type="application/json",
            body=b"",
            started=time.time(),
        )
        self._recorder.add(exchange)
        began = time.monotonic()
        try:
            answer = (
                self._by_socket(outgoing, exchange)
                if self.delivery == "socket"
                else self._by_http(outgoing, exchange)
            )
        except (
            LinkLostError,
            urllib3.exceptions.NewConnectionError,
        ):  # first: urllib3 counts the latter as a timeout
            answer = DeliveryResult(status="failed")
        except (TimeoutError, urllib3.exceptions.TimeoutError):
            answer = DeliveryResult(status="timeout")
        except urllib3.exceptions.HTTPError:
            answer = DeliveryResult(status="failed")
        exchange.finished = time.time()
        return replace(answer, seconds=time.monotonic() - began)

    def queue(self, outgoing: SlackPayload, lane: str) -> None:
        """Send after the earlier payloads of the lane, with retries, in a thread of the sender."""
        item = QueuedPayload(outgoing=outgoing)
        watched: list[QueuedPayload] | None = getattr(self._watch, "queued", None)
        if watched is not None:
            watched.append(item)
        with self._lock:
            waiting = self._lanes.get(lane)
            if waiting is not None:
                waiting.append(item)
                return
            if self._closing.is_set():
                return
            self._lanes[lane] = deque([item])
            self._workers.submit(self._run_lane, lane)

    @contextmanager
    def until_delivered(self) -> Iterator[None]:
        """At the end of the `with`, wait until each event that this thread queued in it was sent once."""
        outer: list[QueuedPayload] | None = getattr(self._watch, "queued", None)
        queued = self._watch.queued = outer if outer is not None else []
        try:
            yield
        finally:
            if outer is None:
                self._watch.queued = None
        if outer is None:
            for item in queued:
                item.tried.wait(self.patience + 2)

    def close(self) -> None:
        self._closing.set()
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._pool.clear()

    # ---------------------------------------------------------------- lanes

    def _run_lane(self, lane: str) -> None:
        while True:
            with self._lock:
                waiting = self._lanes[lane]
                if not waiting or self._closing.is_set():
                    del self._lanes[lane]
                    return
                item = waiting.popleft()
            self._persist(item)

    def _persist(self, item: QueuedPayload) -> None:
        outgoing = item.outgoing
        answer = self.deliver(outgoing)
        item.tried.set()
        for attempt, delay in enumerate(self.retries, start=1):
            if answer.ok or self._closing.wait(delay):
                return
            reason = "http_timeout" if answer.status == "timeout" else "http_error"
            if self.delivery == "socket":
                reason = "timeout"
            answer = self.deliver(replace(outgoing, attempt=attempt, reason=reason))

    # ---------------------------------------------------------------- the two ways

    def _by_socket(self, outgoing: SlackPayload, exchange: Exchange) -> DeliveryResult:
        envelope: Json = {
            "envelope_id": outgoing.id,
            "payload": outgoing.payload,
            "type": outgoing.kind,
            "accepts_response_payload": outgoing.takes_an_answer,
        }
        if outgoing.kind == "events_api":
            envelope |= {"retry_attempt": outgoing.attempt, "retry_reason": outgoing.reason}
        exchange.body = json.dumps(envelope).encode()
        exchange.connection, ack = self._links.deliver(envelope, self.patience)
        exchange.status, exchange.answer = 200, json.dumps(ack).encode()
        return DeliveryResult(status="ok", body=ack.get("payload"), code=200)

    def _by_http(self, outgoing: SlackPayload, exchange: Exchange) -> DeliveryResult:
        body, exchange.content_type = _encode(outgoing)
        exchange.body = body
        exchange.headers = signed(body) | {
            "content-type": exchange.content_type,
            "user-agent": "Slackbot 1.0",
        }
        if outgoing.attempt:
            exchange.headers["x-slack-retry-num"] = str(outgoing.attempt)
            exchange.headers["x-slack-retry-reason"] = outgoing.reason
        url = f"{self.bot_url}/slack/events"
        got = self._pool.request(
            "POST", url, body=body, headers=exchange.headers, timeout=urllib3.Timeout(total=self.patience)
        )
        exchange.status, exchange.answer = got.status, got.data
        is_ok = 200 <= got.status < 300  # noqa: PLR2004 - HTTP's own numbers
        kind = got.headers.get("content-type", "")
        return DeliveryResult(
            status="ok" if is_ok else "failed", body=_decode(got.data, kind), code=got.status
        )


def signed(body: bytes, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """Return the headers of the v0 signature of a body, by default as of now."""
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}"}


def _encode(outgoing: SlackPayload) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if outgoing.kind == "events_api":
        return json.dumps(outgoing.payload).encode(), "application/json"
    if outgoing.kind == "interactive":
        return urlencode({"payload": json.dumps(outgoing.payload)}).encode(), form
    return urlencode(outgoing.payload).encode(), form


def _decode(data: bytes, content_type: str) -> Json | str | None:
    if not data:
        return None
    if "json" in content_type:
        body: Json = json.loads(data)
        return body
    return data.decode(errors="replace")
