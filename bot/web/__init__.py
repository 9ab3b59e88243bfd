"""HTTP: Slack's requests, webhooks, health and metrics."""

from bot.web import webhooks
from bot.web.access import SeesAll, everyone, with_token
from bot.web.answer import Handler, Page, WebAnswer
from bot.web.app import Shown, build_web
from bot.web.calls import arrived_at
from bot.web.health import Check, examined
from bot.web.server import CannotListen, Server, listen, serve

__all__ = [
    "CannotListen",
    "Check",
    "Handler",
    "Page",
    "SeesAll",
    "Server",
    "Shown",
    "WebAnswer",
    "arrived_at",
    "build_web",
    "everyone",
    "examined",
    "listen",
    "serve",
    "webhooks",
    "with_token",
]
