"""Call the listeners of what Spy notices. That of a team's plugin may fail: the others are called all the same."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from bot.commands.audited import add_noticed
from bot.commands.command import Listener
from bot.commands.failing import ListenerFailed, blamed, place_of
from bot.commands.plugins import CommandRegistry
from bot.commands.request import Edited, Notice, Shared, WrittenNotice
from bot.domain.markup import plain_prose
from bot.domain.policy import Policy
from bot.ports import Clock, Conflict, OutOfTime, Sessions, TimeLimit, Unavailable
from bot.services.quarantine import Quarantine
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Calls the listeners of these plugins."""

    registry: CommandRegistry
    sessions: Sessions
    clock: Clock
    policy: Policy
    wired: Callable[[Mapping[str, type], Transaction], dict[str, Any]]
    """Returns what a listener asks for by its keyword-only parameters."""

    def hear(self, notice: Notice, limit: TimeLimit) -> bool:
        """Call the listeners of a notice, once. Return whether it concerns anybody."""
        if isinstance(notice, WrittenNotice) and not self._is_left(notice.channel):
            return False
        listeners = [it for it in self.registry.listeners if type(notice) is it.notice]
        while failed := self._failed(notice, listeners, limit):
            listeners.remove(failed)
        return True

    def _is_left(self, channel: str) -> bool:
        """Whether this is the channel of a merged incident. Most messages are written elsewhere: this only reads."""
        with self.sessions.read() as session:
            incident = session.incidents.in_channel(channel)
            return incident is not None and incident.merged is not None

    def _failed(self, notice: Notice, listeners: list[Listener], limit: TimeLimit) -> Listener | None:
        """Call listeners in one transaction. Return that of a team's plugin which failed: then nothing is stored."""
        try:
            retry_on_conflict(partial(self._call, notice, listeners, limit))
        except ListenerFailed as failure:
            self._count(failure, limit)
            return failure.listener
        return None

    def _call(self, notice: Notice, listeners: list[Listener], limit: TimeLimit) -> None:
        if isinstance(notice, Edited | Shared):
            notice = replace(notice, text=plain_prose(notice.text))
        with self.sessions.begin(limit) as session:
            now = self.clock.now()
            if session.inbound.remember(notice.id, at=now) is not None:
                return
            tx = Transaction(session=session, now=now, policy=self.policy, source="slack")
            for listener in listeners:
                self._run(listener, notice, tx, limit)
            limit.leave()
            add_noticed(tx, notice)

    def _run(self, listener: Listener, notice: Notice, tx: Transaction, limit: TimeLimit) -> None:
        """Run a listener, unless its plugin is in quarantine. A success ends its row of failures, if it has one."""
        plugin = self.registry.plugin_of(listener)
        health = Quarantine(tx).health(plugin) if plugin else None
        if (health and health.quarantined_at) or not limit.enter(listener.name, plugin):
            return
        with blamed(listener, plugin):
            listener.run(notice, **self.wired(listener.services, tx))
        if plugin and health and listener.short_name in health.failing:
            Quarantine(tx).succeeded(plugin, listener.short_name)

    def _count(self, failure: ListenerFailed, limit: TimeLimit) -> None:
        cause = failure.__cause__ or failure
        log.error("a listener failed", listener=failure.listener.name, exc_info=cause)
        with suppress(Conflict, OutOfTime, Unavailable), self.sessions.begin(limit) as session:
            tx = Transaction(session=session, now=self.clock.now(), policy=self.policy)
            why = place_of(cause, failure.plugin)
            Quarantine(tx).failed(failure.plugin, failure.listener.short_name, why=why)
