"""The webhooks for alerts: of any tool, of Alertmanager, of Grafana."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.alert.report import AlertNews
from bot.services.alert.reports import Heard, Reports
from bot.services.transaction import Transaction
from bot.web.answer import Handler, WebAnswer
from bot.web.webhooks.backend import NOTHING, Backend, Headers, Webhook


def alerts(
    backend: Backend,
    source: str,
    read: Callable[[bytes, Headers], AlertNews],
    delivery: Callable[[bytes, Headers], str],
) -> Handler:
    """`delivery` returns the id of a delivery, the same if it is sent again."""

    def named(_news: AlertNews, body: bytes, headers: Headers) -> str:
        return delivery(body, headers)

    return backend.handler(
        Webhook(source=source, read=read, delivery=named, happened_at=_not_said, keep=_keep, what=_what)
    )


def _not_said(_news: AlertNews) -> datetime | None:
    """Return nothing: an alert may have begun long ago and still fire."""
    return None


def _what(news: AlertNews) -> str:
    return f"alerts of {news.source}: {len(news.reports)}"


def _keep(tx: Transaction, news: AlertNews) -> WebAnswer:
    heard = Reports(tx).hear_all(news.reports)
    if not (heard.new or heard.changed or news.left_out):
        return NOTHING
    return WebAnswer(status=202, body=f"{_kept(heard)}{_left_out(news)}\n")


def _kept(heard: Heard) -> str:
    numbers = ", ".join(str(it.number) for it in heard.new)
    new = f"Kept as alert {numbers}." if numbers else ""
    changed = f"Changed: {heard.changed}." if heard.changed else ""
    return " ".join(filter(None, [new, changed])) or "Nothing is new."


def _left_out(news: AlertNews) -> str:
    return f" Left out, because they can't be read or are too many: {news.left_out}." if news.left_out else ""
