"""The MCP server: what an agent reads and proposes in a person's name. The SDK is loaded with the first request."""

from bot.web.mcp.caller import Callers, McpCaller
from bot.web.mcp.site import McpSite

__all__ = ["Callers", "McpCaller", "McpSite"]
