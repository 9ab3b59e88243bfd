"""Call webhooks over HTTP, signed as Standard Webhooks has it: https://www.standardwebhooks.com."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError

from bot.adapters.network.reasons import reason
from bot.domain.web_key import is_safe
from bot.ports import Rejected, Throttled, Unreachable
from bot.ports.webhooks import WebhookCall

WITHIN = urllib3.Timeout(connect=5.0, read=10.0)
PREFIX = "whsec_"
WAITS = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class HttpWebhooks:
    """Implements `ports.WebhookCaller`. `secrets` returns those of a webhook, the current one first."""

    secrets: Callable[[str], tuple[str, ...]]

    def call(self, call: WebhookCall) -> None:
        secrets = self.secrets(call.webhook)
        if not secrets:
            raise Rejected("no_secret", f"There is no secret to sign what {call.webhook} is told.")
        if not is_safe(call.url):
            raise Rejected("not_safe", f"The address of {call.webhook} is not https.")
        try:
            status, headers = _posted(call, signed(call, *secrets))
        except (HTTPError, OSError, ValueError) as error:
            raise Unreachable(f"{_host(call)} did not answer: {reason(error)}.") from None
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if status == HTTPStatus.GONE:
            raise Rejected("gone", f"{_host(call)} says that it is gone for good (HTTP 410).")
        wait = _wait(headers) if status in WAITS else None
        if wait:
            raise Throttled(f"{_host(call)} asks to wait.", retry_after=wait)
        raise Unreachable(f"{_host(call)} answered with HTTP {status}.")


def signed(call: WebhookCall, *secrets: str) -> Mapping[str, str]:
    """Return the headers of a call. While a secret is replaced, there is a signature with each."""
    timestamp = str(int(call.at.timestamp()))
    content = b"%s.%s." % (call.id.encode(), timestamp.encode()) + call.body
    return {
        "content-type": "application/json",
        "user-agent": "Spy",
        "webhook-id": call.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(content, it)}" for it in secrets),
    }


def _signature(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _posted(call: WebhookCall, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    where = urlsplit(call.url)
    proxy = None if proxy_bypass(where.hostname or "") else getproxies().get(where.scheme)
    with urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager() as pool:
        answer = pool.request(
            "POST",
            call.url,
            body=call.body,
            headers=headers,
            timeout=WITHIN,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        answer.close()
        return int(answer.status), {name.lower(): it for name, it in answer.headers.items()}


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    seconds = headers.get("retry-after", "")
    is_number = seconds.isascii() and seconds.isdigit() and len(seconds) < 6  # noqa: PLR2004  a day has five
    return min(timedelta(seconds=int(seconds)), LONGEST_WAIT) if is_number else None


def _host(call: WebhookCall) -> str:
    return urlsplit(call.url).netloc.rpartition("@")[2]
