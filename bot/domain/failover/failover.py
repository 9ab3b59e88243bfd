"""A failover run: proposed, approved by a second person, executed step by step, and rolled back if needed.

A decision is a method: it returns an event or raises a Refusal. `after(event)` returns the run once the event has
happened. `next_action` returns what to do outside. `consequence` returns the event that follows without a person. The
caller stores a `FailoverActionStarted` before each action and a `FailoverActionFinished` after it. If the process dies
between the two, nobody knows whether the action happened, so a person is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.events import Event
from bot.domain.failover import events
from bot.domain.failover.plan import Check, End, Instruction, Outcome, Plan, Step, Workflow, staged
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer

APPROVAL_LAPSES = timedelta(minutes=10)
"""How long a shown plan can be approved."""
ASKED_AGAIN = timedelta(minutes=5)
"""How long a question waits for an answer before Spy asks again, up to `ASKED_AT_MOST` times."""
ASKED_AT_MOST = 5
LAPSE, ASK_AGAIN = "lapse", "ask_again"
"""The names of the two timers."""


class Task(StrEnum):
    MOVE = "move"
    REHEARSAL = "rehearsal"
    """Only checks and dry runs; nothing moves."""
    ROLLBACK = "rollback"
    """Undoes an earlier run that succeeded."""


class State(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    """Enough people approved; a worker starts it next."""
    RUNNING = "running"
    ROLLING_BACK = "rolling back"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    """It ended before anything had moved."""
    LEFT = "left"
    """A person ended it and left the steps as they were."""
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


UNDER_WAY = frozenset({State.RUNNING, State.ROLLING_BACK})
ACTIVE = frozenset({State.PROPOSED, State.APPROVED, *UNDER_WAY})


class ActionKind(StrEnum):
    CHECK = "check"
    RUN = "run"
    VERIFY = "verify"
    SOAK = "soak"
    AGAIN = "again"
    """The step's check, repeated after the soak."""
    UNDO = "undo"
    LOOK = "look"
    """Checks whether an action with an unknown outcome happened."""


ONCE_ONLY = frozenset({ActionKind.RUN, ActionKind.UNDO})
"""Spy never repeats these without asking. The other actions only read or wait, so they are safe to repeat."""


class Answer(StrEnum):
    CHECK = "check"
    HAPPENED = "happened"
    DID_NOT = "did_not"
    ROLL_BACK = "roll_back"
    YES = "yes"
    NO = "no"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Action:
    """A part of a step (`at` indexes the plan's `steps`) or a check before them (`at` indexes `before`).

    `stage` is an index into the step's stages.
    """

    kind: ActionKind
    at: int
    stage: int | None = None


@dataclass(frozen=True, kw_only=True)
class ActionAttempt:
    """An action that runs outside now, and its start (UTC)."""

    number: int
    action: Action
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Result:
    """How an attempt ended, as observed or as a person answered."""

    action: Action
    end: End
    says: str
    at: datetime
    took: timedelta = timedelta()
    attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpenQuestion:
    """A question to people, and the answers it accepts."""

    number: int
    action: Action
    end: End
    why: str
    since: datetime
    answers: tuple[Answer, ...]
    attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class Approval:
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Failover:
    """One run of a plan. Times are in UTC; people are Slack ids."""

    number: int
    plan: Plan
    """The plan as people saw it, with all parameters filled in."""
    given: Mapping[str, str] = field(default_factory=dict)
    what: str
    task: Task = Task.MOVE
    of: int | None = None
    """For a rollback: the number of the run it undoes."""
    place: str
    """The address of its message, as in effects."""
    incident: int | None = None
    proposed_by: str
    proposed_at: datetime
    lapses_at: datetime
    state: State = State.PROPOSED
    approvals: tuple[Approval, ...] = ()
    began_at: datetime | None = None
    at: int = 0
    """Index of the next action in `route`."""
    attempt: ActionAttempt | None = None
    attempts: int = 0
    began: tuple[int, ...] = ()
    """The steps that started and may have moved something."""
    undone: tuple[int, ...] = ()
    results: tuple[Result, ...] = ()
    trouble: Result | None = None
    """The last action that did not succeed, until an event follows from it."""
    looks_at: OpenQuestion | None = None
    """The question that somebody answered with *check*: Spy now checks whether its action happened."""
    question: OpenQuestion | None = None
    asks: tuple[int, ...] = ()
    """For each question, how often it was asked."""
    called_back: Approval | None = None
    """Who aborted it, and when."""
    is_left: bool = False
    why: str = ""
    """Why it was rolled back, or why it ended."""
    tail: str = ""
    """The last output of the running command."""
    ended_at: datetime | None = None
    entries: int = 0
    """The number of entries in its audit log."""

    # --- properties ---

    @property
    def subject(self) -> Subject:
        return Subject("failover", str(self.number))

    @property
    def id(self) -> str:
        return f"Failover {self.number}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def lock(self) -> str | None:
        """The lock it holds while active. A rehearsal moves nothing, so it holds none."""
        return None if self.task is Task.REHEARSAL else self.plan.lock

    @property
    def needed(self) -> int:
        """How many more people must approve."""
        return max(0, self.plan.approvals - len(self.approvals)) if self.task is not Task.REHEARSAL else 0

    @property
    def can_go_back(self) -> bool:
        """Whether the point of no return is still ahead."""
        return self.task is not Task.REHEARSAL and self.plan.no_return not in self.began

    @property
    def can_be_aborted(self) -> bool:
        """Whether a person can still withdraw it or abort it."""
        is_under_way = self.state is State.RUNNING and not self.called_back
        return self.state in {State.PROPOSED, State.APPROVED} or (
            is_under_way and (self.can_go_back or self.task is Task.REHEARSAL)
        )

    @property
    def is_to_run(self) -> bool:
        """Whether a worker has something to do: it is approved or under way, and waits for no answer."""
        return self.state is State.APPROVED or (self.state in UNDER_WAY and self.question is None)

    @property
    def is_called_back(self) -> bool:
        return self.called_back is not None and self.state is State.RUNNING

    @property
    def stands(self) -> tuple[str, ...]:
        """The names of the steps that started and were not undone."""
        return tuple(self.plan.steps[at].name for at in sorted(self.began) if at not in self.undone)

    @property
    def route(self) -> tuple[Action, ...]:
        """All actions in order, if every one succeeds."""
        checks = [Action(kind=ActionKind.CHECK, at=at) for at in range(len(self.plan.before))]
        steps = [action for at, step in enumerate(self.plan.steps) for action in self._actions(at, step)]
        return (*checks, *steps)

    def _actions(self, at: int, step: Step) -> list[Action]:
        if self.task is Task.REHEARSAL:
            return [Action(kind=ActionKind.RUN, at=at)] if step.dry_run else []
        stages = range(len(step.stages)) if step.stages else (None,)
        parts = [
            ActionKind.RUN,
            *([ActionKind.VERIFY] if step.verify else []),
            *([ActionKind.SOAK] if step.soak else []),
        ]
        if step.verify and step.soak:
            parts.append(ActionKind.AGAIN)
        return [Action(kind=kind, at=at, stage=stage) for stage in stages for kind in parts]

    @property
    def way_back(self) -> tuple[Action, ...]:
        """The remaining undo actions, last step first."""
        left = [at for at in sorted(self.began, reverse=True) if at not in self.undone]
        return tuple(Action(kind=ActionKind.UNDO, at=at) for at in left if self.plan.steps[at].undo)

    def name_of(self, action: Action) -> str:
        """Return the name of the action's check or step, with its stage."""
        if action.kind is ActionKind.CHECK:
            return self.plan.before[action.at].name
        step = self.plan.steps[action.at]
        return step.name if action.stage is None else f"{step.name} {step.stages[action.stage]}"

    def instruction(self, action: Action) -> Instruction:
        """Return the instruction of a run or an undo, with its stage filled in."""
        step = self.plan.steps[action.at]
        if action.kind is ActionKind.UNDO and step.undo:
            return step.undo
        if self.task is Task.REHEARSAL and step.dry_run:
            return step.dry_run
        return staged(step.run, self._stage(action))

    def check(self, action: Action) -> Check | None:
        """Return the check behind a check, a verification or a look, with its stage filled in."""
        if action.kind is ActionKind.CHECK:
            return self.plan.before[action.at]
        verify = self.plan.steps[action.at].verify
        stage = self._stage(action)
        return replace(verify, by=staged(verify.by, stage)) if verify and stage is not None else verify  # type: ignore[arg-type]

    def _stage(self, action: Action) -> int | str | None:
        return None if action.stage is None else self.plan.steps[action.at].stages[action.stage]

    # --- the next action ---

    def next_action(self) -> Action | None:
        """Return the next action to run outside.

        None if there is none: either an event follows (`consequence`) or a person must answer.
        """
        if self.attempt or self.question:
            return None
        if self.looks_at:
            return replace(self.looks_at.action, kind=ActionKind.LOOK)
        if self.state is State.RUNNING:
            return next(iter(self.route[self.at :]), None)
        if self.state is State.ROLLING_BACK:
            return next(iter(self.way_back), None)
        return None

    def consequence(self, *, at: datetime) -> Event | None:
        """Return the event that follows without a person. Call it again until it returns None."""
        if self.state not in UNDER_WAY or self.attempt or self.question:
            return None
        if self.is_left:
            return self._ended(State.LEFT, self.why, at)
        if self.state is State.ROLLING_BACK:
            if self.trouble:
                return self._asked(self.trouble, at)
            return None if self.way_back else self._ended(State.ROLLED_BACK, self.why, at)
        return self._onwards(at)

    def _onwards(self, at: datetime) -> Event | None:
        if self.trouble and self._may_still_run(self.trouble):
            return self._asked(self.trouble, at)
        if self.called_back or (self.trouble and self._goes_back_for(self.trouble)):
            return self._back(at)
        if self.trouble:
            return self._asked(self.trouble, at)
        action = self.next_action()
        if action is None:
            return self._ended(State.DONE, "", at)
        if (
            action.kind is ActionKind.RUN
            and self.task is not Task.REHEARSAL
            and self.plan.steps[action.at].asks
        ):
            return self._asked(Result(action=action, end=End.OK, says="", at=at), at)
        return None

    def _may_still_run(self, trouble: Result) -> bool:
        """Whether a workflow may still be running on GitHub.

        Then Spy asks before it undoes anything, even after an abort.
        """
        is_outside = (
            isinstance(self.plan.steps[trouble.action.at].run, Workflow)
            and trouble.action.kind is ActionKind.RUN
        )
        return is_outside and trouble.end is End.UNKNOWN and self.task is not Task.REHEARSAL

    def _goes_back_for(self, trouble: Result) -> bool:
        """Whether Spy rolls back without asking: the check clearly failed and there is a way back.

        A rehearsal just ends.
        """
        return self.task is Task.REHEARSAL or (trouble.end is End.RED and self.can_go_back)

    def _back(self, at: datetime) -> Event:
        """Return the start of a rollback, or the end of the run if nothing has moved."""
        name = self.name_of(self.trouble.action) if self.trouble else ""
        why = f"{name}: {self.trouble.says}" if self.trouble and not self.called_back else ""
        by = self.called_back.by if self.called_back else None
        if self.task is Task.REHEARSAL or not self.began:
            return self._ended(State.FAILED, why, at, by=by)
        return events.FailoverRollbackBegan(at=at, by=by, failover=self.number, what=self.what, why=why)

    def _asked(self, trouble: Result, at: datetime) -> Event:
        return events.FailoverAsked(
            at=at,
            failover=self.number,
            what=self.what,
            question=len(self.asks) + 1,
            name=self.name_of(trouble.action),
            why=trouble.says,
        )

    def _ended(self, state: State, why: str, at: datetime, *, by: str | None = None) -> events.FailoverEnded:
        stands = self.stands if state in {State.LEFT, State.DONE} else ()
        return events.FailoverEnded(
            at=at, by=by, failover=self.number, what=self.what, state=state.value, why=why, stands=stands
        )

    # --- decisions of people ---

    def approve(self, *, by: str, at: datetime, shown: str | None = None) -> events.FailoverApproved:
        """Return an approval of the plan as shown. Refuses a late one, the proposer, and a second one by one person.

        `shown` is the fingerprint of the plan above the button. If the plan has changed since, the approval is
        refused.
        """
        self._must_be_proposed(at)
        if shown not in {None, self.plan.fingerprint}:
            raise Refusal(f"{self.id} has changed since you saw it. Please read the new plan.")
        if by == self.proposed_by:
            raise Refusal(f"You proposed {self.id} yourself. A second person has to approve it.")
        if any(it.by == by for it in self.approvals):
            raise Refusal(
                f"You have approved {self.id} already. It needs {self.needed} more from other people."
            )
        return events.FailoverApproved(
            at=at, by=by, failover=self.number, what=self.what, needed=self.needed - 1
        )

    def _must_be_proposed(self, at: datetime) -> None:
        again = Choice(label="Propose it again", say=f"failover {self.what}")
        if self.state is State.LAPSED or (self.state is State.PROPOSED and at >= self.lapses_at):
            raise Refusal(
                f"{self.id} expired at {self.lapses_at:%H:%M} UTC: {self._why_lapsed}.",
                choices=(again,) if self.task is Task.MOVE else (),
            )
        if self.state is not State.PROPOSED:
            raise Refusal(f"{self.id} needs no approval now: it is {self.state}.")

    @property
    def _why_lapsed(self) -> str:
        if not self.needed:
            return "it was approved but could not start in time"
        return f"{'too few' if self.approvals else 'nobody else'} had approved it in time"

    def changed(self, plan: Plan, *, at: datetime) -> events.FailoverChanged | None:
        """Return an event if the newly filled-in plan differs from the one people saw, else None."""
        if plan.fingerprint == self.plan.fingerprint:
            return None
        return events.FailoverChanged(at=at, failover=self.number, what=self.what, until=at + APPROVAL_LAPSES)

    def begin(self, *, at: datetime) -> events.FailoverBegan | events.FailoverEnded:
        """Return the start of an approved run. It lapses instead if the approval is older than `APPROVAL_LAPSES`."""
        if self.approvals and at >= self.approvals[-1].at + APPROVAL_LAPSES:
            return self.lapse(at=at)
        return events.FailoverBegan(at=at, failover=self.number, what=self.what)

    def abort(self, *, by: str, at: datetime) -> events.FailoverEnded | events.FailoverAborted:
        """Return the withdrawal of a run that has not started, or the abort of a running one.

        Refuses after the point of no return.
        """
        if self.state in {State.PROPOSED, State.APPROVED}:
            return self._ended(State.WITHDRAWN, "", at, by=by)
        if self.state is State.ROLLING_BACK:
            raise Refusal(f"{self.id} is being rolled back already.")
        if self.state is not State.RUNNING:
            undo = (Choice(label="Roll it back", say=f"failover rollback {self.number}"),)
            raise Refusal(
                f"{self.id} is over: {self.state}. There is nothing to abort.",
                choices=undo if self.state is State.DONE else (),
            )
        if self.called_back:
            raise Refusal(f"{self.id} is being aborted already, by <@{self.called_back.by}>.")
        if not self.can_go_back and self.task is not Task.REHEARSAL:
            raise Refusal(f"{self.id} is {self._no_way_back()}, so it can't be aborted. {self._instead()}")
        return events.FailoverAborted(at=at, by=by, failover=self.number, what=self.what)

    def withdraw(self, why: str, *, at: datetime) -> events.FailoverEnded:
        """Return the end of a run that has not started, for a reason that is no person's decision."""
        return self._ended(State.WITHDRAWN, why, at)

    def lapse(self, *, at: datetime) -> events.FailoverEnded:
        return self._ended(State.LAPSED, "", at)

    def ask_again(self, *, at: datetime) -> events.FailoverReminded:
        """Return the next reminder of the open question."""
        number, count = len(self.asks), self.asks[-1] + 1
        return events.FailoverReminded(
            at=at, failover=self.number, what=self.what, question=number, count=count
        )

    def _no_way_back(self) -> str:
        if self.task is Task.ROLLBACK:
            return "a rollback itself"
        return f"past its point of no return ({self.plan.steps[self.plan.no_return or 0].name})"

    def _instead(self) -> str:
        return "Answer its question." if self.question else "If something goes wrong, it stops and asks."

    def answer(
        self, answer: Answer, *, by: str, at: datetime, question: int | None = None
    ) -> events.FailoverAnswered:
        """Return an answer to the open question.

        With `question`, refuse if that question is no longer the open one: nobody has read the new one yet.
        """
        if self.question is None:
            raise Refusal(f"{self.id} has no open question: it is {self.state}.")
        if question not in {None, self.question.number}:
            raise Refusal(f"Someone has already answered that. {self.id} has a new question: read it first.")
        if answer not in self.question.answers:
            known = ", ".join(f"`failover answer {self.number} {it}`" for it in self.question.answers)
            raise Refusal(f"That is not an answer to the question of {self.id}. Use one of: {known}.")
        return events.FailoverAnswered(
            at=at,
            by=by,
            failover=self.number,
            what=self.what,
            question=self.question.number,
            answer=answer.value,
        )

    def must_be_undoable(self, *, last_on_lock: int, at: datetime) -> None:
        """Refuse if a run can't be undone: it did not succeed, went past its point of no return, or is too old."""
        if self.task is not Task.MOVE or self.state is not State.DONE or self.ended_at is None:
            raise Refusal(
                f"{self.id} is not a finished failover: it is {self.state}. There is nothing to roll back."
            )
        if self.plan.no_return is not None:
            name = self.plan.steps[self.plan.no_return].name
            raise Refusal(
                f"{self.id} went past its point of no return ({name}). To go back, write a separate plan."
            )
        if last_on_lock != self.number:
            raise Refusal(
                f"Failover {last_on_lock} has moved {self.plan.lock} since, so {self.id} can no longer be undone."
            )
        if at > self.ended_at + self.plan.undo_within:
            raise Refusal(
                f"The undo of {self.id} was valid until {self.ended_at + self.plan.undo_within:%d %b %H:%M} UTC."
            )

    # --- actions ---

    def start(self, action: Action, *, at: datetime, does: str) -> events.FailoverActionStarted:
        return events.FailoverActionStarted(
            at=at,
            failover=self.number,
            what=self.what,
            attempt=self.attempts + 1,
            action=action.kind.value,
            at_step=action.at,
            stage=action.stage,
            name=self.name_of(action),
            does=does,
        )

    def finish(self, attempt: int, outcome: Outcome, *, at: datetime) -> events.FailoverActionFinished | None:
        """Return the result of an attempt, or None if the result is known already.

        A process that seemed gone may still report. Its report closes the question about that attempt.
        """
        tried = self._tried(attempt)
        if tried is None:
            return None
        return events.FailoverActionFinished(
            at=at,
            failover=self.number,
            what=self.what,
            attempt=attempt,
            action=tried.action.kind.value,
            name=self.name_of(tried.action),
            end=outcome.end.value,
            says=outcome.says,
            took=(at - tried.since).total_seconds(),
            output=outcome.output,
            dropped=outcome.dropped,
        )

    def _tried(self, attempt: int) -> ActionAttempt | None:
        """Return the attempt if it still runs, or if its outcome is the open question."""
        if self.attempt and self.attempt.number == attempt:
            return self.attempt
        if self.question and self.question.attempt == attempt and self.question.end is End.UNKNOWN:
            return ActionAttempt(number=attempt, action=self.question.action, since=self.question.since)
        return None

    def resumed(self, *, at: datetime) -> events.FailoverResumed:
        """Continue after a process is gone. Spy repeats checks and waits; it asks a person about the rest."""
        number = self.attempt.number if self.attempt else None
        return events.FailoverResumed(at=at, failover=self.number, what=self.what, attempt=number)

    def crash(self, why: str, *, at: datetime) -> events.FailoverCrashed | None:
        """Return the crash of the next action, so that a person decides how to continue.

        None if there is no next action.
        """
        action = self.next_action()
        if action is None:
            return None
        name = self.name_of(action)
        return events.FailoverCrashed(at=at, failover=self.number, what=self.what, name=name, why=why)

    # --- applying events ---

    def shown_anew(self, plan: Plan) -> "Failover":
        """Return the run with its current plan, after a `FailoverChanged`."""
        return replace(self, plan=plan)

    def after(self, event: Event) -> "Failover":  # noqa: C901, PLR0911, PLR0912  a table
        """Return the run after the event."""
        match event:
            case events.FailoverApproved(by=str() as by):
                given = replace(self, approvals=(*self.approvals, Approval(by=by, at=event.at)))
                return given if given.needed else replace(given, state=State.APPROVED)
            case events.FailoverChanged():
                anew = replace(self, approvals=(), lapses_at=event.until)
                return replace(anew, state=State.PROPOSED if anew.needed else State.APPROVED)
            case events.FailoverBegan():
                return replace(self, state=State.RUNNING, began_at=event.at)
            case events.FailoverResumed():
                return self._after_resuming(event)
            case events.FailoverCrashed():
                return self._after_crash(event)
            case events.FailoverActionStarted():
                return self._after_start(event)
            case events.FailoverActionFinished():
                return self._after_finish(event)
            case events.FailoverAsked():
                return self._after_asking(event)
            case events.FailoverAnswered():
                return self._after_answer(event)
            case events.FailoverReminded():
                return replace(self, asks=(*self.asks[:-1], event.count))
            case events.FailoverAborted(by=str() as by):
                called = Approval(by=by, at=event.at)
                return replace(self, called_back=called, question=None, looks_at=None)
            case events.FailoverRollbackBegan():
                return replace(self, state=State.ROLLING_BACK, trouble=None, looks_at=None, why=event.why)
            case events.FailoverEnded():
                ended = replace(self, state=State(event.state), why=event.why or self.why, ended_at=event.at)
                return replace(ended, trouble=None, question=None, tail="")
        return self

    def _after_resuming(self, event: events.FailoverResumed) -> "Failover":
        lost = self.attempt
        if lost is None:
            return self
        freed = replace(self, attempt=None, tail="")
        if lost.action.kind not in ONCE_ONLY:
            return freed
        says = "the process that did it is gone, so nobody knows whether it happened"
        result = Result(action=lost.action, end=End.UNKNOWN, says=says, at=event.at, attempt=lost.number)
        return replace(freed, trouble=result)

    def _after_crash(self, event: events.FailoverCrashed) -> "Failover":
        action = self.next_action()
        assert action, "it crashed over what comes next"  # noqa: S101  a caller's bug, not input
        return replace(self, trouble=Result(action=action, end=End.UNKNOWN, says=event.why, at=event.at))

    def _after_start(self, event: events.FailoverActionStarted) -> "Failover":
        action = Action(kind=ActionKind(event.action), at=event.at_step, stage=event.stage)
        attempt = ActionAttempt(number=event.attempt, action=action, since=event.at)
        actions = action.kind is ActionKind.RUN and self.task is not Task.REHEARSAL
        began = tuple(dict.fromkeys((*self.began, action.at))) if actions else self.began
        return replace(self, attempt=attempt, attempts=event.attempt, began=began, tail="")

    def _after_finish(self, event: events.FailoverActionFinished) -> "Failover":
        tried = self._tried(event.attempt)
        assert tried, "what ends had begun"  # noqa: S101  a caller's bug, not input
        action, end = tried.action, End(event.end)
        took = timedelta(seconds=event.took)
        result = Result(
            action=action, end=end, says=event.says, at=event.at, took=took, attempt=event.attempt
        )
        freed = replace(
            self, attempt=None, question=None, looks_at=None, results=(*self.results, result), tail=""
        )
        if end is End.OK:
            return freed._passed(action)  # noqa: SLF001  the same class
        if (
            action.kind is ActionKind.LOOK and self.looks_at
        ):  # not seen to have happened, which proves nothing
            sought = self.looks_at
            result = replace(result, action=sought.action, end=End.UNKNOWN, attempt=sought.attempt)
        return replace(freed, trouble=result)

    def _passed(self, action: Action) -> "Failover":
        """Return the run after an action that succeeded. An action done by hand can also be the point of no return."""
        if action.kind is ActionKind.UNDO:
            return replace(self, undone=(*self.undone, action.at), trouble=None)
        is_behind = (
            action.kind is ActionKind.RUN
            and action.at == self.plan.no_return
            and self.task is not Task.REHEARSAL
        )
        began = dict.fromkeys((*self.began, action.at)) if is_behind else self.began
        return replace(self, at=self.at + 1, trouble=None, began=tuple(began))

    def _after_asking(self, event: events.FailoverAsked) -> "Failover":
        about = self.trouble or Result(action=self.route[self.at], end=End.OK, says="", at=event.at)
        question = OpenQuestion(
            number=event.question,
            action=about.action,
            end=about.end,
            why=event.why,
            since=event.at,
            answers=self._answers(about.action, about.end),
            attempt=about.attempt,
        )
        return replace(self, question=question, asks=(*self.asks, 1), trouble=None)

    def _answers(self, action: Action, end: End) -> tuple[Answer, ...]:
        if end is End.OK:
            return (Answer.YES, Answer.NO)
        if action.kind is ActionKind.UNDO:
            return (Answer.HAPPENED, Answer.DID_NOT, Answer.LEAVE)
        if action.kind is not ActionKind.RUN:
            return (Answer.CHECK, Answer.HAPPENED, Answer.LEAVE)
        step = self.plan.steps[action.at]
        if step.asks:
            return (Answer.HAPPENED, Answer.LEAVE)
        looks = (Answer.CHECK,) if step.verify or isinstance(step.run, Workflow) else ()
        back = self.task is Task.MOVE and (self.can_go_back or action.at == self.plan.no_return)
        return (*looks, Answer.HAPPENED, Answer.DID_NOT, Answer.ROLL_BACK if back else Answer.LEAVE)

    def _after_answer(self, event: events.FailoverAnswered) -> "Failover":
        asked, by = self.question, event.by or ""
        assert asked, "an answer follows a question"  # noqa: S101  a caller's bug, not input
        free, said = replace(self, question=None), f"<@{by}>: {event.answer.replace('_', ' ')}"
        result = Result(action=asked.action, end=End.OK, says=said, at=event.at)
        match Answer(event.answer):
            case Answer.HAPPENED | Answer.YES:
                return replace(free, results=(*self.results, result))._passed(asked.action)  # noqa: SLF001  the same class
            case Answer.NO:
                red = replace(result, end=End.RED)
                return replace(free, results=(*self.results, red), trouble=red)
            case Answer.CHECK if asked.action.kind is ActionKind.RUN:
                return replace(free, looks_at=asked)
            case Answer.ROLL_BACK:
                return free._called_back(asked.action, Approval(by=by, at=event.at))  # noqa: SLF001  the same class
            case Answer.LEAVE:
                return replace(free, is_left=True, why=f"{self.name_of(asked.action)}: {asked.why}")
        return free

    def _called_back(self, action: Action, by: Approval) -> "Failover":
        """Roll back because a person asked for it.

        A point of no return without an undo counts as not passed.
        """
        is_not_passed = action.at == self.plan.no_return and self.plan.steps[action.at].undo is None
        began = tuple(at for at in self.began if not (is_not_passed and at == action.at))
        return replace(self, called_back=by, began=began)


def failover_agenda(run: Failover) -> list[Timer]:
    """Return the timers: a proposal lapses, and an unanswered question is asked again."""
    if run.state is State.PROPOSED:
        mark = str(round(run.lapses_at.timestamp()))
        return [Timer(subject=run.subject, occurrence=Occurrence(LAPSE, mark, "1"), due_at=run.lapses_at)]
    if run.question is None or run.asks[-1] >= ASKED_AT_MOST:
        return []
    count = run.asks[-1]
    due = run.question.since + ASKED_AGAIN * count
    occurrence = Occurrence(ASK_AGAIN, str(run.question.number), str(count))
    return [Timer(subject=run.subject, occurrence=occurrence, due_at=due)]
