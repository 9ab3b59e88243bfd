"""Faults between the bot and the services: delays, errors, outages, and hooks before and after a call."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.recorder import Exchange

Kind = Literal["http", "error", "reset_before", "reset_after", "hang"]
Hook = Callable[[Exchange], object]
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a call meets. `status` and `retry_after` belong to http, `code` to error, `seconds` to hang."""

    kind: Kind
    status: int = 200
    retry_after: float | None = None
    code: str = ""
    seconds: float = 0.0


def http(status: int) -> Fault:
    """Answer with an HTTP status, without running the call."""
    return Fault(kind="http", status=status)


def rate_limited(retry_after: float) -> Fault:
    return Fault(kind="http", status=429, retry_after=retry_after)


def error(code: str) -> Fault:
    """Answer with the service's own error, without running the call."""
    return Fault(kind="error", code=code)


def hang(seconds: float) -> Fault:
    """Run the call, and answer late."""
    return Fault(kind="hang", seconds=seconds)


reset_before = Fault(kind="reset_before")  # cut the connection without running the call
reset_after = Fault(kind="reset_after")  # run the call, then cut the connection


@dataclass(kw_only=True)
class _Due:
    """A fault or hook that waits for its call; `left` is how often it still applies."""

    service: str
    method: str
    what: Fault | Hook
    left: int
    match: Callable[[Exchange], bool] | None = None

    def fits(self, exchange: Exchange) -> bool:
        return (
            self.left > 0
            and self.service == exchange.service
            and self.method in (ANY, exchange.method)
            and (self.match is None or self.match(exchange))
        )


class Faults:
    """The faults of all services; none at first. Methods are named as in the recorder; "*" is any method."""

    def __init__(self, latency: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._everywhere = latency
        self._latency: dict[tuple[str, str], float] = {}
        self._outages: dict[str, Fault] = {}
        self._injected: list[_Due] = []
        self._drawing: Callable[[Exchange], Fault | None] | None = None
        self._before: list[_Due] = []
        self._after: list[_Due] = []

    def latency(self, service: str, seconds: float, method: str = ANY) -> None:
        """Delay each call. The call runs at the end of the delay."""
        self._latency[service, method] = seconds

    def inject(
        self,
        service: str,
        method: str,
        fault: Fault,
        times: int = 1,
        match: Callable[[Exchange], bool] | None = None,
    ) -> None:
        """Make the next `times` calls that `match` meet `fault`."""
        due = _Due(service=service, method=method, what=fault, left=times, match=match)
        with self._lock:
            self._injected.append(due)

    def draw(self, drawing: Callable[[Exchange], Fault | None]) -> None:
        """Ask `drawing` for the fault of each call that meets no other, until `clear`."""
        self._drawing = drawing

    def down(self, service: str, fault: Fault | None = None) -> None:
        """Make every call fail, with HTTP 503 by default, until `up` or `clear`."""
        self._outages[service] = fault or http(503)

    def up(self, service: str) -> None:
        self._outages.pop(service, None)

    def outage(self, service: str) -> Fault | None:
        """Return the fault that every call to the service meets, None if it is up."""
        return self._outages.get(service)

    def slowness(self, service: str) -> float:
        """Return the delay of a call to the service, in seconds, for any method."""
        return self._latency.get((service, ANY), self._everywhere)

    def before(self, service: str, method: str, hook: Hook, times: int = 1) -> None:
        """Run `hook` when the call has arrived, before it runs."""
        with self._lock:
            self._before.append(_Due(service=service, method=method, what=hook, left=times))

    def after(self, service: str, method: str, hook: Hook, times: int = 1) -> None:
        """Run `hook` when the call has run, before its answer is sent."""
        with self._lock:
            self._after.append(_Due(service=service, method=method, what=hook, left=times))

    def clear(self) -> None:
        """Remove all faults, delays and hooks."""
        with self._lock:
            self._everywhere = 0.0
            self._drawing = None
            for store in (self._latency, self._outages, self._injected, self._before, self._after):
                store.clear()

    # ---------------------------------------------------------------- asked by the gateway, once a call

    def delay(self, exchange: Exchange) -> float:
        if not self._latency:
            return self._everywhere
        of_service = self._latency.get((exchange.service, ANY), self._everywhere)
        return self._latency.get((exchange.service, exchange.method), of_service)

    def fault(self, exchange: Exchange) -> Fault | None:
        if self._injected:
            injected = self._claim(self._injected, exchange)
            if isinstance(injected, Fault):
                return injected
        outage = self._outages.get(exchange.service)
        return self._drawing(exchange) if self._drawing and not outage else outage

    def hook_before(self, exchange: Exchange) -> Hook | None:
        return self._hook(self._before, exchange)

    def hook_after(self, exchange: Exchange) -> Hook | None:
        return self._hook(self._after, exchange)

    def _hook(self, waiting: list[_Due], exchange: Exchange) -> Hook | None:
        what = self._claim(waiting, exchange) if waiting else None
        return None if isinstance(what, Fault) else what

    def _claim(self, waiting: list[_Due], exchange: Exchange) -> Fault | Hook | None:
        with self._lock:
            due = next((due for due in waiting if due.fits(exchange)), None)
            if due is None:
                return None
            due.left -= 1
            if not due.left:
                waiting.remove(due)
            return due.what
