"""What failovers move, and what time it is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from bot.domain.plan import Check, Instruction, Outcome, Workflow


class ActionRunner(Protocol):
    """Does what a plan says. Nothing here raises for what went wrong outside: that is an outcome.

    `stopped` is set when somebody aborts: what runs is then ended, its whole process group with it.
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
        """Do it once; `hear` gets what it prints, as it comes, secrets masked. `mark` names this try, once for ever."""

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        """Look until it is green or its time is up."""

    def look(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Find the run of a workflow that was dispatched under this mark, if it was, and follow it to its end."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
