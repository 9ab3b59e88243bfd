"""Finds the service of each request, applies faults, and records the request."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from bot.sandbox.faults import Fault, Faults, Hook
from bot.sandbox.recorder import Exchange, Recorder
from bot.sandbox.server.server import AnyResponse, HttpRequest, HttpResponse, WebSocket

AN_ID = re.compile(r"/(?:\d+|[PQRI][A-Z0-9]{4,})(?=/|$)")  # a number, or an id as PagerDuty makes them
HOME = ("127.0.0.1", "localhost")
ELSEWHERE = b"The box answers only to this machine's own pages; open it at its own address."
Endpoint = Callable[[HttpRequest], AnyResponse | Awaitable[AnyResponse]]


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A part of the server. With an empty `service` it meets no faults and is not recorded."""

    prefix: str
    service: str
    endpoint: Endpoint
    name: Callable[[HttpRequest], str]


def by_route(prefix: str) -> Callable[[HttpRequest], str]:
    """Return a function that names a request by its route, such as `POST /incidents/{id}`."""
    return lambda request: f"{request.verb} {AN_ID.sub('/{id}', request.path.removeprefix(prefix)) or '/'}"


class Gateway:
    """Answers at once if there is no fault and the service is quick, otherwise in a task."""

    def __init__(self, *, faults: Faults, recorder: Recorder, clock: Callable[[], datetime]) -> None:
        self.mounts: list[Mount] = []
        self.greet: Callable[[str, WebSocket], bool] = lambda _path, _link: False
        self._faults = faults
        self._recorder = recorder
        self._clock = clock

    def answer(self, request: HttpRequest) -> AnyResponse | Awaitable[AnyResponse]:
        if not _is_at_home(request):
            return HttpResponse(status=403, body=ELSEWHERE, content_type="text/plain")
        mount = next((m for m in self.mounts if request.path.startswith(m.prefix)), None)
        if mount is None:
            return HttpResponse(status=404, body=b"nothing here", content_type="text/plain")
        if not mount.service:
            return mount.endpoint(request)
        exchange = _exchange(mount, request)
        self._recorder.add(exchange)
        visit = _Visit(mount=mount, request=request, exchange=exchange, clock=self._clock)
        delay, fault = self._faults.delay(exchange), self._faults.fault(exchange)
        before, after = self._faults.hook_before(exchange), self._faults.hook_after(exchange)
        if delay or fault or before or after:
            return visit.with_faults(delay, fault, before, after)
        answer = mount.endpoint(request)
        return visit.finish(answer) if isinstance(answer, Awaitable) else visit.close(answer)


def _is_at_home(request: HttpRequest) -> bool:
    """Whether the request comes from this machine's own pages, by its host and origin."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    return host.partition(":")[0] in HOME and origin in (None, f"http://{host}")


def _exchange(mount: Mount, request: HttpRequest) -> Exchange:
    return Exchange(
        service=mount.service,
        direction="from_bot",
        method=mount.name(request),
        path=f"{request.path}?{request.query}" if request.query else request.path,
        headers=request.headers,
        content_type=request.headers.get("content-type", ""),
        body=request.body,
        started=time.time(),
        connection=request.connection,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Visit:
    """One request and its exchange."""

    mount: Mount
    request: HttpRequest
    exchange: Exchange
    clock: Callable[[], datetime]

    async def with_faults(
        self, delay: float, fault: Fault | None, before: Hook | None, after: Hook | None
    ) -> AnyResponse:
        """Run delay, hook, call, hook and answer in this order, as far as the fault allows."""
        if delay:
            await asyncio.sleep(delay)
        if before:
            await asyncio.to_thread(before, self.exchange)
        if fault is None:
            answer: AnyResponse = await self._effect()
        else:
            self.exchange.fault = fault.code or fault.kind
            answer = await self._with_fault(fault)
        if after:
            await asyncio.to_thread(after, self.exchange)
        return self.close(answer)

    async def finish(self, answer: Awaitable[AnyResponse]) -> AnyResponse:
        return self.close(await answer)

    def close(self, answer: AnyResponse) -> AnyResponse:
        self.exchange.finished = time.time()
        if not isinstance(answer, HttpResponse):
            return answer
        self.exchange.status, self.exchange.answer = answer.status, answer.body
        dated = ("date", format_datetime(self.clock(), usegmt=True))
        return replace(answer, headers=(*answer.headers, dated))

    async def _effect(self) -> AnyResponse:
        answer = self.mount.endpoint(self.request)
        return await answer if isinstance(answer, Awaitable) else answer

    async def _with_fault(self, fault: Fault) -> AnyResponse:
        if fault.kind == "reset_before":
            return None
        if fault.kind == "reset_after":
            await self._effect()
            return None
        if fault.kind == "hang":
            answer = await self._effect()
            await asyncio.sleep(fault.seconds)
            return answer
        return _refusal(self.mount.service, fault)


def _refusal(service: str, fault: Fault) -> HttpResponse:
    after = () if fault.retry_after is None else (("retry-after", f"{fault.retry_after:g}"),)
    if fault.kind == "error":
        status = 200 if service == "slack" else 400
        return HttpResponse(status=status, body=_error(service, fault.code))
    code = "ratelimited" if fault.status == 429 else "internal_error"  # noqa: PLR2004 - HTTP's own number
    return HttpResponse(status=fault.status, body=_error(service, code), headers=after)


def _error(service: str, code: str) -> bytes:
    """Return an error in the service's own format."""
    if service == "slack":
        return json.dumps({"ok": False, "error": code}).encode()
    if service == "pagerduty":
        return json.dumps({"error": {"message": code, "code": 2000, "errors": [code]}}).encode()
    if service == "statuspage":
        return json.dumps({"error": code}).encode()
    return json.dumps({"message": code}).encode()
