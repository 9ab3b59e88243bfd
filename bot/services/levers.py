"""Levers: listed by what they relieve, with their last rehearsal, and asked for if that is long ago."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.effects import Notify
from bot.domain.incident.incident import Incident
from bot.domain.lever import PLAN, RUNBOOK, Lever, LeverHistory
from bot.domain.postmortem.deadline import is_weekend
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import Runbook
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened
from bot.services.failover.failovers import Failovers
from bot.services.transaction import Transaction


class Levers:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.levers

    def all(self, runbooks: Iterable[Runbook], *, seen_by: str | None = None) -> Sequence[Lever]:
        """Return the plans and runbooks that relieve something. `seen_by` limits the runs to those a person may see."""
        return [*self._plans(seen_by), *self._runbooks(runbooks)]

    def _plans(self, seen_by: str | None) -> Iterator[Lever]:
        failovers = Failovers(self._tx)
        for name, plan in self._tx.policy.plans.items():
            if relieves := self._tx.policy.relieves.get(name, ()):
                recent = failovers.recent(name, seen_by=seen_by)
                runs = (recent.rehearsed, recent.done)
                ended = [it.ended_at for it in runs if it and it.ended_at]
                yield Lever(
                    kind=PLAN,
                    name=name,
                    title="",
                    relieves=relieves,
                    say=f"failover {plan.usage}",
                    rehearse=f"failover rehearse {plan.usage}",
                    rehearsed_at=max((*ended, *self._by_hand(f"{PLAN}:{name}")), default=None),
                )

    def _runbooks(self, runbooks: Iterable[Runbook]) -> Iterator[Lever]:
        for it in runbooks:
            if it.relieves:
                yield Lever(
                    kind=RUNBOOK,
                    name=it.name,
                    title=it.title,
                    relieves=it.relieves,
                    say=it.example,
                    rehearse='incident me "a drill" drill, then there ' + it.example,
                    rehearsed_at=max(self._by_hand(f"{RUNBOOK}:{it.name}"), default=None),
                )

    def _by_hand(self, key: str) -> Iterator[datetime]:
        history = self._records.get(key)
        if history and history.rehearsed_at:
            yield history.rehearsed_at

    # --- rehearsals ---

    def opened(self, incident: Incident | None, runbook: Runbook) -> None:
        """Count a runbook as rehearsed if it is opened in a drill."""
        if incident and incident.drill and runbook.relieves:
            self._rehearsed(f"{RUNBOOK}:{runbook.name}")

    def rehearsed(self, name: str, levers: Sequence[Lever]) -> Lever:
        """Count a lever as rehearsed now: it was practised elsewhere. Refuses an unknown one."""
        known = {it.name: it for it in levers}
        lever = known.get(name.casefold())
        if lever is None:
            meant = did_you_mean(nearest(name.casefold(), known))
            raise Refusal(
                f"There is no lever {shortened(name)}.{meant} `levers` lists them. "
                "A plan or a runbook with `relieves:` is one.",
                slot="name",
            )
        self._rehearsed(lever.key)
        return replace(lever, rehearsed_at=self._tx.now)

    def _rehearsed(self, key: str) -> None:
        self._tx.session.lock(f"lever:{key}")
        self._records.put(self._history(key).rehearsed(self._tx.now))

    def _history(self, key: str) -> LeverHistory:
        return self._records.get(key) or LeverHistory(key=key, since=self._tx.now)

    # --- asking ---

    def ask(self, runbooks: Sequence[Runbook]) -> None:
        """Ask each team, by day, once for the levers that were not rehearsed for long. Remember new levers."""
        due: dict[str, list[Lever]] = {}
        is_day = not self._tx.policy.timers.is_night(self._tx.now.hour) and not is_weekend(self._tx.now)
        for lever in self.all(runbooks):
            known = self._records.get(lever.key)
            history = known or LeverHistory(key=lever.key, since=self._tx.now)
            every = self._tx.policy.timers.lever_rehearsal
            to = self._channel(lever)
            if to and is_day and history.is_due(lever.rehearsed_at, every=every, now=self._tx.now):
                due.setdefault(to, []).append(lever)
                history = history.asked(self._tx.now)
            if history != known:
                self._records.put(history)
        for to, levers in due.items():
            key = f"levers:{to}:{int(self._tx.now.timestamp())}"
            facts = {"levers": levers, "days": self._tx.policy.timers.lever_rehearsal.days}
            self._tx.send(Notify(key=key, to=to, template="runbook/lever_due", facts=facts))

    def _channel(self, lever: Lever) -> str | None:
        """Return the channel of the team whose service has the runbook or lock; else of the command team."""
        policy = self._tx.policy
        for service in policy.services.values():
            plan = policy.plans.get(lever.name) if lever.kind == PLAN else None
            is_its = plan.may_lock(service.key) if plan else lever.name in service.all_runbooks
            if is_its and (team := policy.teams.get(service.team or "")):
                return team.channel
        commanders = policy.teams.get(policy.command_team or "")
        return commanders.channel if commanders else policy.announce
