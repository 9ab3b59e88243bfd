"""Ask once an hour whether a lever has not been rehearsed for long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from bot.domain.policy import Policy
from bot.domain.runbook.runbook import Runbook
from bot.ports import Clock, Sessions
from bot.services.levers import Levers
from bot.services.transaction import Transaction

LOOK_EVERY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class LeverLook:
    """Safe in any number of processes: a lease lets one of them look."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    runbooks: Callable[[], Sequence[Runbook]]
    wake: Callable[[], None]
    owner: str = field(default_factory=lambda: uuid4().hex)

    def run(self) -> None:
        runbooks = self.runbooks()  # read from the disk before the transaction
        with self.sessions.begin() as session:
            if not session.holds("levers", self.owner, now=self.clock.now(), lease=LOOK_EVERY * 2):
                return
        with self.sessions.begin_background() as session:
            Levers(Transaction(session=session, now=self.clock.now(), policy=self.policy())).ask(runbooks)
        self.wake()
