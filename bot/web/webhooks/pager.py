"""The pager's webhook: what became of a page there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.ports import PagerNews
from bot.services.alert.reports import Reports
from bot.services.oncall.rings import Rings
from bot.services.paging.pager_results import PagerResults
from bot.services.transaction import Transaction
from bot.web.answer import Handler, WebAnswer
from bot.web.webhooks.backend import KEPT, Backend, Headers, Webhook


def pager(backend: Backend, source: str, read: Callable[[bytes, Headers], PagerNews | None]) -> Handler:
    """`source` is the key of the vendor."""
    return backend.handler(
        Webhook(
            source=source, read=read, delivery=_delivery, happened_at=_happened_at, keep=_keep, what=_what
        )
    )


def _delivery(news: PagerNews, _body: bytes, _headers: Headers) -> str:
    return news.id


def _what(news: PagerNews) -> str:
    return f"page {news.page.id} {news.kind}"


def _happened_at(news: PagerNews) -> datetime | None:
    return news.page.at


def _keep(tx: Transaction, news: PagerNews) -> WebAnswer:
    heard(tx, news)
    return KEPT


def heard(tx: Transaction, news: PagerNews) -> None:
    """Store what the pager says: of an alert, of a page, and of whom it rang. Alerts are locked before incidents."""
    if news.alert and not PagerResults(tx).has_made(news.page):
        Reports(tx).hear_all([replace(news.alert, heard_at=tx.now)])
    PagerResults(tx).record(news)
    if news.ring:
        Rings(tx).hear([news.ring])
