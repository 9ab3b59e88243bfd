"""Connect the HTTP handlers to this bot: its secrets, its database and its clock."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from bot.adapters.alert import credentials, groups, tool
from bot.adapters.changes import webhook as changes_webhook
from bot.adapters.network.signatures import ToolSecret
from bot.adapters.slack.inbound import App, answer_http
from bot.app.build import Bot
from bot.app.manifest import manifest
from bot.config.vendors import TrackerVendor
from bot.domain.alert.report import ALERTMANAGER, GRAFANA, AlertNews
from bot.domain.changes.change import Change
from bot.ports import TrackerNews
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
    settings, backend = bot.settings, _backend(bot)
    found = {"changes": _changes(bot, backend)} if settings.env.changes_webhook_secret else {}
    if settings.env.alerts_webhook_secret:
        found["alerts"] = _alerts(bot, backend)
    if settings.env.alertmanager_webhook_token:
        found[ALERTMANAGER] = _alertmanager(bot, backend)
    if settings.env.grafana_webhook_secret:
        found[GRAFANA] = _grafana(bot, backend)
    for pager in settings.vendors.pagers:
        if secret := settings.env.secret(pager.webhook_variable):
            read = partial(pager.news, secret=secret)
            found[pager.key] = webhooks.pager(backend, pager.key, read)
    for tracker in settings.vendors.trackers:
        if secret := settings.env.secret(tracker.webhook_variable):
            found[tracker.key] = _tracker(bot, backend, tracker, secret)
    return {f"/webhooks/{key}": handler for key, handler in found.items()}


def _tracker(bot: Bot, backend: webhooks.Backend, tracker: TrackerVendor[Any], secret: str) -> Handler:
    def read(body: bytes, headers: Mapping[str, str]) -> TrackerNews | None:
        return tracker.news(
            body, headers, secret=secret, service_of=bot.live.policy().service_of, heard_at=bot.clock.now()
        )

    return webhooks.tracker(backend, tracker.key, read, tracker.delivery)


def _changes(bot: Bot, backend: webhooks.Backend) -> Handler:
    secret = ToolSecret(
        variable="CHANGES_WEBHOOK_SECRET",
        value=bot.settings.env.changes_webhook_secret.get_secret_value(),
        page="docs/changes.md",
    )

    def read(body: bytes, headers: Mapping[str, str]) -> Change:
        now = bot.clock.now()
        _check(bot, secret, body, headers)
        return changes_webhook.news(body, signature=_signature(body, headers), heard_at=now)

    return webhooks.changes(backend, read)


def _alerts(bot: Bot, backend: webhooks.Backend) -> Handler:
    secret = ToolSecret(
        variable="ALERTS_WEBHOOK_SECRET",
        value=bot.settings.env.alerts_webhook_secret.get_secret_value(),
        page="docs/alerts.md",
    )

    def read(body: bytes, headers: Mapping[str, str]) -> AlertNews:
        _check(bot, secret, body, headers)
        return tool.news(body, heard_at=bot.clock.now())

    return webhooks.alerts(backend, "alerts", read, _signature)


def _alertmanager(bot: Bot, backend: webhooks.Backend) -> Handler:
    token = bot.settings.env.alertmanager_webhook_token.get_secret_value()

    def read(body: bytes, headers: Mapping[str, str]) -> AlertNews:
        credentials.must_have_token(headers, variable="ALERTMANAGER_WEBHOOK_TOKEN", token=token)
        return groups.news(body, source=ALERTMANAGER, heard_at=bot.clock.now())

    return webhooks.alerts(backend, ALERTMANAGER, read, _body)


def _grafana(bot: Bot, backend: webhooks.Backend) -> Handler:
    secret = bot.settings.env.grafana_webhook_secret.get_secret_value()

    def read(body: bytes, headers: Mapping[str, str]) -> AlertNews:
        now = bot.clock.now()
        credentials.must_be_of_grafana(body, headers, secret=secret, now=now, ahead=bot.chat.clock.ahead)
        return groups.news(body, source=GRAFANA, heard_at=now)

    return webhooks.alerts(backend, GRAFANA, read, _body)


def _body(body: bytes, _headers: Mapping[str, str]) -> str:
    """Return a digest of the body: it has the start of each alert, so what happens anew is another one."""
    return hashlib.sha256(body).hexdigest()


def _check(bot: Bot, secret: ToolSecret, body: bytes, headers: Mapping[str, str]) -> None:
    secret.check(
        body,
        timestamp=headers.get("x-spy-timestamp", ""),
        signature=_signature(body, headers),
        now=bot.clock.now(),
        ahead=bot.chat.clock.ahead,
    )


def _signature(_body: bytes, headers: Mapping[str, str]) -> str:
    """Return the signature, which includes the time: a repeated delivery has the same one."""
    return headers.get("x-spy-signature", "").strip()


def locks_page(bot: Bot, *, with_facts: bool) -> Page:
    return webhooks.locks(_backend(bot), with_facts=with_facts)


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
