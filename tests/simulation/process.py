"""One process of Spy: the real router, outbox, timers and jobs, driven step by step."""

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from bot.adapters.database import Database, SqlQueues
from bot.adapters.network.clock import SteadyClock
from bot.commands.request import Notice, Request, Response, Source, stored_request
from bot.commands.router import Router
from bot.domain.incident.effects import SayCommand
from bot.ports import Conflict, OutOfTime, TimeLimit, Unavailable
from bot.workers.audit import AuditSealer
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.everyone import Everyone
from bot.workers.lanes import Lanes
from bot.workers.levers import LeverLook
from bot.workers.outbox import Delivery
from bot.workers.pulse import Pulse
from bot.workers.retention import Pruner
from bot.workers.sync import Sync
from bot.workers.timers import Ticks
from tests.simulation.clock import Death, Task
from tests.simulation.disk import AnyTurn, Disk
from tests.simulation.faults import Fault
from tests.simulation.network import Wire
from tests.simulation.organisation import POLICY, commands, runbooks, templates

if TYPE_CHECKING:
    from tests.simulation.world import World

LEASE = timedelta(seconds=30)
SENDERS = 8
MINUTE, HOUR = 60.0, 3600.0
PULSE = 0.5
LONGEST_TURN = 0.3
"""Seconds until the outbox looks after it was woken: a busy machine."""
LONGEST_STOP, LONGEST_REST = 90.0, 30.0
AWAY = (Unavailable, Conflict, OutOfTime)
"""How the database fails. Whoever asks tries again."""


class Process:
    """Implements `clock.Host`."""

    def __init__(self, name: str, world: "World", engine: Engine, *, slot: int) -> None:
        self.name, self.world, self.slot = name, world, slot
        self.is_dead, self.stopped_until = False, 0.0
        self._looked_at, self._next_look = 0.0, math.inf
        """When its pulse looked last, and when it looks next."""
        self._rest = PULSE
        """Seconds until the next look. They grow while nothing comes of it: see `beat_in`."""
        self._delivering = self._is_woken = False
        self._running: set[str] = set()
        clock = SteadyClock(world.machine, world.machine.monotonic)
        self.clock = clock
        self.disk = Disk(Database(engine, turns=AnyTurn()), self, world.committed)
        chat, pager = Wire(world.chat, "slack", self), Wire(world.pager, "pager", self)
        parts: dict[str, Any] = {"sessions": self.disk, "clock": clock, "policy": lambda: POLICY}
        self.router = Router(
            commands(),
            sessions=self.disk,
            clock=clock,
            policy=POLICY,
            templates=templates(world.machine),
            wake=self.wake,
            runbooks=runbooks(),
        )
        self.delivery = Delivery(
            Handlers(
                Clients(
                    templates=templates(world.machine),
                    chat=chat,
                    maybe_pager=pager,
                    run_command=self._say_command,
                    run_request=lambda it: self._answered(stored_request().validate_python(it)),
                )
            ),
            sessions=self.disk,
            clock=clock,
            policy=POLICY,
            lease=LEASE,
            senders=SENDERS,
            pool=self,
            uptime=world.machine.monotonic,
        )
        self.ticks = Ticks(**parts, wake=self.wake)
        self.lanes = Lanes(**parts, lease=LEASE, wake=self.wake)
        self.sync = Sync(**parts, chat=chat, pager=pager, wake=self.wake)
        self.everyone = Everyone(**parts, chat=chat)
        self.pulse = Pulse(
            queues=SqlQueues(engine),
            clock=clock,
            effects=self.wake,
            reminders=lambda: self.start_job("reminders", self.ticks.run),
            failovers=lambda: None,
        )
        self.sealer, self.pruner = AuditSealer(**parts), Pruner(**parts)
        self.levers = LeverLook(**parts, runbooks=runbooks().all, wake=self.wake)

    # --- what befalls it ---

    def pass_time(self, seconds: float) -> None:
        """Give way to others for a while."""
        self.world.clock.pause(seconds)

    def call(self, seconds: float, *, outside: bool = False) -> None:
        """Wait in the midst of a call. It may die here, or stop."""
        faults = self.world.faults
        self.world.clock.pause(seconds, outside=outside)
        self.may_crash(faults.rates.crash_in_call)
        if not outside and faults.befalls(Fault.STOPPED, faults.rates.stop):
            self.stop()
            self.world.clock.pause(0)

    def may_crash(self, rate: float) -> None:
        if not self.is_dead and self.world.faults.befalls(Fault.CRASH, rate):
            self.die()
        if self.is_dead:
            raise Death

    def stop(self) -> None:
        """Stop for a while, as a debugger or a busy machine does."""
        self.say("is stopped")
        self.stopped_until = self.world.clock.seconds + self.world.random.uniform(1, LONGEST_STOP)

    def die(self) -> None:
        self.say("dies")
        self.is_dead = True
        self.world.has_died(self)

    def say(self, what: str) -> None:
        self.world.say(self.name, what)

    def spawn(self, act: Callable[[], Any], *, after: float = 0.0) -> Task:
        return self.world.clock.spawn(act, after=after, host=self)

    # --- its workers ---

    def begin(self, pace: float) -> None:
        """Start all jobs. `pace` is how many times their own intervals they wait, so that idle days cost less."""
        for name, every, run in self._jobs():
            self.spawn(lambda name=name, every=every, run=run: self._repeat(name, every * pace, run), after=1)
        self.wake()

    def _jobs(self) -> Iterator[tuple[str, float, Callable[[], None]]]:
        sync = self.sync
        yield "reminders", MINUTE / 2, self.ticks.run
        yield "lanes", 5, self.lanes.look
        yield "oncall", MINUTE, sync.oncall
        yield "shifts", MINUTE, sync.shifts
        yield "changes", MINUTE, sync.changes
        yield "alerts", MINUTE, sync.alerts
        yield "rings", MINUTE, sync.rings
        yield "pages", MINUTE / 2, sync.pages
        yield "people", MINUTE, sync.people
        yield "groups", MINUTE, sync.groups
        yield "members", MINUTE, sync.members
        yield "everyone", 5 * MINUTE, self.everyone.run
        yield "audit", 10, self.sealer.run
        yield "retention", HOUR, self.pruner.run
        yield "levers", HOUR, self.levers.run
        yield "sweep", HOUR, sync.sweep

    def _repeat(self, name: str, every: float, run: Callable[[], None]) -> None:
        while True:
            self._once(name, run)
            self.pass_time(every * self.world.random.uniform(0.9, 1.1))

    def beat_in(self, seconds: float) -> None:
        """Look whether something is due, in so many seconds.

        The real pulse looks twice a second. Here it looks less often at what nothing can be done about.
        """
        now = self.world.clock.seconds
        at = max(now + seconds, self._looked_at + self._rest)
        if at < self._next_look - PULSE:
            self._next_look = at
            self.spawn(lambda: self._beat(at), after=at - now + self.world.random.uniform(0, PULSE))

    def _beat(self, wanted: float) -> None:
        if wanted != self._next_look:
            return  # another look was earlier
        self._looked_at, self._next_look = self.world.clock.seconds, math.inf
        self._rest = PULSE if self.world.has_changed(self.name) else min(2 * self._rest, LONGEST_REST)
        if not self.world.is_cut_off(self, "disk"):
            self.pulse.look()

    def start_job(self, name: str, run: Callable[[], None]) -> None:
        """Run a job now, unless it is running."""
        if name not in self._running:
            self.spawn(lambda: self._once(name, run))

    def _once(self, name: str, run: Callable[[], None]) -> None:
        if name in self._running:
            return
        self._running.add(name)
        try:
            run()
        except AWAY as trouble:
            self.say(f"{name}: {trouble}")
        finally:
            self._running.discard(name)

    def wake(self) -> None:
        """Wake the outbox. Its loop takes its turn in a moment, with all that has come until then."""
        self._is_woken = True
        if not self._delivering and not self.is_dead:
            self._delivering = True
            self.spawn(self._deliver, after=self.world.random.uniform(0, LONGEST_TURN))

    def _deliver(self) -> None:
        while True:
            self._is_woken = False
            wait = self.delivery.step()
            if self.delivery.is_failing:
                self.pass_time(wait)
            elif wait and not self._is_woken:
                break
        self._delivering = False

    def submit(self, send: Callable[[Any, float], None], item: Any, since: float) -> None:
        """Run one of the outbox's senders: it is a thread in the real bot."""

        def run() -> None:
            send(item, since)
            self.wake()

        self.spawn(run, after=self.world.random.uniform(0, 0.02))

    def shutdown(self, *, wait: bool) -> None:
        """Keep no threads."""

    # --- what it is asked ---

    def answer(self, request: Request, limit: TimeLimit | None = None) -> Response | None:
        """Answer a request, as Slack's adapter asks. None if Slack gets no answer."""
        try:
            return self.router.answer(request, limit or TimeLimit.none())
        except AWAY as trouble:
            self.say(f"{request.id} is not answered: {type(trouble).__name__}")
            return None

    def notice(self, notice: Notice) -> bool:
        """Hear of something. Return whether it was heard."""
        try:
            self.router.notice(notice, TimeLimit.none())
        except AWAY:
            return False
        return True

    def _answered(self, request: Request) -> None:
        self.router.answer(request)

    def _say_command(self, effect: SayCommand, place: str | None) -> None:
        request = Request(
            id=effect.key, text=effect.command, user=effect.person, source=Source.PLAIN, channel=place
        )
        self._answered(request)
