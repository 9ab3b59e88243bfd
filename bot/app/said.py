"""What became of a command that was said in a terminal: which pages left, and what waits for whom."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.app.build import Bot
from bot.domain.incident.effects import CreateChannel
from bot.domain.paging.effects import PageEffect, SendPage
from bot.domain.paging.page import PageState
from bot.ports import OutboxQueued, Session
from bot.services.paging.phones import Phones
from bot.services.transaction import Transaction
from bot.services.undelivered import what

LOOK_EVERY = 0.1
"""Seconds between looks at what another process delivers."""
OTHERS_TAKE = timedelta(seconds=3)
"""How long to look whether another process delivers."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """The effects that one command queued, by their keys."""

    bot: Bot
    keys: tuple[str, ...]

    @property
    def _has_token(self) -> bool:
        return bool(self.bot.settings.env.slack_bot_token)

    def deliver(self, *, within: timedelta) -> None:
        """Deliver until it is clear what becomes of each effect. Without a token, another process has to."""
        if self._has_token:
            self.bot.delivery.drain(within=within, until=self._is_clear)
            return
        until = time.monotonic() + min(within, OTHERS_TAKE).total_seconds()
        while not self._is_clear() and time.monotonic() < until:
            time.sleep(LOOK_EVERY)

    def _is_clear(self) -> bool:
        with self.bot.database.read() as session:
            return all(_is_clear(it, session) for it in session.outbox.queued(self.keys))

    def facts(self, tx: Transaction) -> Mapping[str, Any]:
        """Return the facts of the report."""
        queued = tx.session.outbox.queued(self.keys)
        waiting = [it for it in queued if not it.is_over]
        chat = [it for it in waiting if not isinstance(it.effect, PageEffect)]
        return {
            "pages": self._pages(queued, tx),
            "channels": [it.effect.incident for it in chat if isinstance(it.effect, CreateChannel)],
            "messages": sum(not isinstance(it.effect, CreateChannel) for it in chat),
            "why": next((it.why for it in chat if it.why), None),
            "failed": [(what(it.effect), it.why) for it in queued if it.state == "failed"],
            "has_token": self._has_token,
        }

    def _pages(self, queued: Sequence[OutboxQueued], tx: Transaction) -> list[Mapping[str, Any]]:
        """Return the pages that were asked for. One that the pager has not taken comes with numbers to call."""
        numbers = dict.fromkeys(it.effect.page for it in queued if isinstance(it.effect, SendPage))
        pages = [page for page in map(tx.session.pages.get, numbers) if page]
        return [{"page": it, "call": () if it.pager_id else Phones(tx).of_page(it)} for it in pages]


def _is_clear(queued: OutboxQueued, session: Session) -> bool:
    """Whether an effect is over or waits. Of a page that waits, people are told after a moment."""
    if queued.is_over:
        return True
    if isinstance(queued.effect, SendPage):
        page = session.pages.get(queued.effect.page)
        return page is None or page.state is not PageState.REQUESTED
    return queued.state == "held" or queued.why is not None
