"""The box in a browser: a workspace that who uses Slack finds natural, the phones, and what goes on underneath."""

from bot.sandbox.page.page import OfferedCommand, SandboxPage

__all__ = ["OfferedCommand", "SandboxPage"]
