"""A failover run: proposed, approved by a second person, executed step by step, and rolled back if needed.

A decision returns an event or raises a Refusal. `after(event)` returns the run once the event has happened.
`next_action` returns what to do outside. `decisions.consequence` returns the event that follows without a person. The
caller stores a `FailoverActionStarted` before each action and a `FailoverActionFinished` after it. If the process dies
between the two, nobody knows whether the action happened, so a person is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.event import Event
from bot.domain.failover import events
from bot.domain.failover.plan import Check, End, Instruction, Plan, Step, Workflow, staged
from bot.domain.failover.state import (
    ACTIVE,
    ONCE_ONLY,
    UNDER_WAY,
    Action,
    ActionAttempt,
    ActionKind,
    Answer,
    Approval,
    OpenQuestion,
    Result,
    State,
    Task,
)
from bot.domain.subject import Address, Subject, is_direct


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
    place: Address
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
    def is_direct(self) -> bool:
        """Whether its message is a direct message, so that only one person sees it."""
        return isinstance(self.place, str) and is_direct(self.place)

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

    def tried(self, attempt: int) -> ActionAttempt | None:
        """Return the attempt if it still runs, or if its outcome is the open question."""
        if self.attempt and self.attempt.number == attempt:
            return self.attempt
        if self.question and self.question.attempt == attempt and self.question.end is End.UNKNOWN:
            return ActionAttempt(number=attempt, action=self.question.action, since=self.question.since)
        return None

    # --- applying events ---

    def with_plan(self, plan: Plan) -> "Failover":
        """Return the run with its current plan, after a `FailoverChanged`."""
        return replace(self, plan=plan)

    def after(self, event: Event) -> "Failover":  # noqa: C901, PLR0911, PLR0912  a table
        """Return the run after the event."""
        match event:
            case events.FailoverApproved(by=str() as by):
                given = replace(self, approvals=(*self.approvals, Approval(by=by, at=event.at)))
                return given if given.needed else replace(given, state=State.APPROVED)
            case events.FailoverChanged():
                renewed = replace(self, approvals=(), lapses_at=event.until)
                return replace(renewed, state=State.PROPOSED if renewed.needed else State.APPROVED)
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
        tried = self.tried(event.attempt)
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
        free, text = replace(self, question=None), f"<@{by}>: {event.answer.replace('_', ' ')}"
        result = Result(action=asked.action, end=End.OK, says=text, at=event.at)
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
