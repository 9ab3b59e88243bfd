"""Sends PagerDuty's webhooks to the bot: signed, in order, and again after a failure."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import urllib3

from bot.sandbox.recorder import Exchange
from bot.sandbox.server.rest import JSON

PATH = "/webhooks/pagerduty"
PATIENCE = 5.0  # seconds that PagerDuty waits for an answer


@dataclass(frozen=True, kw_only=True)
class SentWebhook:
    """A sent webhook. It is sent again byte for byte."""

    event_type: str
    body: bytes
    signature: str


class WebhookSender:
    """Sends one webhook at a time in its own thread. `record` gets each attempt."""

    def __init__(
        self,
        *,
        bot_url: Callable[[], str | None],
        secrets: Callable[[], list[str]],
        record: Callable[[Exchange], object],
    ) -> None:
        self.sent: list[SentWebhook] = []
        self.retry_delays = (0.05, 0.2, 1.0)
        self._bot_url = bot_url
        self._secrets = secrets
        self._record = record
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pagerduty-webhooks")
        self._http = urllib3.PoolManager(retries=False, timeout=PATIENCE)

    def send(self, event: JSON) -> Future[None]:
        body = json.dumps(event).encode()
        delivery = SentWebhook(
            event_type=event["event"]["event_type"], body=body, signature=signed(body, self._secrets())
        )
        self.sent.append(delivery)
        return self._thread.submit(self._deliver, delivery)

    def redeliver(self, last: int) -> None:
        """Send again, and return after the answers."""
        for delivery in self.sent[-last:]:
            self._thread.submit(self._deliver, delivery).result()

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    def _deliver(self, delivery: SentWebhook) -> None:
        for delay in (*self.retry_delays, 0.0):
            if self._is_taken(delivery):
                return
            time.sleep(delay)

    def _is_taken(self, delivery: SentWebhook) -> bool:
        """Send once. Return whether the bot answered with success, or there is no bot."""
        url = self._bot_url()
        if url is None:
            return True
        headers = {
            "Content-Type": "application/json",
            "X-PagerDuty-Signature": delivery.signature,
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "Connection": "close",
        }
        exchange = Exchange(
            service="pagerduty",
            direction="to_bot",
            method=delivery.event_type,
            path=PATH,
            headers=headers,
            content_type="application/json",
            body=delivery.body,
            started=time.time(),
        )
        self._record(exchange)
        try:
            response = self._http.request("POST", url + PATH, body=delivery.body, headers=headers)
        except urllib3.exceptions.HTTPError:
            return False
        finally:
            exchange.finished = time.time()
        exchange.status, exchange.answer = response.status, response.data
        return 200 <= response.status < 300  # noqa: PLR2004 - HTTP's own idea of success


def signed(body: bytes, secrets: list[str]) -> str:
    """Return the signature header, with one signature per secret, so that secrets can be rotated."""
    return ",".join("v1=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest() for key in secrets)
