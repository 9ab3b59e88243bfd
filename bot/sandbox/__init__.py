"""A workspace in a box: Slack, PagerDuty and GitHub spoken over real HTTP and a real websocket."""

from bot.sandbox.box import Box

__all__ = ["Box"]
