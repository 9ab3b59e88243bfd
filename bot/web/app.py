"""The bot's web app, in Starlette: Slack's requests, webhooks, deploy locks, health and metrics."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.web.access import REFUSED, SeesAll
from bot.web.answer import Handler, Page, WebAnswer
from bot.web.health import Check, examine

LARGEST_BODY = 1024 * 1024
LONGEST_WAIT = 10.0
"""Seconds that a request may wait for a thread. After that its caller has stopped waiting."""
SLOWEST_BODY = 10.0
"""Seconds until a body must have arrived."""

_log = structlog.get_logger(__name__)


_Endpoint = Callable[[Request], Awaitable[Response]]
_arrived_at: ContextVar[float] = ContextVar("arrived_at")


def arrived_at() -> float:
    """Return when the current request arrived, on the monotonic clock. It may have waited for a thread."""
    return _arrived_at.get(time.monotonic())


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What GET requests see: `metrics`, and `pages` by path. A page that is missing needs the token."""

    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    pages: Mapping[str, Page] = field(default_factory=dict)


def build_web(
    *,
    to_all: Shown,
    with_token: Shown,
    sees_all: SeesAll,
    readiness: Mapping[str, Check],
    notes: Mapping[str, Check] = MappingProxyType({}),
    handlers: Mapping[str, Handler] = MappingProxyType({}),
    threads: int = 64,
    patience: float = 2.0,
) -> Starlette:
    """Build the app. `handlers` take POST requests by path. `threads` requests run side by side.

    A request sees `with_token` if `sees_all` says so of its headers, else `to_all`, and of readiness only whether.
    A readiness check that has not answered after `patience` seconds counts as failed. `notes` are shown beside the
    checks, and make nobody unready: the process serves as well as without them.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def readyz(request: Request) -> Response:
        trouble = await examine(readiness, patience=patience)
        is_ready = not any(trouble.values())
        detail = await _detail(trouble, notes, patience) if sees_all(request.headers) else {}
        return JSONResponse({"ready": is_ready, **detail}, status_code=200 if is_ready else 503)

    async def show_metrics(request: Request) -> Response:
        shown = with_token if sees_all(request.headers) else to_all
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        text = await asyncio.get_running_loop().run_in_executor(pool, encode, shown.metrics)
        return Response(text, headers={"content-type": content_type})

    def chosen(path: str) -> Callable[[Request], Page]:
        def page(request: Request) -> Page:
            shown = with_token if sees_all(request.headers) else to_all
            return shown.pages.get(path, _refused)

        return page

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with pool:
            yield

    return Starlette(
        lifespan=lifespan,
        routes=[
            *(Route(path, _through(handler, pool), methods=["POST"]) for path, handler in handlers.items()),
            *(Route(path, _shown(chosen(path), pool), methods=["GET"]) for path in with_token.pages),
            Route("/healthz", _healthz),
            Route("/readyz", readyz),
            Route("/metrics", show_metrics),
            Route("/", _index),
        ],
    )


async def _detail(
    trouble: Mapping[str, str], notes: Mapping[str, Check], patience: float
) -> dict[str, object]:
    noted = {name: words for name, words in (await examine(notes, patience=patience)).items() if words}
    checks = {name: words or "ok" for name, words in trouble.items()}
    return {"checks": checks, **({"notes": noted} if noted else {})}


def _refused(_name: str, _query: Mapping[str, str]) -> WebAnswer:
    return REFUSED


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _index(_: Request) -> Response:
    return PlainTextResponse("Spy is here. Talk to it in Slack.\n")


def _through(handler: Handler, pool: Executor) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        came = time.monotonic()
        try:
            body = await _body(request)
        except ClientDisconnect:
            return PlainTextResponse("The request broke off.\n", status_code=400)
        except TimeoutError:
            return PlainTextResponse("The request took too long to arrive.\n", status_code=408)
        if body is None:
            return PlainTextResponse(f"More than {LARGEST_BODY} bytes are not read here.\n", status_code=413)
        return await _in_thread(pool, partial(handler, body, dict(request.headers)), request.url.path, came)

    return endpoint


def _shown(chosen: Callable[[Request], Page], pool: Executor) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        name = str(request.path_params.get("name", ""))
        came, shown = time.monotonic(), partial(chosen(request), name, dict(request.query_params))
        return await _in_thread(pool, shown, request.url.path, came)

    return endpoint


async def _in_thread(pool: Executor, handler: Callable[[], WebAnswer], path: str, came: float) -> Response:
    answer = await asyncio.get_running_loop().run_in_executor(pool, _answer, handler, path, came)
    return Response(answer.body, answer.status, headers=dict(answer.headers))


def _answer(handler: Callable[[], WebAnswer], path: str, came: float) -> WebAnswer:
    """Call the handler. An error in it is logged; the caller gets only its number."""
    if time.monotonic() > came + LONGEST_WAIT:
        return WebAnswer(
            status=503, body="Spy has too much to do just now. Nothing was done; send it again.\n"
        )
    _arrived_at.set(came)
    try:
        return handler()
    except Exception:  # noqa: BLE001  the last catch before the caller, who must see no trace
        number = uuid4().hex[:8]
        _log.exception("a web request failed", path=path, fault=number)
        return WebAnswer(status=500, body=f"Spy hit a fault of its own; it is logged as {number}.\n")


async def _body(request: Request) -> bytes | None:
    """Read the body. None if it is larger than the limit."""
    length = request.headers.get("content-length", "")
    if (
        length.isascii()
        and length.isdigit()
        and (len(length) > len(str(LARGEST_BODY)) or int(length) > LARGEST_BODY)
    ):
        return None
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(SLOWEST_BODY):
        async for part in request.stream():
            size += len(part)
            if size > LARGEST_BODY:
                return None
            parts.append(part)
    return b"".join(parts)
