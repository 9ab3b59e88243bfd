"""Make the HTTP request of a failover's step or check, once and without retries, and judge the answer."""

import json
import ssl
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic
from urllib.parse import unquote, urljoin, urlsplit

from urllib3 import BaseHTTPResponse, HTTPHeaderDict, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import make_headers, parse_url

from bot.adapters.actions.answer import LONGEST_ANSWER, HttpReply, judged
from bot.adapters.actions.output import Output, plain
from bot.adapters.actions.variables import Missing, Variables
from bot.adapters.network.reasons import causes
from bot.adapters.rendering.mrkdwn import span
from bot.domain.failover.plan import Bound, End, Expect, HttpCall, Outcome

CHUNK = 16 * 1024
CONNECTING = timedelta(seconds=5)
HOPS = 5
"""The most redirects that a GET follows, all on the same host."""
TICK = 0.05
"""Seconds between two checks for an abort."""
LATE = 0.5
"""Seconds to wait after the timeout for the connection's own error: it shows whether the request was sent."""


class HttpCaller:
    """Makes requests, each over a new connection: on a stale one, a request might be sent twice."""

    def __init__(self, variables: Variables, *, authorities: str | None = None) -> None:
        """`authorities` is a file of certificate authorities; None means those that come with requests."""
        self._variables = variables
        self._authorities = authorities

    def ask(
        self, request: HttpCall, *, timeout: timedelta, hear: Callable[[str], None], stopped: Event
    ) -> Outcome:
        """Make the request once, and return its outcome.

        UNKNOWN means: the request was sent, but no complete answer came, so it may have been done.
        """
        secrets = self._variables.secrets(request)
        output = Output(hear, secrets)
        try:
            whole = self._filled(request)
            asking = _Asking(request=whole, timeout=timeout, authorities=self._authorities)
            answer = asking.awaited(stopped)
        except Missing as missing:
            return Outcome(end=End.RED, says=secrets.masked(str(missing)))
        except _NoAnswer as trouble:
            return Outcome(end=trouble.end, says=secrets.masked(plain(str(trouble))))
        for at in range(0, len(answer.body), CHUNK):
            output.take(answer.body[at : at + CHUNK])
        output.end()
        end, says = judged(answer, whole.expect)
        return Outcome(end=end, says=secrets.masked(plain(says)), output=output.text, dropped=output.dropped)

    def _filled(self, request: HttpCall) -> HttpCall:
        fill = self._variables.filled
        return HttpCall(
            url=self._variables.address(request.url.strip()),
            method=request.method.upper(),
            json=fill(request.json),
            headers=fill(request.headers),
            expect=Expect(
                status=request.expect.status,
                json={
                    path: Bound(min=bound.min, max=bound.max, equals=fill(bound.equals))
                    for path, bound in request.expect.json.items()
                },
                text=fill(request.expect.text),
            ),
        )


# --- the request -----------------------------------------------------------------------------------------------


class _NoAnswer(Exception):  # noqa: N818  named for what happened
    """No answer came. `end` is RED if the request was never sent, else UNKNOWN."""

    def __init__(self, end: End, says: str) -> None:
        super().__init__(says)
        self.end = end


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """One request in its own thread, so that an abort need not wait for the answer."""

    request: HttpCall
    timeout: timedelta
    authorities: str | None

    def awaited(self, stopped: Event) -> HttpReply:
        if stopped.is_set():
            raise _NoAnswer(End.RED, "stopped")
        came: Queue[HttpReply | _NoAnswer] = Queue()
        Thread(target=lambda: came.put(self._tried()), name="http-step", daemon=True).start()
        until = monotonic() + self.timeout.total_seconds() + LATE
        while monotonic() < until and not stopped.is_set():
            try:
                got = came.get(timeout=min(TICK, max(0.001, until - monotonic())))
            except Empty:
                continue
            if isinstance(got, _NoAnswer):
                raise got
            return got
        raise _NoAnswer(End.UNKNOWN, "stopped before an answer came" if stopped.is_set() else self._silence)

    @property
    def _silence(self) -> str:
        return f"no answer after {span(self.timeout)}"

    def _tried(self) -> HttpReply | _NoAnswer:
        try:
            return self._answered()
        except _NoAnswer as unsent:
            return unsent
        except (HTTPError, ValueError, OSError) as trouble:
            return _told(trouble, silence=self._silence)

    def _answered(self) -> HttpReply:
        url, following = "", self.request.url
        with ExitStack() as opened:
            for _ in range(HOPS + 1):
                url = following
                answer = opened.enter_context(closing(self._sent(opened, url)))
                following = _target(url, answer)
                if self.request.method != "GET" or not _is_at_home(url, following):
                    break
            body = answer.read(LONGEST_ANSWER + 1, decode_content=True)
        is_whole = len(body) <= LONGEST_ANSWER
        return HttpReply(
            status=answer.status, body=body[:LONGEST_ANSWER], is_whole=is_whole, elsewhere=following
        )

    def _sent(self, opened: ExitStack, url: str) -> BaseHTTPResponse:
        """Send the request. A ValueError is raised before anything leaves: redirects are not read here."""
        limit, body = self.timeout.total_seconds(), self._body()
        try:
            return opened.enter_context(_pool(url, self.authorities)).request(
                self.request.method,
                parse_url(url)._replace(auth=None).url,
                body=body,
                headers=self._headers(url),
                timeout=Timeout(connect=min(limit, CONNECTING.total_seconds()), read=limit),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except ValueError as trouble:  # urllib3's own errors about an address or a header are ValueErrors too
            says = "cannot be asked: its address or a header is not valid"
            raise _NoAnswer(End.RED, says) from trouble

    def _body(self) -> bytes | None:
        if self.request.json is None:
            return None
        try:
            return json.dumps(self.request.json, allow_nan=False).encode()
        except (TypeError, ValueError) as trouble:
            says = "cannot be asked: its json holds a value that JSON does not have, such as .nan or a date"
            raise _NoAnswer(End.RED, says) from trouble

    def _headers(self, url: str) -> HTTPHeaderDict:
        """Return the plan's headers and ours. The plan's replace ours, in upper or lower case."""
        headers = HTTPHeaderDict({"User-Agent": "Spy"})
        if self.request.json is not None:
            headers["Content-Type"] = "application/json"
        if auth := parse_url(url).auth:
            headers.update(make_headers(basic_auth=unquote(auth)))
        headers.update(self.request.headers)
        for name in ("Accept", "Host"):  # ProxyManager adds its own beside any other spelling
            if name in headers:
                headers[name] = headers[name]
        return headers


def _pool(url: str, authorities: str | None) -> PoolManager:
    """Return new connections, through the environment's proxy. A site on this machine is called without one."""
    from requests import utils  # noqa: PLC0415  loaded only when a step or a check calls a server

    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("neither http nor https")
    proxy = None if _is_loopback(url) else utils.select_proxy(url, utils.get_environ_proxies(url))
    trusted = authorities or utils.DEFAULT_CA_BUNDLE_PATH
    if not proxy:
        return PoolManager(ca_certs=trusted)
    whole = proxy if "://" in proxy else f"http://{proxy}"
    auth = parse_url(whole).auth
    signed_in = make_headers(proxy_basic_auth=unquote(auth)) if auth else None
    return ProxyManager(whole, proxy_headers=signed_in, ca_certs=trusted)


def _target(url: str, answer: BaseHTTPResponse) -> str:
    """Return the target of a redirect, as it came if it is not a valid address. Empty if this is no redirect."""
    to = answer.get_redirect_location() or ""
    try:
        return urljoin(url, to) if to else ""
    except ValueError:
        return to


def _is_at_home(url: str, following: str) -> bool:
    """Return whether a redirect stays at the same origin, or only adds encryption: the request may contain secrets."""
    try:
        here, there = _origin(url), _origin(following)
    except ValueError:
        return False
    return there in {here, ("https", here[1], 443)} and (there == here or here[::2] == ("http", 80))


def _origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Return scheme, host and port, as urllib3 reads them. Raise ValueError if it or the choice of a proxy can't."""
    urlsplit(url)
    parts = parse_url(url)
    return parts.scheme, parts.host, parts.port or {"http": 80, "https": 443}.get(parts.scheme or "")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _told(trouble: Exception, *, silence: str) -> _NoAnswer:
    """Return what went wrong, and whether the request may have been sent."""
    match trouble:
        case NewConnectionError() | ConnectTimeoutError() | ProxyError():
            errors = (it.strerror for it in causes(trouble) if isinstance(it, OSError) and it.strerror)
            return _NoAnswer(End.RED, f"cannot be reached: {next(errors, 'it does not answer').lower()}")
        case SSLError() if any(isinstance(it, ssl.SSLCertVerificationError) for it in causes(trouble)):
            return _NoAnswer(End.RED, "cannot be reached: its certificate is not trusted")
        case ReadTimeoutError():
            return _NoAnswer(End.UNKNOWN, silence)
    return _NoAnswer(End.UNKNOWN, "the connection broke before the answer was whole")
