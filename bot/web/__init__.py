"""HTTP: Slack's requests, webhooks, health and metrics."""

from bot.web import webhooks
from bot.web.app import Handler, Page, WebAnswer, arrived_at, build_web
from bot.web.health import Check
from bot.web.server import CannotListen, Server, listen, serve

__all__ = [
    "CannotListen",
    "Check",
    "Handler",
    "Page",
    "Server",
    "WebAnswer",
    "arrived_at",
    "build_web",
    "listen",
    "serve",
    "webhooks",
]
