"""Prune what is older than `retention:`: many short transactions, and nobody waits for one of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from bot.domain.policy import Policy
from bot.ports import Clock, Session, Sessions
from bot.services.retention import Batch, Retentions
from bot.services.transaction import Transaction

PRUNE_EVERY = timedelta(hours=1)
INCIDENTS_AT_ONCE = 10
"""Incidents that one transaction deletes, each with some hundred rows."""
ROWS_AT_ONCE = 200
MOST_BATCHES = 1_000
"""Transactions of a kind in one run. The next run goes on."""


@dataclass(kw_only=True)
class Pruner:
    """Safe in any number of processes: a lease lets one of them prune."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    owner: str = field(default_factory=lambda: uuid4().hex)

    def run(self) -> None:
        if not self._my_turn():
            return
        self._in_batches(Retentions.left_by_an_older_spy)
        self._incidents(private=True)
        self._incidents(private=False)
        for prune in (Retentions.failovers, Retentions.audit, Retentions.on_call, Retentions.messages):
            self._in_batches(prune)

    def _in_batches(self, work: Callable[..., int]) -> None:
        for _ in range(MOST_BATCHES):
            with self.sessions.begin_background() as session:
                if not work(self._retentions(session), limit=ROWS_AT_ONCE):
                    return

    def _incidents(self, *, private: bool) -> None:
        batch = Batch()
        for _ in range(MOST_BATCHES):
            with self.sessions.begin_background() as session:
                batch = self._retentions(session).incidents(
                    private=private, after=batch.after, limit=INCIDENTS_AT_ONCE
                )
            if batch.after is None:
                return

    def _my_turn(self) -> bool:
        with self.sessions.begin() as session:
            return session.holds("retention", self.owner, now=self.clock.now(), lease=PRUNE_EVERY * 2)

    def _retentions(self, session: Session) -> Retentions:
        tx = Transaction(session=session, now=self.clock.now(), policy=self.policy())
        return Retentions(tx)
