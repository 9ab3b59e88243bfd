"""Keep the Home tabs of those who have looked lately up to date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.policy import Policy
from bot.ports import Clock, Sessions
from bot.services.home.homes import Homes
from bot.services.transaction import Transaction

LOOK_EVERY = timedelta(minutes=5)
"""How often Homes are looked at unasked. `workers.pulse` notices within half a second that one is due."""


@dataclass(frozen=True, kw_only=True)
class HomeLook:
    """Safe in any number of processes: one of them looks at a time, and a Home waits at most once in the outbox."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    wake: Callable[[], None]

    def run(self) -> None:
        with self.sessions.begin_background() as session:
            tx = Transaction(session=session, now=self.clock.now(), policy=self.policy())
            Homes(tx).look()
        if tx.effects:
            self.wake()
