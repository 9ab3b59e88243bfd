"""What whoever moves a failover on says of it: before each move, after it, and meanwhile."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.effects import UpsertMessage
from bot.domain.failover import ONCE_ONLY, Failover, Move, Part, State
from bot.domain.failover_effects import CARD
from bot.domain.plan import Action, Check, Outcome, told
from bot.services.failovers import Failovers
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class Undertaking:
    """A move that was kept as started, and is to be done now; `until` (UTC) is the end of a soak."""

    run: Failover
    attempt: int
    move: Move
    action: Action | None = None
    check: Check | None = None
    until: datetime | None = None
    sought: int | None = None
    """The attempt that a look is about."""

    @property
    def mark(self) -> str:
        """Name this try, once for ever."""
        return _mark(self.run, self.attempt)

    @property
    def looked_for(self) -> str:
        """Name the try of which a look is to find out whether it happened."""
        return _mark(self.run, self.sought or self.attempt)

    @property
    def timeout(self) -> timedelta:
        return self.run.plan.steps[self.move.at].timeout

    @property
    def read_only(self) -> bool:
        """Whether it may be broken off and done again."""
        return self.move.part not in ONCE_ONLY

    @property
    def may_be_stopped(self) -> bool:
        """Whether calling the run back ends this move; a way back is gone to its end."""
        return self.move.part is not Part.UNDO


class FailoverMoves:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._failovers = Failovers(tx)

    def next(self, number: int) -> Undertaking | None:
        """Keep that the next move starts, and give it; None where there is none now.

        What was under way at this time was so in a process that is gone, since each does one thing at a time.
        """
        run = self._failovers.locked(number)
        if run.attempt:
            run = self._failovers.keep(run, run.taken_over(at=self._tx.now))
        if run.state is State.APPROVED:
            run = self._begun(run)
        run = self._failovers.follow(run)
        move = run.next_move()
        return self._started(run, move) if move else None

    def _begun(self, run: Failover) -> Failover:
        """Begin, if the plan is still the one that was approved."""
        fresh = self._failovers.as_it_is(run)
        return self._failovers.keep(run, run.begin(at=self._tx.now)) if fresh is run else fresh

    def _started(self, run: Failover, move: Move) -> Undertaking:
        action = run.action(move) if move.part in {*ONCE_ONLY, Part.LOOK} else None
        check = run.check(move) if move.part not in ONCE_ONLY else None
        soak = run.plan.steps[move.at].soak if move.part is Part.SOAK else None
        does = told(action) if action else told(check.by) if check and not soak else ""
        run = self._failovers.keep(run, run.start(move, at=self._tx.now, does=does))
        return Undertaking(
            run=run,
            attempt=run.attempts,
            move=move,
            action=action,
            check=check,
            until=self._tx.now + soak if soak else None,
            sought=run.looks_at.attempt if run.looks_at else None,
        )

    def finished(self, number: int, attempt: int, outcome: Outcome) -> None:
        """Keep how a move ended, and what follows from it."""
        run = self._failovers.locked(number)
        if event := run.finish(attempt, outcome, at=self._tx.now):
            self._failovers.follow(self._failovers.keep(run, event))

    def stumbled(self, number: int, why: str) -> None:
        """Ask the channel how it goes on, since Spy can't do what comes next; for who has the run to say."""
        run = self._failovers.locked(number)
        if run.attempt:
            run = self._failovers.follow(self._failovers.keep(run, run.taken_over(at=self._tx.now)))
        if event := run.stumble(why, at=self._tx.now):
            self._failovers.follow(self._failovers.keep(run, event))

    def heard(self, number: int, attempt: int, tail: str) -> None:
        """Show what a move has printed so far, by its end."""
        run = self._failovers.locked(number)
        if run.attempt and run.attempt.number == attempt:
            self._session.failovers.put(replace(run, tail=tail))
            at = int(self._tx.now.timestamp() * 1000)
            self._tx.send(
                UpsertMessage(key=f"{CARD}:{number}:heard:{at}", message_type=CARD, ref=number, to=run.place)
            )

    def is_to_stop(self, number: int) -> bool:
        """Whether somebody called it back, so that what runs is to be ended."""
        run = self._session.failovers.get(number)
        return bool(run and run.is_called_back)


def _mark(run: Failover, attempt: int) -> str:
    """Number and moment: another database may have a run of the same number."""
    return f"spy-{run.number}-{int(run.proposed_at.timestamp())}-{attempt}"
