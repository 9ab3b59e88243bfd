"""GitHub's webhook: deployments and merges, and news of the issues that Spy created."""

import hashlib
import re
from collections.abc import Callable

from bot.domain.changes.change import Change
from bot.ports import IssueNews, Moved
from bot.services.changes.changes import Changes
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.web.app import Handler, WebAnswer
from bot.web.webhooks.backend import KEPT, NOTHING, Backend, Headers, Webhook

News = Change | IssueNews | Moved
_DELIVERY = re.compile(r"[\w-]{1,100}", re.ASCII)


def github(backend: Backend, read: Callable[[bytes, Headers], News | None]) -> Handler:
    return backend.handler(Webhook[News](source="github", read=read, delivery=_delivery, keep=_keep))


def _delivery(_news: News, body: bytes, headers: Headers) -> str:
    """Return GitHub's id of the delivery, the same if it is sent again. Without an id: a hash of the body."""
    named = headers.get("x-github-delivery", "")
    return named if _DELIVERY.fullmatch(named) else hashlib.sha256(body).hexdigest()


def _keep(tx: Transaction, news: News) -> WebAnswer:
    match news:
        case Change():
            Changes(tx).hear(news)
        case IssueNews():
            if not FollowUps(tx).heard(news):
                return NOTHING
        case Moved():
            Postmortems(tx).moved(news)
    return KEPT
