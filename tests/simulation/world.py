"""One world of one seed: an organisation, its processes, and a day or two in which much goes wrong."""

import hashlib
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import structlog

from bot.adapters.database import Database
from bot.commands.request import Joined
from bot.domain.policy import Policy
from bot.domain.what_if import Comparison
from bot.ports import Conflict, OutOfTime, Profile, Session, Unavailable
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.what_if.compare import compare
from bot.services.what_if.past import read_past
from bot.testing import NOON
from bot.testing.kit import ITSELF
from tests.simulation.clock import Clock, Machine, Task
from tests.simulation.disk import AnyTurn
from tests.simulation.faults import Fault, Faults, Rates
from tests.simulation.files import MOST_PROCESSES, Files
from tests.simulation.organisation import CHANNELS, PEOPLE, POLICY
from tests.simulation.people import Crowd
from tests.simulation.process import Process
from tests.simulation.properties import Watch
from tests.simulation.troubles import Troubles
from tests.simulation.workspace import Beeper, Workspace

HOUR = 3600.0
SETTLING = 2 * HOUR
"""How long everything has, once faults have stopped."""
RESTART = (1.0, 60.0)


@dataclass(frozen=True, kw_only=True)
class Span:
    """How much happens in a world."""

    incidents: int = 30
    hours: float = 30.0
    rates: Rates = field(default_factory=Rates)
    paces: Sequence[float] = (30,)
    """How many times their own intervals the jobs wait, so that idle days cost less. One is drawn."""
    stop_at_first: bool = False
    """Whether it ends with its first violation."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of a world."""

    seed: int
    incidents: int
    seconds: float
    calls: int
    faults: dict[str, int]
    violations: Sequence[str]
    digest: str


class World:
    def __init__(
        self, seed: int, files: Files, span: Span, *, log: Callable[[str], object] | None = None
    ) -> None:
        self.random = Random(seed)  # noqa: S311  it must be repeatable, not secret
        self.faults = Faults(random=self.random, rates=span.rates)
        self.clock = Clock(self._failed)
        self.machine = Machine(self.clock)
        self._seed, self._files, self._span, self._log = seed, files, span, log
        self._digest = hashlib.sha256()
        self._raw = files.emptied()
        self.watch = Watch(self, self._raw)
        self.chat = Workspace(self.clock, self.watch.heard, self._joined)
        self.pager = Beeper()
        self.pager.clock, self.pager.heard = self.clock, self.watch.paged
        self.crowd = Crowd(self)
        self._processes: list[Process] = []
        self._born = self._events = 0
        self._is_changed, self._due = True, None
        self._commits, self._seen = 0, dict[str, int]()
        self._cuts: dict[tuple[str, str], float] = {}
        self._pace = self.random.choice(span.paces)
        self._database = Database(files.engine(MOST_PROCESSES), turns=AnyTurn())

    # --- a world's life ---

    def run(self) -> Report:
        with self._logs():
            self._settle_in()
            for _ in range(self.random.randint(1, 2)):
                self.start_process()
            end = self._span.hours * HOUR
            for _ in range(self._span.incidents):
                self.clock.spawn(self.crowd.live_one, after=self.random.uniform(1, end - HOUR))
            self.clock.spawn(Troubles(self).run)
            self.clock.before_waiting = self._beat
            self.clock.run(end)
            self._heal()
            self.clock.run(end + SETTLING)
            if not self.clock.is_stopped:
                self.watch.look_back()
            self.clock.end()
        self._raw.close()
        return Report(
            seed=self._seed,
            incidents=self.crowd.declared,
            seconds=self.clock.seconds,
            calls=self.faults.calls,
            faults={str(kind): times for kind, times in sorted(self.faults.count.items())},
            violations=self.watch.violations,
            digest=self._digest.hexdigest(),
        )

    def _settle_in(self) -> None:
        for channel, name in CHANNELS.items():
            self.chat.has_channel(channel, name)
        self.chat.profiles |= PEOPLE
        with self._database.begin() as session:
            tx = Transaction(session=session, now=NOON, policy=POLICY)
            People(tx).met(ITSELF, Profile(name="Spy", is_bot=True))
            for person, profile in PEOPLE.items():
                People(tx).met(person, profile)

    def _heal(self) -> None:
        """Stop all faults, and see that a process runs."""
        self.say("world", "all faults stop")
        self.faults.are_on = False
        self._cuts.clear()
        for process in self._processes:
            process.stopped_until = 0.0
        if not self._processes:
            self.start_process()

    # --- processes ---

    def start_process(self) -> None:
        taken = {it.slot for it in self._processes}
        free = [slot for slot in range(MOST_PROCESSES) if slot not in taken]
        if not free:
            return
        self._born += 1
        process = Process(f"spy-{self._born}", self, self._files.engine(free[0]), slot=free[0])
        self._processes.append(process)
        process.say("begins")
        process.begin(self._pace)

    def has_died(self, process: Process) -> None:
        self._processes.remove(process)
        if not self._processes or self.random.random() < 0.7:
            self.clock.spawn(self.start_process, after=self.random.uniform(*RESTART))

    def any_process(self) -> Process | None:
        """Return a process that Slack reaches; None if there is none now."""
        reached = [it for it in self._processes if it.stopped_until <= self.clock.seconds]
        return self.random.choice(reached) if reached else None

    def cut_off(self, service: str, process: Process | None, *, until: float) -> None:
        """Part a process from a service, or all processes."""
        name = process.name if process else ""
        self._cuts[service, name] = until
        self.say("world", f"{service} is away for {name or 'all'} for {until - self.clock.seconds:.0f} s")

    def is_cut_off(self, process: Process, service: str) -> bool:
        return any(self._cuts.get((service, name), 0.0) > self.clock.seconds for name in ("", process.name))

    def what_if(self, policy: Policy) -> Comparison:
        """Replay what happened in this world under a policy."""
        now = self.machine.now()
        with self._database.read() as session:
            past = read_past(Transaction(session=session, now=now, policy=POLICY), since=NOON)
        return compare(past, policy, before=POLICY)

    # --- what is due ---

    def _beat(self) -> None:
        """Wake the pulses when something falls due. In between they would find nothing."""
        if self._is_changed:
            self._is_changed, due = False, self._raw.execute(DUE).fetchone()[0]
            self._due = moment_of(due) if due else None
        if self._due is None:
            return
        until = (self._due - self.machine.now()).total_seconds()
        for process in self._processes:
            process.beat_in(until)

    # --- what it shows ---

    def say(self, who: str, what: str) -> None:
        line = f"{self.clock.seconds:.3f} {who}: {what}"
        self._digest.update(f"{line}\n".encode())
        if self._log:
            self._log(line)

    def has_broken(self) -> None:
        """End the world with its first violation, if that is all that is asked for."""
        self.clock.is_stopped = self._span.stop_at_first

    def committed(self, process: Process) -> None:
        del process
        self._is_changed, self._commits = True, self._commits + 1
        self.watch.committed()

    def has_changed(self, looker: str) -> bool:
        """Return whether something was committed since this process asked last."""
        before, self._seen[looker] = self._seen.get(looker), self._commits
        return before != self._commits

    def look(self, at: Callable[[Session], None]) -> None:
        with self._database.read() as session:
            at(session)

    def number_of(self, word: str) -> int | None:
        found = self._raw.execute("SELECT number FROM incident WHERE name LIKE ?", (f"%{word}%",)).fetchone()
        return found[0] if found else None

    def is_open(self, number: int) -> bool:
        found = self._raw.execute("SELECT resolved_at FROM incident WHERE number = ?", (number,)).fetchone()
        return found is not None and found[0] is None

    def numbers(self) -> list[int]:
        return [number for (number,) in self._raw.execute("SELECT number FROM incident ORDER BY number")]

    def channel_of(self, number: int) -> str | None:
        found = self._raw.execute("SELECT channel FROM incident WHERE number = ?", (number,)).fetchone()
        return found[0] if found else None

    # --- what Slack tells, and what goes wrong in Spy itself ---

    def _joined(self, channel: str, person: str) -> None:
        self._events += 1
        notice = Joined(id=f"Ev{self._events}", channel=channel, person=person)
        number = next((it for it in self.numbers() if self.channel_of(it) == channel), None)
        if number is not None:
            self.watch.let_in(number, person)
        if not self.faults.befalls(Fault.NEVER, self.faults.rates.never):
            self.clock.spawn(lambda: self._tell(notice), after=self.random.uniform(0.1, 5))

    def _tell(self, notice: Joined) -> None:
        for wait in (1, 10, 60):
            process = self.any_process()
            if process and self.clock.join(process.spawn(lambda process=process: process.notice(notice))):
                return
            self.clock.pause(wait)

    def _failed(self, task: Task, error: Exception) -> None:
        self.watch.broken("unhandled", f"{error!r} in {task.host.name}")
        self._explain(error)

    def _explain(self, error: BaseException | None) -> None:
        """Show where an error was raised. It is no part of the digest: it names files."""
        if self._log and error:
            self._log("".join(traceback.format_exception(error)))

    @contextmanager
    def _logs(self) -> Iterator[None]:
        """Take Spy's log: an error there is a violation, unless a fault of the world caused it."""
        before = structlog.get_config()
        structlog.configure(processors=[self._logged])
        try:
            yield
        finally:
            structlog.configure(**before)

    def _logged(self, _logger: Any, level: str, event: dict[str, Any]) -> Any:
        error = sys.exc_info()[1]
        if level in {"error", "exception", "critical"} and not isinstance(
            error, Unavailable | Conflict | OutOfTime
        ):
            self.watch.broken("an error in the log", f"{event['event']}: {error!r}")
            self._explain(error)
        else:
            self.say("log", f"{event['event']}")
        raise structlog.DropEvent


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DUE = """
    SELECT min(at) FROM (
        SELECT min(CASE state WHEN 'sending' THEN lease_until ELSE due_at END) AS at FROM outbox o
        WHERE done_at IS NULL AND state IN ('ready', 'sending') AND NOT EXISTS (
            SELECT 1 FROM outbox e WHERE e.lane = o.lane AND e.id < o.id AND e.done_at IS NULL
        )
        UNION ALL SELECT min(due_at) FROM timer WHERE state = 'waiting'
    )
"""
