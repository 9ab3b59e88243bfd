"""MCP over stdin and stdout: one agent, in one person's name."""

from typing import Any

from mcp.server.stdio import stdio_server

from bot.web.mcp.caller import McpCaller
from bot.web.mcp.server import McpServer
from bot.web.mcp.site import McpSite


async def serve(site: McpSite, caller: McpCaller) -> None:
    """Serve until the agent closes its end."""

    def always(_request: Any) -> McpCaller:
        return caller

    sdk = McpServer(site, always).sdk
    async with stdio_server() as (read, write):
        await sdk.run(read, write, sdk.create_initialization_options())
