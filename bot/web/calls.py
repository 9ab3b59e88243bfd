"""Run a handler in a thread, with the limits of a request: its size, and how long it may wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.web.answer import WebAnswer

LARGEST_BODY = 1024 * 1024
LONGEST_WAIT = 10.0
"""Seconds that a request may wait for a thread. After that its caller has stopped waiting."""
SLOWEST_BODY = 10.0
"""Seconds until a body must have arrived."""

Endpoint = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)
_arrived_at: ContextVar[float] = ContextVar("arrived_at")


def arrived_at() -> float:
    """Return when the current request arrived, on the monotonic clock. It may have waited for a thread."""
    return _arrived_at.get(time.monotonic())


@dataclass(frozen=True)
class Unread:
    """A body that was not read, and what its sender gets."""

    response: Response


async def body_of(request: Request) -> bytes | Unread:
    """Read the body."""
    try:
        body = await _body(request)
    except ClientDisconnect:
        return Unread(PlainTextResponse("The request broke off.\n", status_code=400))
    except TimeoutError:
        return Unread(PlainTextResponse("The request took too long to arrive.\n", status_code=408))
    if body is None:
        return Unread(
            PlainTextResponse(f"More than {LARGEST_BODY} bytes are not read here.\n", status_code=413)
        )
    return body


async def in_thread(
    pool: Executor, handler: Callable[[], WebAnswer], path: str, came: float | None = None
) -> Response:
    """Call the handler in a thread. `came` is when the request arrived; it is now if nothing was read since."""
    came = time.monotonic() if came is None else came
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
