"""Propose, approve, abort and answer failovers, and store what happens to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.effects import UpsertMessage
from bot.domain.event import Event
from bot.domain.failover import decisions, questions
from bot.domain.failover.decisions import APPROVAL_LAPSES
from bot.domain.failover.effects import CARD, effects_of
from bot.domain.failover.events import (
    FailoverActionFinished,
    FailoverBegan,
    FailoverEnded,
    FailoverEvent,
    FailoverProposed,
)
from bot.domain.failover.plan import RESERVED, Plan
from bot.domain.failover.questions import failover_agenda
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Answer, State, Task
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.service import known_as
from bot.domain.subject import Address, IncidentChannel
from bot.domain.text import shortened
from bot.ports import AuditEntry
from bot.services.changes.locks import Locks, shown_reason
from bot.services.failover.audited import add_step
from bot.services.permissions import Permissions
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

UNWRITTEN = "There is no failover plan yet. docs/failover.md shows how to write the first one in ten minutes."
LOOKED_AT = 50
"""How many of a plan's last runs are looked at, for the last one that began, succeeded, or was a rehearsal."""


@dataclass(frozen=True, kw_only=True)
class PlanStatus:
    """A listed plan with its last run, its last rehearsal, and its active runs."""

    plan: Plan
    last: Failover | None
    rehearsed: Failover | None
    active: Sequence[Failover] = ()


@dataclass(frozen=True, kw_only=True)
class RecentFailovers:
    """The latest runs of a plan: the last one that started, the last success, and the last rehearsal."""

    begun: Failover | None
    done: Failover | None
    rehearsed: Failover | None


class Failovers:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._permissions = Permissions(tx)

    # --- commands ---

    def propose(self, words: str, *, by: str, place: Address, incident: Incident | None) -> Failover:
        """Show a plan with these values so that a second person can approve it. Nothing moves yet."""
        return self._open(words, Task.MOVE, by=by, place=place, incident=incident)

    def rehearse(self, words: str, *, by: str, place: Address, incident: Incident | None) -> Failover:
        """Run a plan's checks and dry runs. Nothing moves, and no approval is needed."""
        return self._open(words, Task.REHEARSAL, by=by, place=place, incident=incident)

    def _open(
        self, words: str, task: Task, *, by: str, place: Address, incident: Incident | None
    ) -> Failover:
        plan, given = self._called(words)
        filled = plan.filled(given)
        run = self._new(filled, given, plan.in_words(given), task, by=by, place=place)
        return self._begin_life(replace(run, incident=incident.number if incident else None))

    def roll_back(
        self, number: int | None, *, by: str, place: Address, incident: Incident | None
    ) -> Failover:
        """Propose to undo a finished run.

        Without a number, it is the last success here. The proposal appears in the channel of its incident, if any.
        Refuses if the undo has expired.
        """
        done = self._locked(number, by=by) if number else self._last_done(place, incident, asker=by)
        self._must_be_undoable(done)
        plan = done.plan.undoing(done.began)
        where = IncidentChannel(done.incident) if done.incident else place
        run = self._new(plan, done.given, f"{done.what}, back", Task.ROLLBACK, by=by, place=where)
        return self._begin_life(replace(run, of=done.number, incident=done.incident))

    def _must_be_undoable(self, done: Failover) -> None:
        last = self._session.failovers.last_moved(done.plan.lock)
        decisions.must_be_undoable(done, last_on_lock=last.number if last else done.number, at=self._tx.now)

    def is_undoable(self, run: Failover) -> bool:
        """Whether the run can be undone now."""
        try:
            self._must_be_undoable(run)
        except Refusal:
            return False
        return True

    def approve(self, number: int, *, by: str, shown: str | None = None) -> Failover:
        """Approve the plan as shown; `shown` is its fingerprint.

        If the plan has changed since, Spy shows the new plan and this approval does not count.
        """
        run = self._locked(number, by=by)
        self._permissions.require(by, run.plan.allow, "Approving this failover")
        self._permissions.require_member(by, "Approving a failover")
        approved = decisions.approve(run, by=by, at=self._tx.now, shown=shown)
        fresh = self.as_it_is(run)
        return self.keep(run, approved) if fresh is run else fresh

    def abort(self, number: int, *, by: str) -> Failover:
        """Withdraw or abort a run. The proposer may do so, and everyone who may run the plan."""
        run = self._locked(number, by=by)
        if by != run.proposed_by:
            self._permissions.require(by, run.plan.allow, "Aborting this failover")
        return self.follow(self.keep(run, decisions.abort(run, by=by, at=self._tx.now)))

    def answer(self, number: int, words: str, *, by: str, question: int | None = None) -> Failover:
        """Answer the open question with one of the offered words.

        With `question`, only if that question is still open.
        """
        run = self._locked(number, by=by)
        self._permissions.require(by, run.plan.allow, "Answering for this failover")
        word = words.strip().casefold().replace(" ", "_")
        given = Answer(word) if word in set(Answer) else None
        if given is None:
            known = ", ".join(run.question.answers) if run.question else "none: it has no open question"
            raise Refusal(
                f"{shortened(words)} is not an answer to {run.id}. Answers: {known}.", slot="answer"
            )
        return self.follow(
            self.keep(run, questions.answer(run, given, by=by, at=self._tx.now, question=question))
        )

    # --- finding ---

    def find(self, number: int | None, *, asker: str, place: Address, incident: Incident | None) -> Failover:
        """Return a run by number; without one, the active run here, or the only active one. Refuses otherwise."""
        if number is not None:
            return self._seen(number, asker)
        active = [it for it in self._session.failovers.active() if self._is_seen(it, asker)]
        here = [it for it in active if it.place == place or (incident and it.incident == incident.number)]
        found = here or active
        if len(found) == 1:
            return found[0]
        if not found:
            raise Refusal(
                "No failover is under way. `failover` lists the plans, each with the number of its last run."
            )
        raise Refusal(
            "Which failover? Give its number: " + ", ".join(f"{it.number} ({it.what})" for it in found) + "."
        )

    def plans(self, *, asker: str) -> Sequence[PlanStatus]:
        """Return all plans with their state."""
        active = [it for it in self._session.failovers.active() if self._is_seen(it, asker)]
        return [self._status_of(plan, active, asker) for plan in self._tx.policy.plans.values()]

    def _status_of(self, plan: Plan, active: Sequence[Failover], asker: str) -> PlanStatus:
        recent = self.recent(plan.name, seen_by=asker)
        mine = [it for it in active if it.plan.name == plan.name]
        return PlanStatus(plan=plan, last=recent.begun, rehearsed=recent.rehearsed, active=mine)

    def recent(self, plan: str, *, seen_by: str | None = None) -> RecentFailovers:
        """Return a plan's latest runs. With `seen_by`, only runs that this person may see."""
        begun = done = None
        for run in self._latest(plan, Task.MOVE, seen_by):
            begun = begun or run
            if run.state is State.DONE:
                done = run
                break
        return RecentFailovers(
            begun=begun, done=done, rehearsed=next(self._latest(plan, Task.REHEARSAL, seen_by), None)
        )

    def _latest(self, plan: str, task: Task, seen_by: str | None) -> Iterator[Failover]:
        for run in self._session.failovers.latest(plan, task, among=LOOKED_AT):
            if seen_by is None or self._is_seen(run, seen_by):
                yield run

    def _seen(self, number: int, asker: str) -> Failover:
        run = self._session.failovers.get(number)
        if run is None or not self._is_seen(run, asker):
            raise Refusal(f"There is no failover {number} that you can see. `failover` lists the plans.")
        return run

    def _is_seen(self, run: Failover, asker: str) -> bool:
        return ReadAccess(self._tx).sees_record(asker, run.incident)

    def _last_done(self, place: Address, incident: Incident | None, *, asker: str) -> Failover:
        """Return the run to roll back if no number is given: the last success here."""
        ended = [
            run for name in self._tx.policy.plans for run in self._session.failovers.ended(name, limit=20)
        ]
        here = [
            it
            for it in ended
            if it.task is Task.MOVE
            and it.state is State.DONE
            and (it.place == place or (incident and it.incident == incident.number))
            and self._is_seen(it, asker)
        ]
        if not here:
            raise Refusal("No failover has succeeded here. Give its number: `failover rollback 12`.")
        return max(here, key=lambda it: it.ended_at or it.proposed_at)

    # --- opening ---

    def _called(self, words: str) -> tuple[Plan, Mapping[str, str]]:
        plans = self._tx.policy.plans
        for plan in plans.values():
            if (given := plan.read(words)) is not None:
                return plan, given
        if not plans:
            raise Refusal(UNWRITTEN)
        first = next(iter(words.casefold().split()), "")
        if first in RESERVED:
            raise Refusal(f"Which one? Give its number: `failover {first} 12`.", slot="what")
        meant = [plan for plan in plans.values() if plan.begins(first)]
        if meant:
            usages = " or ".join(f"`failover {plan.usage}`" for plan in meant)
            raise Refusal(f"I understood `failover {first}`, but not the rest. Usage: {usages}", slot="what")
        known = ", ".join(f"`{plan.usage}`" for plan in plans.values())
        choices = (Choice(label="The plans", say="failover"),)
        raise Refusal(f"There is no such failover plan. Plans: {known}.", slot="what", choices=choices)

    def _new(
        self, plan: Plan, given: Mapping[str, str], what: str, task: Task, *, by: str, place: Address
    ) -> Failover:
        self._permissions.require(by, plan.allow, f"The plan {plan.name}")
        if task is not Task.REHEARSAL:
            self._must_be_free(plan.lock, by)
        now = self._tx.now
        return Failover(
            number=self._session.failovers.reserve(),
            plan=plan,
            given=given,
            what=what,
            task=task,
            place=place,
            proposed_by=by,
            proposed_at=now,
            lapses_at=now + APPROVAL_LAPSES,
        )

    def _must_be_free(self, lock: str, by: str) -> None:
        self._session.lock(f"failover-lock:{lock}")
        holder = self._session.failovers.holder(lock)
        if holder is None:
            return
        if not self._is_seen(holder, by):
            raise Refusal(f"Another failover has the lock {lock}. Wait until it ends.")
        choices = [Choice(label="Show it", say=f"failover status {holder.number}")]
        if holder.state is State.PROPOSED:
            choices.append(Choice(label="Withdraw it", say=f"failover abort {holder.number}"))
        or_else = ", or abort it first" if holder.can_be_aborted else ""
        raise Refusal(
            f"{holder.id} ({holder.what}) has the lock {lock}: it is {holder.state}. Wait until it ends{or_else}.",
            choices=tuple(choices),
        )

    def _begin_life(self, run: Failover) -> Failover:
        event = FailoverProposed(
            at=run.proposed_at,
            by=run.proposed_by,
            failover=run.number,
            what=run.what,
            task=run.task.value,
            until=run.lapses_at,
        )
        return self.keep(run if run.needed else replace(run, state=State.APPROVED), event)

    # --- storing ---

    def locked(self, number: int) -> Failover:
        """Load and lock a run. Its incident is locked first, in the same order everywhere, to avoid deadlocks."""
        run = self._session.failovers.get(number)
        if run is None:
            raise LookupError(f"failover {number} is not in the database")
        if run.incident:
            self._tx.incident(run.incident)
        self._session.lock(f"failover:{number}")
        return self._session.failovers.get(number) or run

    def _locked(self, number: int, *, by: str | None = None) -> Failover:
        if self._session.failovers.get(number) is None:
            raise Refusal(f"There is no failover {number}. `failover` lists the plans.")
        return self.locked(self._seen(number, by).number if by else number)

    def keep(self, run: Failover, *happened: FailoverEvent | Event) -> Failover:
        """Store events: run, audit log, incident timeline, effects and timers together."""
        for event in happened:
            before, run = run, replace(run.after(event), entries=run.entries + 1)
            self._session.failovers.append(self._audit_entry(run, event))
            incident = self._tell_incident(run, event)
            add_step(self._tx, before, event)
            self._tx.send(*effects_of(before, run, event))
            if run.task is not Task.REHEARSAL:
                self._keep_lock(run, event, incident)
        self._session.failovers.put(run)
        self._session.timers.replace(run.subject, failover_agenda(run))
        if run.of and not run.is_active:
            self._show_again(run.of, because=run)
        return run

    def _show_again(self, number: int, *, because: Failover) -> None:
        """Refresh the message of the run that was undone, so that it no longer offers a rollback."""
        if undone := self._session.failovers.get(number):
            key = f"{CARD}:{number}:by{because.number}.{because.entries}"
            self._tx.send(UpsertMessage(key=key, message_type=CARD, ref=number, to=undone.place))

    def _audit_entry(self, run: Failover, event: Event) -> AuditEntry:
        facts = event.facts()
        return AuditEntry(
            failover=run.number,
            seq=run.entries,
            kind=event.kind(),
            at=facts.pop("at"),
            by=facts.pop("by"),
            source=self._tx.source,
            data=facts,
        )

    def _keep_lock(self, run: Failover, event: Event, incident: Incident | None) -> None:
        """Lock deploys of the target while the run is active. A deploy lock of somebody else stays theirs."""
        locks, holder = Locks(self._tx), f"failover:{run.number}"
        service = known_as(run.plan.lock, self._tx.policy.services) or run.plan.lock
        lock_now = locks.of(service)
        if isinstance(event, FailoverBegan) and lock_now is None:
            drill = "DRILL, " if run.plan.drill or (incident and incident.drill) else ""
            why = shown_reason(f"{drill}{run.what}", incident, is_private=False)
            locks.lock(service, why, by=None, holder=holder, incident=incident)
        elif isinstance(event, FailoverEnded) and lock_now and lock_now.holder == holder:
            locks.unlock(service, by=None, holder=holder)

    def _tell_incident(self, run: Failover, event: Event) -> Incident | None:
        """Add the event to the incident's timeline, without program output."""
        if run.incident is None:
            return None
        if isinstance(event, FailoverActionFinished):
            event = replace(event, output="", dropped=0)
        return self._tx.record(self._tx.incident(run.incident), event)

    def follow(self, run: Failover) -> Failover:
        """Apply the events that follow without a person."""
        while event := decisions.consequence(run, at=self._tx.now):
            run = self.keep(run, event)
        return run

    def as_it_is(self, run: Failover) -> Failover:
        """Return the run unchanged if its plan still matches config.yaml.

        Otherwise show the new plan for approval, or withdraw the run if the plan is gone.
        """
        if run.task is Task.ROLLBACK:
            return run
        plan = self._tx.policy.plans.get(run.plan.name)
        try:
            filled = plan.filled(run.given) if plan else None
        except (Refusal, KeyError):
            filled = None
        if filled is None:
            why = (
                "the plan in config.yaml takes other values now"
                if plan
                else "the plan is not in config.yaml any more"
            )
            return self.keep(run, decisions.withdraw(run, why, at=self._tx.now))
        changed = decisions.changed(run, filled, at=self._tx.now)
        return self.keep(run.with_plan(filled), changed) if changed else run

    def move_message(self, number: int) -> None:
        """Move the message to a DM with the proposer, if the channel can't show it."""
        run = self.locked(number)
        if run.place != run.proposed_by:
            run = replace(run, place=run.proposed_by)
            self._session.failovers.put(run)
            self._tx.send(
                UpsertMessage(key=f"{CARD}:{number}:moved", message_type=CARD, ref=number, to=run.place)
            )
