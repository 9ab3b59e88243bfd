"""MCP over HTTP at /mcp: who calls is found out first; then the SDK answers. Each request stands alone.

The SDK is loaded with the first request: it takes a second and thirty megabytes, and most workspaces have no agent.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from bot.web.calls import Unread, body_of
from bot.web.mcp.caller import Callers, McpCaller
from bot.web.mcp.site import McpSite
from bot.web.pace import TokenPace

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from bot.web.mcp.server import McpServer

PATH = "/mcp"
CALLER = "spy.caller"
"""Where a request's scope has who calls."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether the commands were exchanged."""
THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
REFUSED = JSONResponse(
    {
        "error": "invalid_token",
        "error_description": "Send a token of Spy's as Authorization: Bearer. See docs/agents.md.",
    },
    status_code=401,
    headers={"www-authenticate": 'Bearer error="invalid_token"'},
)


@dataclass(frozen=True, kw_only=True)
class _Open:
    server: "McpServer"
    manager: "StreamableHTTPSessionManager"


class McpEndpoint:
    """An ASGI app. It serves while `running` is entered."""

    def __init__(self, site: McpSite, callers: Callers, pace: TokenPace | None = None) -> None:
        self._site, self._callers, self._pace = site, callers, pace or TokenPace()
        self._wanted, self._opened = anyio.Event(), anyio.Event()
        self._open: _Open | None = None

    @property
    def route(self) -> Route:
        return Route(PATH, endpoint=self, methods=["GET", "POST", "DELETE"])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._serve)
            yield
            tasks.cancel_scope.cancel()

    def close(self) -> None:
        """End the streams of clients, so that the web server can stop."""
        if self._open:
            self._open.server.streams.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await body_of(request) if request.method == "POST" else b""
        if isinstance(body, Unread):
            await body.response(scope, receive, send)
            return
        caller = await anyio.to_thread.run_sync(self._callers.of, body, dict(request.headers))
        if caller is None:
            await REFUSED(scope, receive, send)
            return
        if wait := self._pace.wait(f"{caller.person} {caller.name}"):
            await Response("Too many requests.\n", 429, headers={"retry-after": str(wait)})(
                scope, receive, send
            )
            return
        self._wanted.set()
        await self._opened.wait()
        assert self._open, "it is opened"  # noqa: S101
        await self._open.manager.handle_request({**scope, CALLER: caller}, _again(body, receive), send)

    async def _serve(self) -> None:
        await self._wanted.wait()
        self._open = await anyio.to_thread.run_sync(self._made)
        async with self._open.manager.run():
            self._opened.set()
            await self._watch(self._open.server)

    def _made(self) -> _Open:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415  as said above
        from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415

        from bot.web.mcp.server import McpServer  # noqa: PLC0415

        hosts = [*(f"{it}:*" for it in THIS_MACHINE), *THIS_MACHINE, *self._site.hosts]
        server = McpServer(self._site, caller_of)
        security = TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=hosts,
            allowed_origins=[f"{scheme}://{it}" for it in hosts for scheme in ("https", "http")],
        )
        return _Open(
            server=server,
            manager=StreamableHTTPSessionManager(server.sdk, stateless=True, security_settings=security),
        )

    async def _watch(self, server: "McpServer") -> None:
        """Tell clients that listen when the commands were exchanged."""
        from mcp.server.subscriptions import ToolsListChanged  # noqa: PLC0415  as said above

        known = self._site.registry()
        while True:
            await anyio.sleep(LOOK_EVERY)
            if (now := self._site.registry()) is not known:
                known = now
                await server.bus.publish(ToolsListChanged())


def caller_of(request: Any) -> McpCaller:
    """Return who sent the HTTP request of a message."""
    found: McpCaller = request.scope[CALLER]
    return found


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what reads a body that was read already."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received
