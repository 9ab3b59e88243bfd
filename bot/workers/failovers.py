"""The runner moves failovers on, one thread each. Every action is stored before it starts and after it ends.

If a process dies in between, the action remains stored as started. When the lease has run out, the process that takes
over asks the channel about it. See `domain.failover`.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event, Lock, Thread
from typing import TypeVar
from uuid import uuid4

import structlog

from bot.domain.failover.plan import End, Outcome, Workflow
from bot.domain.failover.state import ActionKind
from bot.domain.policy import Policy
from bot.ports import ActionRunner, Clock, Session, Sessions, uptime
from bot.services.failover.actions import FailoverActions, StepRun
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.workers.fence import Fence

POLL = timedelta(seconds=30)
"""How often to look for runs unasked. `workers.pulse` wakes the runner when there is one."""
LOOK_EVERY = timedelta(seconds=0.5)
"""How often to look whether to stop an action under way."""
SHOWN_EVERY, SHOWN_AT_LEAST = 2.0, 10.0
"""Seconds between updates of shown output, and between updates of a message without new output."""
PATIENCE = 8.0
"""Seconds that an action under way gets to end by itself when the bot stops."""
TAIL = 2_000
"""Most characters of output that are kept for display."""

CRASH, CRASHES = 0.5, 3
"""Seconds between retries after a fault, and how many retries before a person is asked."""
FAULT = "a fault of Spy's own kept it from being done; see the log"

T = TypeVar("T")
log = structlog.get_logger()


class Runner:
    """Safe in any number of processes at once: a run is claimed, and its lease is renewed while it runs."""

    def __init__(
        self,
        runner: ActionRunner,
        *,
        sessions: Sessions,
        clock: Clock,
        policy: Callable[[], Policy],
        lease: timedelta,
        wake: Callable[[], None],
        uptime: Callable[[], float] = uptime,
    ) -> None:
        self._runner = runner
        self._sessions = sessions
        self._clock = clock
        self._policy = policy
        self._lease = lease
        self._tell = wake
        self._uptime = uptime
        self._owner = uuid4().hex
        self._walks: dict[int, Thread] = {}
        self._crashes: Counter[int] = Counter()
        self._changing = Lock()
        self._woken = Event()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="failovers", daemon=True)

    # --- from outside ---

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Wake the runner: a transaction may have approved or answered something."""
        self._woken.set()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Start nothing more. An action under way gets a moment to end; afterwards people are asked about it."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        until = time.monotonic() + PATIENCE
        for walk in list(self._walks.values()):
            walk.join(max(0.0, until - time.monotonic()))

    # --- the loop ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                while (number := self._claim()) is not None:
                    self._begin_walk(number)
            except Exception:
                log.exception("failovers can't be looked for; trying again")
                self._stopping.wait(1)
            else:
                self._woken.wait(POLL.total_seconds())

    def _claim(self) -> int | None:
        with self._changing:
            busy = tuple(self._walks)
        with self._sessions.begin_background() as session:
            now = self._clock.now()
            return session.failovers.claim(self._owner, now=now, lease=self._lease, besides=busy)

    def _begin_walk(self, number: int) -> None:
        walk = Thread(target=self._walk, args=(number,), name=f"failover-{number}", daemon=True)
        with self._changing:
            self._walks[number] = walk
        walk.start()

    def _walk(self, number: int) -> None:
        try:
            while (found := self._prepared(number)) is not None:
                step_run, fence = found
                self._tell()
                outcome = self._do(step_run, fence)
                if outcome is None:
                    return
                self._insist(partial(_finish, step_run, outcome))
                self._crashes.pop(number, None)
                self._tell()
        except Exception:
            log.exception("a failover can't be moved on", failover=number)
            self._crash(number)
        finally:
            self._leave(number)

    def _crash(self, number: int) -> None:
        """Retry in a moment, since the database may be away. If that does not help, ask the channel."""
        self._stopping.wait(CRASH)
        self._crashes[number] += 1
        if self._crashes[number] < CRASHES:
            return
        try:
            self._in_transaction(partial(self._give_up, number))
            del self._crashes[number]
        except Exception:
            log.exception("a failover can't be asked about either; trying again", failover=number)

    def _give_up(self, number: int, tx: Transaction) -> None:
        if self._renew(number, tx):
            FailoverActions(tx).crashed(number, FAULT)

    def _prepared(self, number: int) -> tuple[StepRun, Fence] | None:
        """Start the next action, with the fence to ask before anything happens outside."""
        since = self._uptime()
        step_run = self._in_transaction(partial(self._next, number))
        renew = partial(self._in_transaction, partial(self._renew, number))
        fence = Fence(since=since, lease=self._lease, renew=renew, uptime=self._uptime)
        return (step_run, fence) if step_run else None

    def _renew(self, number: int, tx: Transaction) -> bool:
        return tx.session.failovers.renew(number, self._owner, until=tx.now + self._lease)

    def _next(self, number: int, tx: Transaction) -> StepRun | None:
        """Start the next action, unless another process owns the run by now."""
        if not self._renew(number, tx) or self._stopping.is_set():
            return None
        return FailoverActions(tx).next(number)

    def _leave(self, number: int) -> None:
        try:
            self._in_transaction(lambda tx: tx.session.failovers.let_go(number, self._owner))
        except Exception:
            log.exception("a failover can't be let go; its lease will run out", failover=number)
        with self._changing:
            del self._walks[number]
        self._tell()
        self._woken.set()

    # --- moving ---

    def _do(self, it: StepRun, fence: Fence) -> Outcome | None:
        """Perform one action. Return None if the bot stops and the action only checked or waited.

        Nothing is changed outside, and None returned, if another process may have taken the run over.
        """
        if not it.read_only and not fence.is_ours():
            log.warning("a failover is left to another process", failover=it.run.number)
            return None
        watch = _Watch(self, it)
        with watch:
            outcome = self._done(it, watch)
        return None if watch.is_interrupted and it.read_only else outcome

    def _done(self, it: StepRun, watch: "_Watch") -> Outcome:
        if it.until is not None:
            return self._soak(it, watch)
        if it.instruction is not None and it.action.kind is not ActionKind.LOOK:
            return self._runner.perform(
                it.instruction, mark=it.mark, timeout=it.timeout, hear=watch.hear, stopped=watch.stopped
            )
        if isinstance(it.instruction, Workflow):
            return self._runner.look(
                it.instruction, mark=it.looked_for, timeout=it.timeout, hear=watch.hear, stopped=watch.stopped
            )
        assert it.check, "what is looked at has a check"  # noqa: S101  the domain offers a look only then
        return self._runner.check(it.check, stopped=watch.stopped)

    def _soak(self, it: StepRun, watch: "_Watch") -> Outcome:
        while it.until is not None and self._clock.now() < it.until:
            if watch.stopped.wait(0.1):
                return Outcome(end=End.RED, says="stopped")
        return Outcome(end=End.OK, says="")

    def look_in(self, it: StepRun, tail: str | None, *, renew: bool) -> bool:
        """Show new output (None: none), renew the lease, and return whether to stop."""
        number = it.run.number

        def look(tx: Transaction) -> bool:
            actions = FailoverActions(tx)
            if renew:
                self._renew(number, tx)
            if tail is not None:
                actions.show_output(number, it.attempt, tail)
            return actions.is_to_stop(number)

        is_to_stop = self._in_transaction(look)
        if tail is not None:
            self._tell()
        return is_to_stop

    @property
    def lease(self) -> timedelta:
        return self._lease

    @property
    def stopping(self) -> Event:
        return self._stopping

    # --- transactions ---

    def _in_transaction(self, act: Callable[[Transaction], T]) -> T:
        return retry_on_conflict(partial(self._transact, act))

    def _transact(self, act: Callable[[Transaction], T]) -> T:
        with self._sessions.begin_background() as session:
            return act(self._transaction(session))

    def _insist(self, act: Callable[[Transaction], None]) -> None:
        """Store a known outcome. Retry until it is stored or the bot stops."""
        while True:
            try:
                return self._in_transaction(act)
            except Exception:
                log.exception("how an action ended can't be kept; trying again")
                if self._stopping.wait(1):
                    raise

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self._clock.now(), policy=self._policy(), source="spy")


def _finish(it: StepRun, outcome: Outcome, tx: Transaction) -> None:
    FailoverActions(tx).finished(it.run.number, it.attempt, outcome)


class _Watch:
    """Watches one running action: its lease, its output, and whether to stop it."""

    def __init__(self, runner: Runner, it: StepRun) -> None:
        self.stopped = Event()
        self.is_interrupted = False
        self._runner = runner
        self._it = it
        self._output = ""
        self._over = Event()
        self._thread = Thread(target=self._watch, name=f"failover-{it.run.number}-watch", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def hear(self, text: str) -> None:
        self._output = (self._output + text)[-TAIL:]

    def _watch(self) -> None:
        renewed = shown = time.monotonic()
        posted = ""
        while not self._over.wait(LOOK_EVERY.total_seconds()):
            now, output = time.monotonic(), self._output
            is_due = now - shown >= (SHOWN_EVERY if output != posted else SHOWN_AT_LEAST)
            renew = now - renewed >= self._runner.lease.total_seconds() / 4
            try:
                is_to_stop = self._runner.look_in(self._it, output if is_due else None, renew=renew)
            except Exception:
                log.exception("a failover under way can't be looked after; trying again")
                continue
            if is_due:
                shown, posted = now, output
            renewed = now if renew else renewed
            if is_to_stop and self._it.may_be_stopped:
                self.stopped.set()
            if self._runner.stopping.is_set() and self._it.read_only:
                self.is_interrupted = True
                self.stopped.set()
