"""What all webhooks share: refuse a wrong caller and what is too old, act once per delivery, and give up in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

import structlog

from bot.domain.policy import Policy
from bot.ports import Clock, Conflict, OutOfTime, Rejected, Session, Sessions, TimeLimit, Unavailable
from bot.services.audit import AuditLog
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.web.answer import Handler, WebAnswer

log = structlog.get_logger()

ACTED_WITHIN = 5.0
"""Seconds in which a webhook must be started. Its sender waits about ten."""
OLDEST = timedelta(days=3)
"""How old the news of a delivery may be. GitHub lets people deliver again for as long; PagerDuty retries for hours.

Spy remembers deliveries for longer, so that one that was captured is never acted on again.
"""
KEPT = WebAnswer(status=202, body="Kept.\n")
KNOWN = WebAnswer(status=202, body="Known already.\n")
NOTHING = WebAnswer(status=202, body="Nothing in it that Spy keeps.\n")

Headers = Mapping[str, str]
N = TypeVar("N")


@dataclass(frozen=True, kw_only=True)
class Webhook(Generic[N]):
    """One webhook: what a delivery says (N), and what becomes of it."""

    source: str
    read: Callable[[bytes, Headers], N | None]
    """Returns None for what Spy does not keep. Raises Rejected if the request is unsigned or unreadable."""
    delivery: Callable[[N, bytes, Headers], str]
    """Returns the id of a delivery, the same if it is sent again. It is made of what is signed only."""
    happened_at: Callable[[N], datetime | None]
    """Returns when the news happened, by what is signed; None if the sender does not say."""
    keep: Callable[[Transaction, N], WebAnswer]
    what: Callable[[N], str]
    """Returns in a few words what a delivery says, for the audit log. No words that people typed."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """What webhooks work with. `policy` is read at each call. `wake` tells the workers about new work."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    wake: Callable[[], None]

    def transaction(self, session: Session, source: str) -> Transaction:
        return Transaction(session=session, now=self.clock.now(), policy=self.policy(), source=source)

    def handler(self, webhook: Webhook[N]) -> Handler:
        def handle(body: bytes, headers: Headers) -> WebAnswer:
            try:
                news = webhook.read(body, headers)
            except Rejected as rejected:
                return _refused(rejected)
            if news is None:
                return NOTHING
            at = webhook.happened_at(news)
            if at and at < self.clock.now() - OLDEST:
                return _refused(
                    Rejected("old", f"This is of {at:%-d %b %H:%M} UTC, and too old. Nothing was kept.")
                )
            delivery = webhook.delivery(news, body, headers)
            return self._once(webhook.source, delivery, lambda tx: _keep(webhook, tx, news))

        return handle

    def _once(self, source: str, delivery: str, act: Callable[[Transaction], WebAnswer]) -> WebAnswer:
        """Act on a delivery in one transaction. Return 503 if that was not possible in time."""
        limit = TimeLimit.of(ACTED_WITHIN)
        try:
            answer = retry_on_conflict(partial(self._act, source, delivery, act, limit))
        except (Unavailable, Conflict, OutOfTime) as error:
            log.warning("what a webhook told was not kept", why=str(error) or type(error).__name__)
            return WebAnswer(
                status=503, body="Spy's database does not answer. Nothing was kept; send it again.\n"
            )
        self.wake()
        return answer

    def _act(
        self, source: str, delivery: str, act: Callable[[Transaction], WebAnswer], limit: TimeLimit
    ) -> WebAnswer:
        with self.sessions.begin(limit) as session:
            if session.inbound.remember(f"{source}:{delivery}", at=self.clock.now()) is not None:
                return KNOWN
            return act(self.transaction(session, source))


def _keep(webhook: Webhook[N], tx: Transaction, news: N) -> WebAnswer:
    """Keep a delivery, and add it to the audit log if Spy keeps anything of it."""
    answer = webhook.keep(tx, news)
    if answer is not NOTHING:
        AuditLog(tx).add(webhook.what(news))
    return answer


def _refused(rejected: Rejected) -> WebAnswer:
    """Return the answer to a request that is unsigned or unreadable, with the reason."""
    return WebAnswer(status=401 if rejected.code == "signature" else 400, body=f"{rejected}\n")
