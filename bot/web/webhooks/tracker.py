"""The tracker's webhook: deployments and merges, and news of the issues that Spy created."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.changes.change import Change
from bot.ports import IssueNews, Moved, TrackerNews
from bot.services.changes.changes import Changes
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.web.answer import Handler, WebAnswer
from bot.web.webhooks.backend import KEPT, NOTHING, Backend, Headers, Webhook


def tracker(
    backend: Backend,
    source: str,
    read: Callable[[bytes, Headers], TrackerNews | None],
    delivery: Callable[[bytes], str],
) -> Handler:
    """`source` is the key of the vendor. `delivery` returns the id of a delivery, the same if it is sent again."""

    def named(_news: TrackerNews, body: bytes, _headers: Headers) -> str:
        return delivery(body)

    webhook = Webhook[TrackerNews](
        source=source, read=read, delivery=named, happened_at=_happened_at, keep=_keep, what=_what
    )
    return backend.handler(webhook)


def _happened_at(news: TrackerNews) -> datetime | None:
    match news:
        case Change():
            return news.as_of
        case IssueNews():
            return news.at
        case Moved():  # the issue of a transfer has the times from before it
            return None


def _what(news: TrackerNews) -> str:
    match news:
        case Change():
            return f"change of {news.service}"
        case IssueNews():
            return f"issue {news.repository}#{news.number} {news.state}"
    return "issues moved"


def _keep(tx: Transaction, news: TrackerNews) -> WebAnswer:
    match news:
        case Change():
            Changes(tx).hear(news)
        case IssueNews():
            if not FollowUps(tx).record(news):
                return NOTHING
        case Moved():
            Postmortems(tx).moved(news)
    return KEPT
