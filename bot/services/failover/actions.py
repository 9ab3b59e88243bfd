"""The stored side of running a failover: what happens before, during and after each action."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.effects import UpsertMessage
from bot.domain.failover import decisions
from bot.domain.failover.effects import CARD
from bot.domain.failover.plan import Check, Instruction, Outcome, described
from bot.domain.failover.run import Failover
from bot.domain.failover.state import ONCE_ONLY, Action, ActionKind, State
from bot.services.failover.failovers import Failovers
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class StepRun:
    """An action that is stored as started and must run now. `until` (UTC) is the end of a soak."""

    run: Failover
    attempt: int
    action: Action
    instruction: Instruction | None = None
    check: Check | None = None
    until: datetime | None = None
    sought: int | None = None
    """The attempt that a look checks."""

    @property
    def mark(self) -> str:
        """A name of this attempt that is unique for ever."""
        return _mark(self.run, self.attempt)

    @property
    def looked_for(self) -> str:
        """The name of the attempt that a look checks."""
        return _mark(self.run, self.sought or self.attempt)

    @property
    def timeout(self) -> timedelta:
        return self.run.plan.steps[self.action.at].timeout

    @property
    def read_only(self) -> bool:
        """Whether it can be stopped and repeated without harm."""
        return self.action.kind not in ONCE_ONLY

    @property
    def may_be_stopped(self) -> bool:
        """Whether an abort stops this action. An undo always runs to its end."""
        return self.action.kind is not ActionKind.UNDO


class FailoverActions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._failovers = Failovers(tx)

    def next(self, number: int) -> StepRun | None:
        """Store the start of the next action and return it; None if there is none now.

        A worker runs one action at a time. So an attempt that is still open belongs to a process that is gone.
        """
        run = self._failovers.locked(number)
        if run.attempt:
            run = self._failovers.keep(run, decisions.resumed(run, at=self._tx.now))
        if run.state is State.APPROVED:
            run = self._begun(run)
        run = self._failovers.follow(run)
        action = run.next_action()
        return self._started(run, action) if action else None

    def _begun(self, run: Failover) -> Failover:
        """Start the run if the plan is still the one that was approved."""
        fresh = self._failovers.as_it_is(run)
        return self._failovers.keep(run, decisions.begin(run, at=self._tx.now)) if fresh is run else fresh

    def _started(self, run: Failover, action: Action) -> StepRun:
        instruction = run.instruction(action) if action.kind in {*ONCE_ONLY, ActionKind.LOOK} else None
        check = run.check(action) if action.kind not in ONCE_ONLY else None
        soak = run.plan.steps[action.at].soak if action.kind is ActionKind.SOAK else None
        does = described(instruction) if instruction else described(check.by) if check and not soak else ""
        run = self._failovers.keep(run, decisions.start(run, action, at=self._tx.now, does=does))
        return StepRun(
            run=run,
            attempt=run.attempts,
            action=action,
            instruction=instruction,
            check=check,
            until=self._tx.now + soak if soak else None,
            sought=run.looks_at.attempt if run.looks_at else None,
        )

    def finished(self, number: int, attempt: int, outcome: Outcome) -> None:
        """Store the result of an action, and the events that follow from it."""
        run = self._failovers.locked(number)
        if event := decisions.finish(run, attempt, outcome, at=self._tx.now):
            self._failovers.follow(self._failovers.keep(run, event))

    def crashed(self, number: int, why: str) -> None:
        """Ask people how to continue, because Spy failed to prepare the next action."""
        run = self._failovers.locked(number)
        if run.attempt:
            run = self._failovers.follow(self._failovers.keep(run, decisions.resumed(run, at=self._tx.now)))
        if event := decisions.crash(run, why, at=self._tx.now):
            self._failovers.follow(self._failovers.keep(run, event))

    def show_output(self, number: int, attempt: int, tail: str) -> None:
        """Show the last output of a running action."""
        run = self._failovers.locked(number)
        if run.attempt and run.attempt.number == attempt:
            self._session.failovers.put(replace(run, tail=tail))
            at = int(self._tx.now.timestamp() * 1000)
            self._tx.send(
                UpsertMessage(key=f"{CARD}:{number}:heard:{at}", message_type=CARD, ref=number, to=run.place)
            )

    def is_to_stop(self, number: int) -> bool:
        """Whether somebody aborted the run, so that the running action must stop."""
        run = self._session.failovers.get(number)
        return bool(run and run.is_called_back)


def _mark(run: Failover, attempt: int) -> str:
    """Return a name with number and time, because another database may have a run of the same number."""
    return f"spy-{run.number}-{int(run.proposed_at.timestamp())}-{attempt}"
