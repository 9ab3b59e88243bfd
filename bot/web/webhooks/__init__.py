"""Webhooks: each checks its caller's signature, then acts once per delivery, in one transaction."""

from bot.web.webhooks.backend import Backend
from bot.web.webhooks.changes import changes
from bot.web.webhooks.github import github
from bot.web.webhooks.locks import locks
from bot.web.webhooks.pagerduty import pagerduty

__all__ = ["Backend", "changes", "github", "locks", "pagerduty"]
