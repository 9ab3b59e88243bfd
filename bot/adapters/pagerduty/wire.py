"""How requests reach PagerDuty, and its errors. The only file that imports pdpyras.

pdpyras would retry by itself and sleep in between. That is switched off here, because the outbox decides about
retries: it must look for a page whose outcome is unknown before it sends the page again.
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy

from requests import Response
from requests.adapters import HTTPAdapter

from bot.adapters.network.reasons import reason
from bot.adapters.network.server_clock import ServerClock
from bot.adapters.pagerduty.answers import JSON
from bot.domain.foreign import inert
from bot.ports import Rejected, Throttled, Unreachable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # each import of pdpyras warns about its successor
    from pdpyras import APISession, PDClientError

CONNECTING = timedelta(seconds=3)
CONNECTIONS = 32
"""The most connections kept open; the outbox sends fewer pages than this at once."""

_DUPLICATE = 2002
_UNKNOWN_REQUESTER = 1008
_ALREADY_RESOLVED = 1001

_CURES = {
    401: ("unauthorized", "PagerDuty refuses the token. Put a valid REST API key in PAGERDUTY_API_TOKEN."),
    402: ("not_in_plan", "The PagerDuty account's plan does not include this."),
    403: ("forbidden", "The PagerDuty token may not do this. Use a REST API key with full access."),
    404: ("not_found", "PagerDuty does not have this: compare the ids in config.yaml with PagerDuty's."),
}


class Wire(APISession):  # type: ignore[misc]  # pdpyras has no types
    """pdpyras without retries: each call is one request, and errors are raised as port errors."""

    max_network_attempts = 0

    def __init__(
        self, token: str, *, from_email: str, url: str, timeout: timedelta, clock: ServerClock
    ) -> None:
        super().__init__(token, default_from=from_email)
        self._clock = clock
        self.url = url.rstrip("/")
        self.timeout = (min(CONNECTING, timeout).total_seconds(), timeout.total_seconds())
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=CONNECTIONS))
        self.cookies.set_policy(
            DefaultCookiePolicy(allowed_domains=[])
        )  # threads share this cookie jar, so it must stay empty

    def ask(
        self, method: str, path: str, *, params: JSON | None, body: JSON | None, headers: Mapping[str, str]
    ) -> str:
        """Return the body of the answer."""
        try:
            response = self.request(method, path, params=params, json=body, headers=dict(headers))
        except PDClientError as trouble:
            raise Unreachable(f"PagerDuty did not answer: {reason(trouble)}") from trouble
        return str(response.text)

    def postprocess(self, response: Response, suffix: str | None = None) -> None:  # noqa: ARG002  pdpyras's
        """Replace pdpyras's own retries and statistics: raise each error answer as a port error."""
        self._clock.hear(response.headers)
        if not response.ok:
            raise _failure(response)


# --- errors


def _failure(response: Response) -> Unreachable | Throttled | Rejected:
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("PagerDuty asks for patience", retry_after=_patience(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unreachable(f"PagerDuty answered {status}", detail=f" {inert(response.reason or '')}")
    return _rejection(response)


def _rejection(response: Response) -> Rejected:
    status = response.status_code
    code, message, details = _complaint(response)
    if code == _DUPLICATE or "matching dedup key" in message:
        return Rejected("duplicate", "PagerDuty is paging under this key already.")
    if code == _UNKNOWN_REQUESTER or "Requester User Not Found" in message:
        cure = "pagerduty.from in config.yaml must be the e-mail of a PagerDuty user."
        return Rejected("unknown_requester", f"PagerDuty does not know who asks: {cure}")
    if code == _ALREADY_RESOLVED:
        return Rejected("already_resolved", "This page is resolved already.")
    if status in _CURES:
        return Rejected(*_CURES[status])
    reasons = inert("; ".join([message, *details]))
    return Rejected(str(code or status), f"PagerDuty refused ({code or status})", detail=f": {reasons}")


def _complaint(response: Response) -> tuple[int | None, str, Sequence[str]]:
    """Read PagerDuty's {"error": {"code", "message", "errors"}}; some errors are only a sentence."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return None, response.reason or "", ()
    if not isinstance(error, dict):
        return None, str(error), ()
    details = error.get("errors") or ()
    listed = [str(each) for each in details] if isinstance(details, list) else [str(details)]
    return error.get("code"), str(error.get("message", "")), listed if details else ()


def _patience(response: Response) -> timedelta:
    for name in ("ratelimit-reset", "retry-after"):
        seconds = response.headers.get(name, "")
        if seconds.isdigit():
            return timedelta(seconds=max(1, int(seconds)))
    return timedelta(seconds=15)
