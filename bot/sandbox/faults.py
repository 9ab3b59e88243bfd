"""The weather between the bot and the services: delay, faults, outages, and hooks at the worst moments."""

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
    """`status` and `retry_after` go with http, `code` with error, `seconds` with hang."""

    kind: Kind
    status: int = 200
    retry_after: float | None = None
    code: str = ""
    seconds: float = 0.0


def http(status: int) -> Fault:
    """An answer of the service's front door, with nothing done."""
    return Fault(kind="http", status=status)


def rate_limited(retry_after: float) -> Fault:
    return Fault(kind="http", status=429, retry_after=retry_after)


def error(code: str) -> Fault:
    """The service's own refusal, with nothing done."""
    return Fault(kind="error", code=code)


def hang(seconds: float) -> Fault:
    """The effect is done, the answer comes late."""
    return Fault(kind="hang", seconds=seconds)


reset_before = Fault(kind="reset_before")  # the connection is cut and nothing was done
reset_after = Fault(kind="reset_after")  # all was done and the answer is lost


@dataclass(kw_only=True)
class _Due:
    """Something that waits for its call; `left` is how often it still happens."""

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
    """Fine until asked otherwise. A method is named as in the recorder; "*" is any of the service's."""

    def __init__(self, latency: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._everywhere = latency
        self._latency: dict[tuple[str, str], float] = {}
        self._outages: dict[str, Fault] = {}
        self._injected: list[_Due] = []
        self._before: list[_Due] = []
        self._after: list[_Due] = []

    def latency(self, service: str, seconds: float, method: str = ANY) -> None:
        """Let each call take so long; the effect comes at the end of it, just before the answer."""
        self._latency[service, method] = seconds

    def inject(
        self,
        service: str,
        method: str,
        fault: Fault,
        times: int = 1,
        match: Callable[[Exchange], bool] | None = None,
    ) -> None:
        """Let the next `times` calls meet `fault`, of those that `match`."""
        due = _Due(service=service, method=method, what=fault, left=times, match=match)
        with self._lock:
            self._injected.append(due)

    def down(self, service: str, fault: Fault | None = None) -> None:
        """Every call fails, with HTTP 503 unless told otherwise, until `up` or `clear`."""
        self._outages[service] = fault or http(503)

    def up(self, service: str) -> None:
        self._outages.pop(service, None)

    def outage(self, service: str) -> Fault | None:
        """What every call to the service meets just now, if it is down."""
        return self._outages.get(service)

    def slowness(self, service: str) -> float:
        """Seconds that a call to the service takes, whatever its method."""
        return self._latency.get((service, ANY), self._everywhere)

    def before(self, service: str, method: str, hook: Hook, times: int = 1) -> None:
        """Run `hook` when the call has arrived and nothing is done yet."""
        with self._lock:
            self._before.append(_Due(service=service, method=method, what=hook, left=times))

    def after(self, service: str, method: str, hook: Hook, times: int = 1) -> None:
        """Run `hook` when all is done and the answer has not left yet."""
        with self._lock:
            self._after.append(_Due(service=service, method=method, what=hook, left=times))

    def clear(self) -> None:
        """Fine weather again, without delay."""
        with self._lock:
            self._everywhere = 0.0
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
        return self._outages.get(exchange.service)

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
