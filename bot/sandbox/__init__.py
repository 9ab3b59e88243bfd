"""A workspace in a box: stand-ins for Slack, PagerDuty and GitHub, over real HTTP and a real websocket.

The sandbox imports nothing of the bot, and the bot nothing of the sandbox. `docs/sandbox.md` says how it is
built.
"""

from bot.sandbox.box import Box

__all__ = ["Box"]
