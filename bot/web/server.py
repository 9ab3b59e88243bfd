"""Runs the web server in its own thread. The port is taken before anything else starts."""

import asyncio
import errno
import socket
from asyncio import Protocol as Connection
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from threading import Event, Thread
from typing import Protocol, cast

import uvicorn
from starlette.applications import Starlette

from bot.web.connection import ConnectionLimits, GuardedConnection

PATIENCE = 5.0
"""Seconds that running requests get when the server stops, and that the server may take to start."""


class Streams(Protocol):
    """Answers that last."""

    def close(self) -> None: ...


class CannotListen(Exception):  # noqa: N818  named for what happened
    """The port can't be taken. The message is a sentence with the fix."""


def listen(host: str, port: int, key: str = "web.") -> socket.socket:
    """Take a port (0: any free one). `key` is how its settings begin. Raises CannotListen."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio turns Nagle's delay off only if the protocol is named
        listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    except OSError as error:
        raise CannotListen(f"{key}host: {host} is no address to listen on ({error.strerror}).") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise CannotListen(_why(error, host, port, key)) from None
    return listening


def serve(app: Starlette, listening: socket.socket, limits: ConnectionLimits | None = None) -> "Server":
    """Serve until `stop`. Returns once requests are answered."""
    return Server(app, listening, limits or ConnectionLimits())


class Server:
    """A running web server. `port` is the one it really listens on."""

    def __init__(self, app: Starlette, listening: socket.socket, limits: ConnectionLimits) -> None:
        self.port: int = listening.getsockname()[1]
        self._uvicorn = _Uvicorn(_tuned(app, limits), streams=getattr(app.state, "streams", ()))
        self._thread = Thread(
            target=self._uvicorn.run, kwargs={"sockets": [listening]}, name="web-server", daemon=True
        )
        self._thread.start()
        if not self._uvicorn.is_up.wait(PATIENCE):
            raise CannotListen(f"the web server did not start within {PATIENCE:g} s.")

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Answer running requests, then close."""
        self._uvicorn.end()
        self._thread.join(2 * PATIENCE)


class _Uvicorn(uvicorn.Server):
    """Signals when it is ready. Its loop looks once a second; uvicorn's own looks ten times, also when idle."""

    def __init__(self, config: uvicorn.Config, *, streams: Sequence[Streams]) -> None:
        super().__init__(config)
        self.is_up = Event()
        self._streams = streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        await super().startup(sockets)
        self.is_up.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # 0: it renews the date of the answers
            await asyncio.wait((self._ended,), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: otherwise the server waits for browsers and agents that wait for it."""
        for it in self._streams:
            it.close()
        await super().shutdown(sockets)

    def end(self) -> None:
        """Stop at once, from another thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._ended.cancel)


def _tuned(app: Starlette, limits: ConnectionLimits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[Connection]", partial(GuardedConnection, limits=limits)),
        lifespan="on",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,  # longer than the usual proxy's 60 s, so that the proxy always closes first
        timeout_graceful_shutdown=int(PATIENCE),
        backlog=2048,
    )


def _why(error: OSError, host: str, port: int, key: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{key}port: {port} is taken on {host}. Stop what holds it, or set {key}port in the configuration."
    if error.errno == errno.EACCES:
        return f"{key}port: {port} may not be used by this user. Set {key}port to one above 1023."
    return f"{key}host: {host} can't be listened on ({error.strerror})."
