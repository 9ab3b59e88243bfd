"""The pager's webhook: what became of a page there."""

from collections.abc import Callable

from bot.ports import PagerNews
from bot.services.paging.pager_results import PagerResults
from bot.services.transaction import Transaction
from bot.web.app import Handler, WebAnswer
from bot.web.webhooks.backend import KEPT, Backend, Headers, Webhook


def pager(backend: Backend, source: str, read: Callable[[bytes, Headers], PagerNews | None]) -> Handler:
    """`source` is the key of the vendor."""
    return backend.handler(Webhook(source=source, read=read, delivery=_delivery, keep=_keep))


def _delivery(news: PagerNews, _body: bytes, _headers: Headers) -> str:
    return news.id


def _keep(tx: Transaction, news: PagerNews) -> WebAnswer:
    PagerResults(tx).record(news)
    return KEPT
