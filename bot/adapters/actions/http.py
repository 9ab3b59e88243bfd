"""Make the HTTP request of a failover's step or check, once and without retries, and judge the answer."""

import json
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests import Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError
from requests.utils import get_environ_proxies
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from bot.adapters.actions.output import Output, plain
from bot.adapters.actions.variables import Missing, Variables
from bot.adapters.network.reasons import causes
from bot.adapters.rendering.mrkdwn import span
from bot.domain.failover.plan import Bound, End, Expect, HttpCall, Outcome

LONGEST_ANSWER = 1024 * 1024
"""Bytes of an answer that are read. The rest is ignored."""
CHUNK = 16 * 1024
CONNECTING = timedelta(seconds=5)
HOPS = 5
"""The most redirects that a GET follows, all on the same host."""
TICK = 0.05
"""Seconds between two checks for an abort."""
LATE = 0.5
"""Seconds to wait after the timeout for the connection's own error: it shows whether the request was sent."""
SHOWN = 60
"""Characters of a value that are shown: enough to recognise it."""

_NOTHING = object()


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
        end, says = _judged(answer, whole.expect)
        return Outcome(end=end, says=secrets.masked(plain(says)), output=output.text, dropped=output.dropped)

    def _filled(self, request: HttpCall) -> HttpCall:
        fill = self._variables.filled
        return HttpCall(
            url=self._variables.address(request.url),
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


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    body: bytes
    is_whole: bool
    elsewhere: str = ""
    """The target of a redirect that was not followed."""


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

    def awaited(self, stopped: Event) -> _Answer:
        if stopped.is_set():
            raise _NoAnswer(End.RED, "stopped")
        came: Queue[_Answer | _NoAnswer] = Queue()
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

    def _tried(self) -> _Answer | _NoAnswer:
        try:
            with closing(HTTPAdapter(max_retries=0)) as wire:
                return self._asked(wire)
        except (RequestException, ValueError, OSError) as trouble:
            return _told(trouble, silence=self._silence)

    def _asked(self, wire: HTTPAdapter) -> _Answer:
        url, headers = self.request.url, {"User-Agent": "Spy", **self.request.headers}
        for hop in range(HOPS + 1):
            answer = self._sent(wire, url, headers)
            following = urljoin(url, answer.headers.get("location", "")) if answer.is_redirect else ""
            if self.request.method != "GET" or hop == HOPS or not _is_at_home(url, following):
                break
            answer.close()
            url = following
        with answer:
            body = _body(answer)
        is_whole = len(body) <= LONGEST_ANSWER
        return _Answer(
            status=answer.status_code, body=body[:LONGEST_ANSWER], is_whole=is_whole, elsewhere=following
        )

    def _sent(self, wire: HTTPAdapter, url: str, headers: Mapping[str, str]) -> Response:
        """Send the request without a session of requests: a session reads .netrc and follows redirects by itself."""
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("neither http nor https")
        asked = requests.Request(self.request.method, url, headers=dict(headers), json=self.request.json)
        limit = self.timeout.total_seconds()
        return wire.send(
            asked.prepare(),
            stream=True,
            timeout=(min(limit, CONNECTING.total_seconds()), limit),
            verify=self.authorities or True,
            proxies={} if _is_loopback(url) else get_environ_proxies(url),
        )


def _body(answer: Response) -> bytes:
    """Return the body, up to one byte more than LONGEST_ANSWER."""
    body = bytearray()
    for part in answer.iter_content(CHUNK):
        body += part
        if len(body) > LONGEST_ANSWER:
            break
    return bytes(body[: LONGEST_ANSWER + 1])


def _is_at_home(url: str, following: str) -> bool:
    """Return whether a redirect stays on the same host and encrypted: the request may contain secrets."""
    here, there = urlsplit(url), urlsplit(following)
    return here.hostname == there.hostname and there.scheme in {"https", here.scheme}


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _told(trouble: Exception, *, silence: str) -> _NoAnswer:
    """Return what went wrong, and whether the request may have been sent."""
    wrapped = list(causes(trouble))
    refused = next((it for it in wrapped if isinstance(it, NewConnectionError)), None)
    if refused is not None or isinstance(trouble, ConnectTimeout | ProxyError):
        return _NoAnswer(End.RED, f"cannot be reached: {_reason(wrapped)}")
    if isinstance(trouble, SSLError) and any(isinstance(it, ssl.SSLCertVerificationError) for it in wrapped):
        return _NoAnswer(End.RED, "cannot be reached: its certificate is not trusted")
    if isinstance(trouble, ValueError):  # requests' own errors about an address or a header are ValueErrors
        return _NoAnswer(End.RED, "cannot be asked: its address or a header is not valid")
    is_silent = any(isinstance(it, ReadTimeoutError) for it in wrapped)
    return _NoAnswer(
        End.UNKNOWN, silence if is_silent else "the connection broke before the answer was whole"
    )


def _reason(wrapped: list[BaseException]) -> str:
    said = (it.strerror for it in wrapped if isinstance(it, OSError) and it.strerror)
    return next(said, "it does not answer").lower()


# --- the answer ----------------------------------------------------------------------------------------------


def _judged(answer: _Answer, expect: Expect) -> tuple[End, str]:
    """Return whether an answer is as expected, and a short description of it."""
    said = f"HTTP {answer.status}"
    wanted = expect.status or range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
    if answer.status not in wanted:
        return End.RED, f"{said}, to {_cut(answer.elsewhere)}" if answer.elsewhere else said
    if (expect.json or expect.text is not None) and not answer.is_whole:
        return End.RED, f"its answer is longer than {LONGEST_ANSWER // 1024 // 1024} MB"
    if expect.text is not None and expect.text not in answer.body.decode(errors="replace"):
        return End.RED, f"“{_cut(expect.text)}” is not in its answer"
    return _weighed(answer.body, expect.json) if expect.json else (End.OK, said)


def _weighed(body: bytes, bounds: Mapping[str, Bound]) -> tuple[End, str]:
    try:
        whole = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return End.RED, "its answer is not JSON"
    looked = {path: (_at(whole, path), bound) for path, bound in bounds.items()}
    wrong = [words for path, (value, bound) in looked.items() if (words := _wrong(path, value, bound))]
    if wrong:
        return End.RED, ", ".join(wrong)
    return End.OK, ", ".join(f"{path} is {_shown(value)}" for path, (value, _) in looked.items())


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity: they are not JSON, and every comparison with NaN is false."""
    raise ValueError(name)


def _at(value: Any, path: str) -> Any:
    """Return the value at a dotted path, in which a number is a list index; _NOTHING if there is none."""
    for name in path.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif (
            isinstance(value, list)
            and re.fullmatch(r"-?\d{1,9}", name)
            and -len(value) <= int(name) < len(value)
        ):
            value = value[int(name)]
        else:
            return _NOTHING
    return value


def _wrong(path: str, value: Any, bound: Bound) -> str:
    """Return what is wrong with a value; empty if it is as expected."""
    said = f"{path} is {_shown(value)}"
    if value is _NOTHING:
        return f"{path} is missing"
    if bound.equals is not None and not _is_same(value, bound.equals):
        return f"{said}, not {_shown(bound.equals)}"
    return f"{said}, {beyond}" if (beyond := _beyond(value, bound)) else ""


def _beyond(value: Any, bound: Bound) -> str:
    if bound.min is None and bound.max is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "which is no number"
    if bound.min is not None and value < bound.min:
        return f"at least {_shown(bound.min)}"
    return f"at most {_shown(bound.max)}" if bound.max is not None and value > bound.max else ""


def _is_same(value: Any, wanted: Any) -> bool:
    """Return whether two JSON values are equal. Unlike in Python, true is not 1."""
    return isinstance(value, bool) is isinstance(wanted, bool) and bool(value == wanted)


def _shown(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
