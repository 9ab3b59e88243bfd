"""Connect the HTTP handlers to this bot: its secrets, its database and its clock."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from bot.adapters.changes import webhook as changes_webhook
from bot.adapters.github import webhook as github_webhook
from bot.adapters.pagerduty import webhook as pagerduty_webhook
from bot.adapters.slack.inbound import App, answer_http
from bot.app.build import Bot
from bot.app.manifest import manifest
from bot.domain.changes.change import Change
from bot.ports import PagerNews
from bot.web import Handler, Page, WebAnswer, arrived_at, webhooks

_ENTRIES = 20
"""How many effects the outbox page lists."""


def slack_handler(app: App) -> Handler:
    def handle(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        answer = answer_http(app, body, headers, arrived_at=arrived_at())
        return WebAnswer(status=answer.status, headers=answer.headers, body=answer.body)

    return handle


def webhook_handlers(bot: Bot) -> Mapping[str, Handler]:
    """Return the webhooks by path. A webhook without its secret is left out: nobody could be trusted."""
    env, backend = bot.settings.env, _backend(bot)
    secrets = {
        "pagerduty": env.pagerduty_webhook_secret.get_secret_value(),
        "github": env.github_webhook_secret.get_secret_value(),
        "changes": env.changes_webhook_secret.get_secret_value(),
    }

    def read_pagerduty(body: bytes, headers: Mapping[str, str]) -> PagerNews | None:
        return pagerduty_webhook.news(body, headers.get("x-pagerduty-signature", ""), [secrets["pagerduty"]])

    def read_github(body: bytes, headers: Mapping[str, str]) -> github_webhook.Heard | None:
        github_webhook.check(body, headers.get("x-hub-signature-256", ""), secrets["github"])
        return github_webhook.news(
            headers.get("x-github-event", ""),
            body,
            service_of=bot.live.policy().service_of,
            heard_at=bot.clock.now(),
        )

    def read_change(body: bytes, headers: Mapping[str, str]) -> Change:
        now, signature = bot.clock.now(), headers.get("x-spy-signature", "")
        changes_webhook.check(
            body,
            timestamp=headers.get("x-spy-timestamp", ""),
            signature=signature,
            secret=secrets["changes"],
            now=now,
            ahead=bot.chat.clock.ahead,
        )
        return changes_webhook.news(body, signature=signature, heard_at=now)

    handlers = {
        "pagerduty": webhooks.pagerduty(backend, read_pagerduty),
        "github": webhooks.github(backend, read_github),
        "changes": webhooks.changes(backend, read_change),
    }
    return {f"/webhooks/{name}": handler for name, handler in handlers.items() if secrets[name]}


def locks_page(bot: Bot) -> Page:
    return webhooks.locks(_backend(bot))


def _backend(bot: Bot) -> webhooks.Backend:
    return webhooks.Backend(
        sessions=bot.database, clock=bot.clock, policy=bot.live.policy, wake=bot.delivery.wake
    )


def outbox_page(bot: Bot) -> Page:
    """Return the page of the outbox, for plugin authors. Not in production: lanes name private channels."""

    def show(_name: str, _query: Mapping[str, str]) -> WebAnswer:
        with bot.database.read() as session:
            entries = session.outbox.latest(limit=_ENTRIES)
        body = json.dumps([asdict(it) | {"due_at": it.due_at.isoformat()} for it in entries]) + "\n"
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        return WebAnswer(headers=headers, body=body)

    return show


def manifest_page(bot: Bot) -> Page:
    """Return what Slack would know of the app, for the demo: its commands, events and scopes."""

    def show(_name: str, _query: Mapping[str, str]) -> WebAnswer:
        return WebAnswer(headers={"content-type": "application/json"}, body=manifest(bot.settings))

    return show
