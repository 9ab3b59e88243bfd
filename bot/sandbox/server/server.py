"""A small, fast HTTP/1.1 and websocket server on 127.0.0.1 that can cut a connection in the middle of a call.

It is not uvicorn for two reasons. Benchmarks run the bot and this server on the same cores, and here a call
costs a tenth of the time. ASGI can't cut a connection without an answer.
"""

import asyncio
import http
import logging
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

log = logging.getLogger(__name__)
PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
LONGEST_HEAD = 65_536
LONGEST_WAIT = 1_048_576
"""Bytes that may wait for the reader of a stream. A slower reader is cut off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
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

    def encode(self) -> bytes:
        length = ("content-length", str(len(self.body)))
        return _encoded_head(self.status, self.content_type, (length, *self.headers)) + self.body


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpStream:
    """An answer without an end. The connection carries no other answer after it."""

    content_type: str
    chunks: AsyncGenerator[bytes]
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        """Return the head only."""
        return _encoded_head(200, self.content_type, (("connection", "close"), *self.headers))


def _encoded_head(status: int, content_type: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {PHRASES.get(status, 'Unknown')}",
        f"content-type: {content_type}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


AnyResponse = HttpResponse | HttpStream | None  # None: cut the connection without an answer


class HttpHandler(Protocol):
    """Answers the requests of a server."""

    def answer(self, request: HttpRequest) -> AnyResponse | Awaitable[AnyResponse]: ...
    def greet(self, path: str, link: "WebSocket") -> bool:
        """Accept a websocket at this path, or return False."""
        ...


class WebSocket:
    """One open websocket. `send` and `close` work from any thread. Frozen, it answers no ping."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.is_frozen = False
        self.on_text: Callable[[str], None] = lambda _: None
        self.on_gone: Callable[[], None] = lambda: None
        self._protocol = ServerProtocol()
        self._transport = transport
        self._loop = loop

    def send(self, text: str) -> None:
        self._loop.call_soon_threadsafe(self._send, text.encode())

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._close)

    def received(self, data: bytes) -> Handshake | None:
        """Process received data. Return the handshake if it is one."""
        self._protocol.receive_data(data)
        handshake = None
        for event in self._protocol.events_received():
            if isinstance(event, Handshake):
                handshake = event
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self.on_text(bytes(event.data).decode())
        if handshake is None and not self.is_frozen:
            self._flush()
        return handshake

    def accept(self, handshake: Handshake) -> None:
        self._protocol.send_response(self._protocol.accept(handshake))
        self._flush()

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._protocol.send_text(data)
            self._flush()

    def _close(self) -> None:
        if not self._transport.is_closing():
            self._protocol.send_close(1000, "")
            self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


class _HttpConnection(asyncio.Protocol):
    """One connection: requests in turn, or a websocket after its handshake."""

    def __init__(self, handler: HttpHandler, server: "HttpServer") -> None:
        self._handler = handler
        self._server = server
        self._unread = bytearray()
        self._is_busy = False
        self._is_last = False
        self._socket: WebSocket | None = None
        self._streaming: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP gives nothing else
        self._transport = transport
        self._name = "{}:{}".format(*transport.get_extra_info("peername"))
        self._server.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.transports.discard(self._transport)
        if self._streaming is not None:
            self._streaming.cancel()
        if self._socket is not None:
            self._socket.on_gone()

    def data_received(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.received(data)
            return
        self._unread += data
        self._answer_next()

    def _answer_next(self) -> None:
        while not self._is_busy and (request := self._take()) is not None:
            try:
                answer = self._handler.answer(request)
            except Exception as error:  # noqa: BLE001 - the box's own error must not look like a fault
                self._report_crash(error)
                continue
            if isinstance(answer, Awaitable):
                self._is_busy = True
                self._server.spawn(self._answer_later(answer))
            else:
                self._write(answer)

    async def _answer_later(self, answer: Awaitable[AnyResponse]) -> None:
        try:
            self._write(await answer)
        except Exception as error:  # noqa: BLE001 - as above
            self._report_crash(error)
        self._is_busy = self._streaming is not None
        self._answer_next()

    def _report_crash(self, error: Exception) -> None:
        log.error("the sandbox crashed", exc_info=error)
        self._write(HttpResponse(status=500, body=b"the sandbox crashed", content_type="text/plain"))

    def _write(self, answer: AnyResponse) -> None:
        if answer is None:
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(answer.encode())
            if isinstance(answer, HttpStream):
                self._is_busy = True
                self._streaming = self._server.spawn(self._stream(answer.chunks))
            elif self._is_last:
                self._transport.close()

    async def _stream(self, chunks: AsyncGenerator[bytes]) -> None:
        async with aclosing(chunks):
            async for chunk in chunks:
                if self._transport.is_closing() or self._transport.get_write_buffer_size() > LONGEST_WAIT:
                    break
                self._transport.write(chunk)
        self._transport.abort()

    def _take(self) -> HttpRequest | None:
        """Return the next complete request, None if it has not arrived."""
        end = self._unread.find(b"\r\n\r\n")
        if end < 0:
            if len(self._unread) > LONGEST_HEAD:
                self._refuse(431)
            return None
        try:
            verb, target, headers = _head(self._unread[:end].decode("latin-1"))
            whole = end + 4 + int(headers.get("content-length", 0))
        except ValueError:
            self._refuse(400)
            return None
        if "websocket" in headers.get("upgrade", "").lower():
            self._upgrade(target)
            return None
        if "transfer-encoding" in headers:
            self._refuse(411)
            return None
        if len(self._unread) < whole:
            return None
        body = bytes(self._unread[end + 4 : whole])
        del self._unread[:whole]
        self._is_last = headers.get("connection", "").lower() == "close"
        path, _, query = target.partition("?")
        path = unquote(path) if "%" in path else path
        return HttpRequest(
            verb=verb, path=path, query=query, headers=headers, body=body, connection=self._name
        )

    def _refuse(self, status: int) -> None:
        self._transport.write(HttpResponse(status=status).encode())
        self._transport.close()

    def _upgrade(self, target: str) -> None:
        link = WebSocket(self._transport, self._server.loop)
        handshake = link.received(bytes(self._unread))
        self._unread.clear()
        if handshake is None:
            self._refuse(400)
            return
        self._socket = link
        link.accept(handshake)
        if not self._handler.greet(target, link):
            self._transport.close()


def _head(text: str) -> tuple[str, str, dict[str, str]]:
    """Parse verb, target and headers, with names in lower case. ValueError if it is not HTTP."""
    first, *lines = text.split("\r\n")
    verb, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return verb, target, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _listening(port: int) -> socket.socket:
    """Bind a port (0: any free one). OSError if it is taken."""
    # asyncio switches Nagle's delay off only if proto is given
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening


class HttpServer:
    """Runs in a daemon thread with its own event loop, from `start` to `stop`."""

    def __init__(self, handler: HttpHandler, port: int = 0) -> None:
        self._socket = _listening(port)
        self.loop = asyncio.new_event_loop()
        self.transports: set[asyncio.Transport] = set()
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="sandbox-server", daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result()

    def stop(self) -> None:
        """Cut every connection."""
        asyncio.run_coroutine_threadsafe(self._shut_down(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _listen(self) -> None:
        self._listening = await self.loop.create_server(
            lambda: _HttpConnection(self._handler, self), sock=self._socket, backlog=512
        )

    async def _shut_down(self) -> None:
        self._listening.close()
        for transport in tuple(self.transports):
            transport.abort()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.loop.shutdown_default_executor()

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self.loop.create_task(work)
        self._tasks.add(task)  # asyncio itself keeps no strong reference
        task.add_done_callback(self._tasks.discard)
        return task

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
