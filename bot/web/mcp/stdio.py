"""MCP over stdin and stdout: one agent, in one person's name."""

from collections.abc import Callable
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from bot.web.mcp.caller import McpCaller
from bot.web.mcp.server import McpServer
from bot.web.mcp.site import McpSite

NOBODY = McpCaller(person="", name="", may_propose=False)


def server_of(site: McpSite, caller: Callable[[], McpCaller | None]) -> Server[Any]:
    """Return the server of one agent. Who calls is asked each time: a token may be revoked meanwhile."""

    def now(_request: Any) -> McpCaller:
        return caller() or NOBODY

    return McpServer(site, now).sdk


async def serve(site: McpSite, caller: Callable[[], McpCaller | None]) -> None:
    """Serve until the agent closes its end."""
    sdk = server_of(site, caller)
    async with stdio_server() as (read, write):
        await sdk.run(read, write, sdk.create_initialization_options())
