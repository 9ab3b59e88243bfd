"""Decisions about a failover run: what people may do, what an action leads to, and what follows by itself."""

from datetime import datetime, timedelta

from bot.domain.event import Event
from bot.domain.failover import events
from bot.domain.failover.plan import End, Outcome, Plan, Workflow
from bot.domain.failover.questions import asked
from bot.domain.failover.run import Failover
from bot.domain.failover.state import UNDER_WAY, Action, ActionKind, Result, State, Task
from bot.domain.refusal import Choice, Refusal

APPROVAL_LAPSES = timedelta(minutes=10)
"""How long a shown plan can be approved."""


def approve(run: Failover, *, by: str, at: datetime, shown: str | None = None) -> events.FailoverApproved:
    """Return an approval of the plan as shown. Refuses a late one, the proposer, and a second one by one person.

    `shown` is the fingerprint of the plan above the button. If the plan has changed since, the approval is
    refused.
    """
    _must_be_proposed(run, at)
    if shown not in {None, run.plan.fingerprint}:
        raise Refusal(f"{run.id} has changed since you saw it. Please read the new plan.")
    if by == run.proposed_by:
        raise Refusal(f"You proposed {run.id} yourself. A second person has to approve it.")
    if any(it.by == by for it in run.approvals):
        raise Refusal(f"You have approved {run.id} already. It needs {run.needed} more from other people.")
    return events.FailoverApproved(at=at, by=by, failover=run.number, what=run.what, needed=run.needed - 1)


def _must_be_proposed(run: Failover, at: datetime) -> None:
    again = Choice(label="Propose it again", say=f"failover {run.what}")
    if run.state is State.LAPSED or (run.state is State.PROPOSED and at >= run.lapses_at):
        raise Refusal(
            f"{run.id} expired at {run.lapses_at:%H:%M} UTC: {_why_lapsed(run)}.",
            choices=(again,) if run.task is Task.MOVE else (),
        )
    if run.state is not State.PROPOSED:
        raise Refusal(f"{run.id} needs no approval now: it is {run.state}.")


def _why_lapsed(run: Failover) -> str:
    if not run.needed:
        return "it was approved but could not start in time"
    return f"{'too few' if run.approvals else 'nobody else'} had approved it in time"


def changed(run: Failover, plan: Plan, *, at: datetime) -> events.FailoverChanged | None:
    """Return an event if the newly filled-in plan differs from the one people saw, else None."""
    if plan.fingerprint == run.plan.fingerprint:
        return None
    return events.FailoverChanged(at=at, failover=run.number, what=run.what, until=at + APPROVAL_LAPSES)


def begin(run: Failover, *, at: datetime) -> events.FailoverBegan | events.FailoverEnded:
    """Return the start of an approved run. It lapses instead if the approval is older than `APPROVAL_LAPSES`."""
    if run.approvals and at >= run.approvals[-1].at + APPROVAL_LAPSES:
        return lapse(run, at=at)
    return events.FailoverBegan(at=at, failover=run.number, what=run.what)


def abort(run: Failover, *, by: str, at: datetime) -> events.FailoverEnded | events.FailoverAborted:
    """Return the withdrawal of a run that has not started, or the abort of a running one.

    Refuses after the point of no return.
    """
    if run.state in {State.PROPOSED, State.APPROVED}:
        return _ended(run, State.WITHDRAWN, "", at, by=by)
    if run.state is State.ROLLING_BACK:
        raise Refusal(f"{run.id} is being rolled back already.")
    if run.state is not State.RUNNING:
        undo = (Choice(label="Roll it back", say=f"failover rollback {run.number}"),)
        raise Refusal(
            f"{run.id} is over: {run.state}. There is nothing to abort.",
            choices=undo if run.state is State.DONE else (),
        )
    if run.called_back:
        raise Refusal(f"{run.id} is being aborted already, by <@{run.called_back.by}>.")
    if not run.can_go_back and run.task is not Task.REHEARSAL:
        raise Refusal(f"{run.id} is {_no_way_back(run)}, so it can't be aborted. {_instead(run)}")
    return events.FailoverAborted(at=at, by=by, failover=run.number, what=run.what)


def withdraw(run: Failover, why: str, *, at: datetime) -> events.FailoverEnded:
    """Return the end of a run that has not started, for a reason that is no person's decision."""
    return _ended(run, State.WITHDRAWN, why, at)


def lapse(run: Failover, *, at: datetime) -> events.FailoverEnded:
    return _ended(run, State.LAPSED, "", at)


def must_be_undoable(run: Failover, *, last_on_lock: int, at: datetime) -> None:
    """Refuse if a run can't be undone: it did not succeed, went past its point of no return, or is too old."""
    if run.task is not Task.MOVE or run.state is not State.DONE or run.ended_at is None:
        raise Refusal(
            f"{run.id} is not a finished failover: it is {run.state}. There is nothing to roll back."
        )
    if run.plan.no_return is not None:
        name = run.plan.steps[run.plan.no_return].name
        raise Refusal(
            f"{run.id} went past its point of no return ({name}). To go back, write a separate plan."
        )
    if last_on_lock != run.number:
        raise Refusal(
            f"Failover {last_on_lock} has moved {run.plan.lock} since, so {run.id} can no longer be undone."
        )
    if at > run.ended_at + run.plan.undo_within:
        raise Refusal(
            f"The undo of {run.id} was valid until {run.ended_at + run.plan.undo_within:%d %b %H:%M} UTC."
        )


def _no_way_back(run: Failover) -> str:
    if run.task is Task.ROLLBACK:
        return "a rollback itself"
    return f"past its point of no return ({run.plan.steps[run.plan.no_return or 0].name})"


def _instead(run: Failover) -> str:
    return "Answer its question." if run.question else "If something goes wrong, it stops and asks."


def start(run: Failover, action: Action, *, at: datetime, does: str) -> events.FailoverActionStarted:
    return events.FailoverActionStarted(
        at=at,
        failover=run.number,
        what=run.what,
        attempt=run.attempts + 1,
        action=action.kind.value,
        at_step=action.at,
        stage=action.stage,
        name=run.name_of(action),
        does=does,
    )


def finish(
    run: Failover, attempt: int, outcome: Outcome, *, at: datetime
) -> events.FailoverActionFinished | None:
    """Return the result of an attempt, or None if the result is known already.

    A process that seemed gone may still report. Its report closes the question about that attempt.
    """
    tried = run.tried(attempt)
    if tried is None:
        return None
    return events.FailoverActionFinished(
        at=at,
        failover=run.number,
        what=run.what,
        attempt=attempt,
        action=tried.action.kind.value,
        name=run.name_of(tried.action),
        end=outcome.end.value,
        says=outcome.says,
        took=(at - tried.since).total_seconds(),
        output=outcome.output,
        dropped=outcome.dropped,
    )


def resumed(run: Failover, *, at: datetime) -> events.FailoverResumed:
    """Continue after a process is gone. Spy repeats checks and waits; it asks a person about the rest."""
    number = run.attempt.number if run.attempt else None
    return events.FailoverResumed(at=at, failover=run.number, what=run.what, attempt=number)


def crash(run: Failover, why: str, *, at: datetime) -> events.FailoverCrashed | None:
    """Return the crash of the next action, so that a person decides how to continue.

    None if there is no next action.
    """
    action = run.next_action()
    if action is None:
        return None
    name = run.name_of(action)
    return events.FailoverCrashed(at=at, failover=run.number, what=run.what, name=name, why=why)


def consequence(run: Failover, *, at: datetime) -> Event | None:
    """Return the event that follows without a person. Call it again until it returns None."""
    if run.state not in UNDER_WAY or run.attempt or run.question:
        return None
    if run.is_left:
        return _ended(run, State.LEFT, run.why, at)
    if run.state is State.ROLLING_BACK:
        if run.trouble:
            return asked(run, run.trouble, at)
        return None if run.way_back else _ended(run, State.ROLLED_BACK, run.why, at)
    return _onwards(run, at)


def _onwards(run: Failover, at: datetime) -> Event | None:
    if run.trouble and _may_still_run(run, run.trouble):
        return asked(run, run.trouble, at)
    if run.called_back or (run.trouble and _goes_back_for(run, run.trouble)):
        return _back(run, at)
    if run.trouble:
        return asked(run, run.trouble, at)
    action = run.next_action()
    if action is None:
        return _ended(run, State.DONE, "", at)
    if action.kind is ActionKind.RUN and run.task is not Task.REHEARSAL and run.plan.steps[action.at].asks:
        return asked(run, Result(action=action, end=End.OK, says="", at=at), at)
    return None


def _may_still_run(run: Failover, trouble: Result) -> bool:
    """Whether a workflow may still be running on GitHub.

    Then Spy asks before it undoes anything, even after an abort.
    """
    runs_elsewhere = (
        isinstance(run.plan.steps[trouble.action.at].run, Workflow) and trouble.action.kind is ActionKind.RUN
    )
    return runs_elsewhere and trouble.end is End.UNKNOWN and run.task is not Task.REHEARSAL


def _goes_back_for(run: Failover, trouble: Result) -> bool:
    """Whether Spy rolls back without asking: the check clearly failed and there is a way back.

    A rehearsal just ends.
    """
    return run.task is Task.REHEARSAL or (trouble.end is End.RED and run.can_go_back)


def _back(run: Failover, at: datetime) -> Event:
    """Return the start of a rollback, or the end of the run if nothing has moved."""
    name = run.name_of(run.trouble.action) if run.trouble else ""
    why = f"{name}: {run.trouble.says}" if run.trouble and not run.called_back else ""
    by = run.called_back.by if run.called_back else None
    if run.task is Task.REHEARSAL or not run.began:
        return _ended(run, State.FAILED, why, at, by=by)
    return events.FailoverRollbackBegan(at=at, by=by, failover=run.number, what=run.what, why=why)


def _ended(
    run: Failover, state: State, why: str, at: datetime, *, by: str | None = None
) -> events.FailoverEnded:
    stands = run.stands if state in {State.LEFT, State.DONE} else ()
    return events.FailoverEnded(
        at=at, by=by, failover=run.number, what=run.what, state=state.value, why=why, stands=stands
    )
