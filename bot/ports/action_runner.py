"""What failovers call, and the clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from bot.domain.failover.plan import Check, Instruction, Outcome, Workflow


class ActionRunner(Protocol):
    """Does what a plan says. Failures outside are returned as outcomes, not raised.

    `stopped` is set when someone aborts. A running program is then ended with its whole process group.
    """

    def perform(
        self,
        instruction: Instruction,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Perform once. `hear` receives the output as it arrives, secrets masked. `mark` is unique to this try."""

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        """Repeat a check until it is green or its time is over."""

    def look(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Find the workflow run that was dispatched under this mark, if there is one, and follow it to its end."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC."""
