"""The box's HTTP and websocket server on 127.0.0.1, which can cut a connection in the middle of a call."""

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from aiohttp import WSMsgType, web

LONGEST_HEAD = 65_536
PATIENCE = 10.0
"""Seconds to wait for the reader of a stream. A slower reader is cut off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """One request. Header names are in lower case."""

    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    connection: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpResponse:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpStream:
    """An answer without an end."""

    content_type: str
    chunks: AsyncGenerator[bytes]
    headers: tuple[tuple[str, str], ...] = ()


AnyResponse = HttpResponse | HttpStream | None  # None: cut the connection without an answer


class HttpHandler(Protocol):
    """Answers the requests of a server."""

    def answer(self, request: HttpRequest) -> AnyResponse | Awaitable[AnyResponse]: ...
    def greet(self, path: str, link: "WebSocket") -> bool:
        """Accept a websocket at this path, or return False."""
        ...


class WebSocket:
    """One open websocket. `send` and `close` work from any thread. Frozen, it answers no ping."""

    def __init__(self, response: web.WebSocketResponse, loop: asyncio.AbstractEventLoop) -> None:
        self.is_frozen = False
        self.on_text: Callable[[str], None] = lambda _: None
        self.on_gone: Callable[[], None] = lambda: None
        self._response = response
        self._loop = loop

    def send(self, text: str) -> None:
        self._run(self._response.send_str(text))

    def close(self) -> None:
        self._run(self._response.close())

    async def listen(self) -> None:
        """Receive until the connection ends."""
        try:
            async for message in self._response:
                if message.type is WSMsgType.TEXT:
                    self.on_text(message.data)
                elif message.type is WSMsgType.PING and not self.is_frozen:
                    await self._response.pong(message.data)
        finally:
            self.on_gone()

    def _run(self, work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop)


class HttpServer:
    """Runs in a daemon thread with its own event loop, from `start` to `stop`."""

    def __init__(self, handler: HttpHandler, port: int = 0) -> None:
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        self._handler = handler
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-server", daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self) -> None:
        """Cut every connection."""
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._web = web.Server(
            self._answer, access_log=None, max_line_size=LONGEST_HEAD, max_field_size=LONGEST_HEAD
        )
        self._listener = await self._loop.create_server(self._web, sock=self._socket, backlog=512)

    async def _shut_down(self) -> None:
        self._listener.close()
        for connection in self._web.connections:
            if connection.transport is not None:
                connection.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await self._talk(request)
        answer = self._handler.answer(await _read(request))
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, HttpStream):
            return await _stream(request, answer)
        if answer is None:
            return _hang_up(request)
        headers = {"content-type": answer.content_type, **dict(answer.headers)}
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def _talk(self, request: web.BaseRequest) -> web.WebSocketResponse:
        response = web.WebSocketResponse(autoping=False, compress=False)
        await response.prepare(request)
        link = WebSocket(response, self._loop)
        if self._handler.greet(request.raw_path, link):
            await link.listen()
        return response


async def _read(request: web.BaseRequest) -> HttpRequest:
    body = await request.read()
    path, _, query = request.raw_path.partition("?")
    host, port = request.get_extra_info("peername", ("", 0))
    return HttpRequest(
        verb=request.method,
        path=unquote(path),
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        connection=f"{host}:{port}",
    )


async def _stream(request: web.BaseRequest, answer: HttpStream) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": answer.content_type, **dict(answer.headers)})
    await response.prepare(request)
    with suppress(ConnectionError, TimeoutError):
        async with aclosing(answer.chunks):
            async for chunk in answer.chunks:
                async with asyncio.timeout(PATIENCE):
                    await response.write(chunk)
    return _hang_up(request)


def _hang_up(request: web.BaseRequest) -> web.StreamResponse:
    """Cut the connection. aiohttp cannot send the response that is returned."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _listening(port: int) -> socket.socket:
    """Bind a port (0: any free one). OSError if it is taken."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening
