"""The real webhooks of the real bot on a real database; only what leaves the process is not delivered."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, inspect, select, table
from starlette.applications import Starlette

from bot.adapters.slack.inbound import build_app
from bot.app.build import Bot, build
from bot.app.settings import load
from bot.app.web import open_pages, pages
from bot.app.webhooks import slack_handler, webhook_handlers
from bot.web import Shown, build_web, with_token

SECRET = "whisper"
CONFIG = """
slack: {mode: http}
services:
  greeter: {repositories: [Codertocat/Hello-World]}
  checkout: {repositories: [acme/till]}
  orders: {}
"""
SECRETS = (
    "SLACK_SIGNING_SECRET",
    "PAGERDUTY_WEBHOOK_SECRET",
    "GITHUB_WEBHOOK_SECRET",
    "CHANGES_WEBHOOK_SECRET",
    "ALERTS_WEBHOOK_SECRET",
    "ALERTMANAGER_WEBHOOK_TOKEN",
    "GRAFANA_WEBHOOK_SECRET",
)


class Caller:
    """Speaks to the app as a server would, without a socket between."""

    def __init__(self, app: Starlette) -> None:
        self._loop = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://spy")

    def post(self, path: str, content: bytes, headers: Mapping[str, Any]) -> httpx.Response:
        return self._loop.run(self._client.post(path, content=content, headers=headers))

    def get(self, path: str, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._loop.run(self._client.get(path, headers=headers))

    def close(self) -> None:
        self._loop.run(self._client.aclose())
        self._loop.close()


@dataclass(frozen=True, kw_only=True)
class ServedBot:
    web: Caller
    bot: Bot
    opened_at: datetime

    def kept(self) -> Mapping[str, int]:
        """How many rows each table has."""
        with self.bot.database.engine.connect() as connection:
            names = inspect(connection).get_table_names()
            return {it: connection.scalar(select(func.count()).select_from(table(it))) or 0 for it in names}


@contextmanager
def opened(folder: Path, database_url: str, secrets: Sequence[str] = SECRETS) -> Iterator[ServedBot]:
    """Build the bot and open its webhooks; those whose secret is not set are not there."""
    config = folder / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    environment = dict.fromkeys(secrets, SECRET) | {"DATABASE_URL": database_url, "SLACK_BOT_TOKEN": "xoxb-1"}
    with ExitStack() as stack:
        bot = build(load(config, environment), stack)
        slack = build_app(bot.router, bot.chat, signing_secret=SECRET, api_url="http://127.0.0.1:9/api/")
        app = build_web(
            to_all=Shown(pages=open_pages(bot)),
            with_token=Shown(pages=pages(bot)),
            sees_all=with_token(SECRET),
            readiness={},
            handlers={"/slack/events": slack_handler(slack), **webhook_handlers(bot)},
        )
        yield ServedBot(web=stack.enter_context(closing(Caller(app))), bot=bot, opened_at=bot.clock.now())
