"""What the messages about a failover show, read from the database each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.effects import UpsertMessage
from bot.domain.failover.effects import CARD, QUESTION, WORD
from bot.domain.failover.plan import End, described
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Action, ActionKind, Result, State, Task
from bot.ports import AuditEntry
from bot.services.failover.failovers import Failovers
from bot.services.messages import Facts, message
from bot.services.transaction import Transaction

MOVES = 30
"""The most lines about actions in one message with an audit log. Slack's limit is about 12,000 characters."""
CELLS = 10
"""The width of the progress bar, in characters."""


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """A check or a step. `state` is waiting, doing, ok, red, unknown, asked, undoing, undone or skipped."""

    name: str
    state: str
    does: str = ""
    check: str = ""
    undo: str = ""
    soak: timedelta | None = None
    says: str = ""
    took: timedelta | None = None
    kind: str = ""
    """Which part of it runs now."""
    no_return: bool = False
    asks: bool = False
    is_check: bool = False
    stages: tuple[tuple[str, str], ...] = ()


class FailoverViews:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def card(self, run: Failover) -> Facts:
        """Return the facts of the run's message: its plan, progress and state."""
        is_new = run.began_at is None  # shown with the proposal only, not with each edit
        recent = Failovers(self._tx).recent(run.plan.name) if is_new else None
        done, all_of_it = _progress(run)
        return {
            "run": run,
            "now": self._tx.now,
            "incident": self._session.incidents.look(run.incident) if run.incident else None,
            "before": [_before(run, at) for at in range(len(run.plan.before))],
            "steps": [_step(run, at) for at in range(len(run.plan.steps))],
            "done": done,
            "of": all_of_it,
            "bar": _bar(done, all_of_it),
            "recent": recent,
            "is_undoable": not run.is_active and Failovers(self._tx).is_undoable(run),
            "took": run.ended_at - run.began_at if run.began_at and run.ended_at else None,
        }

    def question(self, run: Failover, number: int, *, time: int = 1) -> Facts:
        """Return a question, asked for the `time`th time, and its answer."""
        mine = [
            it for it in self._session.failovers.audit_log(run.number) if it.data.get("question") == number
        ]
        asked = next((it for it in mine if it.kind == "failover_asked"), None)
        is_open = run.question is not None and run.question.number == number
        action = run.question.action if run.question and is_open else None
        return {
            **self.card(run),
            "asked": asked,
            "answered": next((it for it in mine if it.kind == "failover_answered"), None),
            "is_open": is_open,
            "again": time > 1,
            "action": action,
            "name": run.name_of(action) if action else "",
            "is_without_undo": bool(
                action and action.kind is ActionKind.RUN and run.plan.steps[action.at].undo is None
            ),
            "words": described(run.instruction(action))
            if action and action.kind in {ActionKind.RUN, ActionKind.UNDO}
            else "",
        }

    def audit_log(self, run: Failover, step: str = "") -> Facts:
        """Return the audit log of a run, or of one step, oldest first.

        Only the latest actions are included, with the number left out. Decisions of people are always included.
        """
        audit_entries = self._of_step(run, step)
        actions = [
            it.seq
            for it in audit_entries
            if it.kind in {"failover_action_started", "failover_action_finished"}
        ]
        left_out = actions[:-MOVES]
        lines = [
            {
                **it.data,
                "kind": it.kind,
                "at": it.at,
                "by": it.by,
                "clock": f"{it.at:%H:%M:%S}",
                "within": True,
            }
            for it in audit_entries
            if it.seq not in left_out
        ]
        return {"run": run, "step": step, "traces": lines, "left_out": len(left_out)}

    def output(self, run: Failover, step: str) -> Facts:
        """Return what the actions of a step have printed, oldest first; of all steps if `step` is empty."""
        finished = [it for it in self._of_step(run, step) if it.kind == "failover_action_finished"]
        return {
            "run": run,
            "step": step,
            "printed": [{**it.data, "clock": f"{it.at:%H:%M:%S}"} for it in finished if it.data["output"]],
        }

    def _of_step(self, run: Failover, step: str) -> list[AuditEntry]:
        """Return the audit log of the steps whose names begin with `step`."""
        wanted = step.strip().casefold()
        audit_log = self._session.failovers.audit_log(run.number)
        return [it for it in audit_log if str(it.data.get("name", "")).casefold().startswith(wanted)]


# --- lines ------------------------------------------------------------------------------------------------


def _before(run: Failover, at: int) -> StepLine:
    check = run.plan.before[at]
    results = [it for it in run.results if it.action == Action(kind=ActionKind.CHECK, at=at)]
    state = str(results[-1].end) if results else "waiting"
    if run.attempt and run.attempt.action == Action(kind=ActionKind.CHECK, at=at):
        state = "doing"
    return StepLine(
        name=check.name,
        state=state,
        does=described(check.by),
        says=results[-1].says if results else "",
        kind=ActionKind.CHECK.value,
        is_check=True,
    )


def _step(run: Failover, at: int) -> StepLine:
    step = run.plan.steps[at]
    results = [it for it in run.results if it.action.at == at and it.action.kind is not ActionKind.CHECK]
    attempt = run.attempt.action if run.attempt and _is_of(run.attempt.action, at) else None
    return StepLine(
        name=step.name,
        state=_state(run, at, results),
        does=described(step.dry_run) if run.task is Task.REHEARSAL and step.dry_run else described(step.run),
        check=described(step.verify.by) if step.verify else "",
        undo=described(step.undo) if step.undo else "",
        soak=step.soak or None,
        says=results[-1].says if results else "",
        took=sum((it.took for it in results), timedelta()) or None,
        kind=attempt.kind.value if attempt else "",
        no_return=step.point_of_no_return and run.task is Task.MOVE,
        asks=step.asks,
        stages=tuple((str(stage), _stage_state(run, at, k)) for k, stage in enumerate(step.stages)),
    )


def _state(run: Failover, at: int, results: Sequence[Result]) -> str:  # noqa: PLR0911  a table
    if run.task is Task.REHEARSAL and not run.plan.steps[at].dry_run:
        return "skipped"
    if at in run.undone:
        return "undone"
    if run.attempt and _is_of(run.attempt.action, at):
        return "undoing" if run.attempt.action.kind is ActionKind.UNDO else "doing"
    if run.question and _is_of(run.question.action, at):
        return "asked"
    if results and results[-1].end is not End.OK:
        return str(results[-1].end)
    if _is_behind(run, [it for it in run.route if _is_of(it, at)]):
        return "ok"
    return "doing" if results and run.is_active else "waiting"


def _stage_state(run: Failover, at: int, stage: int) -> str:
    if at in run.undone:
        return "undone"
    mine = [it for it in run.route if _is_of(it, at) and it.stage == stage]
    if _is_behind(run, mine):
        return "ok"
    return "doing" if run.attempt and run.attempt.action in mine else "waiting"


def _is_of(action: Action, at: int) -> bool:
    return action.at == at and action.kind is not ActionKind.CHECK


def _is_behind(run: Failover, actions: Sequence[Action]) -> bool:
    return bool(actions) and all(it in run.route[: run.at] for it in actions)


def _progress(run: Failover) -> tuple[int, int]:
    """Return how many actions are done, of how many. In a rollback, it counts the undos."""
    if run.state in {State.ROLLING_BACK, State.ROLLED_BACK}:
        return len(run.undone), len(run.undone) + len(run.way_back)
    return run.at, len(run.route)


def _bar(done: int, of: int) -> str:
    filled = CELLS * done // of if of else 0
    return "▓" * filled + "░" * (CELLS - filled)


# --- the lasting messages ---------------------------------------------------------------------------------


def _to_who_proposed(tx: Transaction, it: UpsertMessage, _why: str) -> None:
    Failovers(tx).move_message(it.ref)


@message(CARD, "failover/card", on_refused=_to_who_proposed)
@message(WORD, "failover/outcome")
def card(tx: Transaction, it: UpsertMessage) -> Facts:
    return FailoverViews(tx).card(_run(tx, it.ref))


@message(QUESTION, "failover/question", is_worth_posting=lambda facts: bool(facts["is_open"]))
def question(tx: Transaction, it: UpsertMessage) -> Facts:
    return FailoverViews(tx).question(_run(tx, it.ref), it.facts["question"], time=it.facts["time"])


def _run(tx: Transaction, number: int) -> Failover:
    run = tx.session.failovers.get(number)
    if run is None:
        raise LookupError(f"failover {number} is not in the database")
    return run
