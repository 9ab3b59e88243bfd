"""Webhooks: each checks its caller's signature, then acts once per delivery, in one transaction."""

from bot.web.webhooks.alerts import alerts
from bot.web.webhooks.backend import Backend
from bot.web.webhooks.changes import changes
from bot.web.webhooks.locks import locks
from bot.web.webhooks.pager import pager
from bot.web.webhooks.tracker import tracker

__all__ = ["Backend", "alerts", "changes", "locks", "pager", "tracker"]
