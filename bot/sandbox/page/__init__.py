"""The box in a browser: a Slack workspace, the phones, and an inspector for developers."""

from bot.sandbox.page.page import OfferedCommand, SandboxPage

__all__ = ["OfferedCommand", "SandboxPage"]
