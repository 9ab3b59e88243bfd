"""PagerDuty's webhook: what happened to a page there."""

from collections.abc import Callable, Mapping

from bot.ports import PagerNews, Rejected
from bot.services.paging import Paging
from bot.services.transaction import Transaction
from bot.web.app import Handler, WebAnswer
from bot.web.webhooks.backend import KEPT, NOTHING, Backend, refused

Reader = Callable[[bytes, Mapping[str, str]], PagerNews | None]
"""Reads news from body and headers; None if Spy does not need it. Raises Rejected if not signed or not readable."""


def pagerduty(backend: Backend, read: Reader) -> Handler:
    def handle(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        try:
            news = read(body, headers)
        except Rejected as rejected:
            return refused(rejected)
        if news is None:
            return NOTHING

        def keep(tx: Transaction) -> WebAnswer:
            Paging(tx).heard(news)
            return KEPT

        return backend.once("pagerduty", news.id, keep)

    return handle
