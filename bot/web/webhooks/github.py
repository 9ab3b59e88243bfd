"""GitHub's webhook: deployments and merges, and news of the issues that Spy created."""

import hashlib
import re
from collections.abc import Callable, Mapping

from bot.domain.change import Change
from bot.ports import IssueNews, Moved, Rejected
from bot.services.changes import Changes
from bot.services.follow_ups import FollowUps
from bot.services.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.web.app import Handler, WebAnswer
from bot.web.webhooks.backend import KEPT, NOTHING, Backend, refused

Reader = Callable[[bytes, Mapping[str, str]], Change | IssueNews | Moved | None]
"""Reads news from body and headers; None if Spy does not need it. Raises Rejected if not signed or not readable."""
_DELIVERY = re.compile(r"[\w-]{1,100}", re.ASCII)


def github(backend: Backend, read: Reader) -> Handler:
    def handle(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        try:
            news = read(body, headers)
        except Rejected as rejected:
            return refused(rejected)
        if news is None:
            return NOTHING
        return backend.once("github", _delivery(body, headers), lambda tx: _keep(tx, news))

    return handle


def _delivery(body: bytes, headers: Mapping[str, str]) -> str:
    """Return GitHub's id of the delivery, the same if it is sent again. Without an id: a hash of the body."""
    named = headers.get("x-github-delivery", "")
    return named if _DELIVERY.fullmatch(named) else hashlib.sha256(body).hexdigest()


def _keep(tx: Transaction, news: Change | IssueNews | Moved) -> WebAnswer:
    match news:
        case Change():
            Changes(tx).hear(news)
        case IssueNews():
            if not FollowUps(tx).heard(news):
                return NOTHING
        case Moved():
            Postmortems(tx).moved(news)
    return KEPT
