"""One process's way to the database. The database is the real SQLite adapter; what befalls it is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.adapters.database import Database
from bot.ports import Conflict, OutOfTime, Session, TimeLimit, Unavailable
from tests.simulation.clock import Death
from tests.simulation.faults import Fault

if TYPE_CHECKING:
    from tests.simulation.process import Process


class AnyTurn:
    """No order of transactions: one runs at a time, and the order is drawn."""

    @contextmanager
    def at_once(self, limit: TimeLimit) -> Iterator[None]:
        del limit
        yield

    @contextmanager
    def in_quiet_time(self) -> Iterator[None]:
        yield

    def give_way(self) -> None:
        pass


class Disk:
    """Implements `ports.Sessions`.

    A process gives way before a transaction and after it, and a request also before it writes: by then another
    transaction may have changed what it has read. SQLite lets nothing else happen in between.
    """

    def __init__(
        self, database: Database, process: "Process", committed: Callable[["Process"], None]
    ) -> None:
        self._database, self._process, self._committed = database, process, committed

    @contextmanager
    def begin(self, limit: TimeLimit | None = None) -> Iterator[Session]:
        process = self._process
        process.pass_time(process.world.random.expovariate(500))
        self._must_answer()
        fault = process.world.faults.of_commit()
        with self._database.begin(limit) as session:
            yield session
            if limit is not None:
                self._before_writing(limit)
            process.may_crash(process.world.faults.rates.crash_in_commit)
            if fault in {Fault.CONFLICT, Fault.NO_COMMIT}:
                raise Conflict(str(fault)) if fault is Fault.CONFLICT else Unavailable(str(fault))
        self._committed(process)
        process.may_crash(process.world.faults.rates.crash_in_commit)
        if fault is Fault.SLOW_DISK:
            process.pass_time(process.world.random.uniform(0.1, 20))
        if fault is Fault.UNSURE_COMMIT:
            raise Unavailable(str(fault))

    begin_background = begin

    @contextmanager
    def read(self) -> Iterator[Session]:
        self._must_answer()
        with self._database.read() as session:
            yield session

    def _before_writing(self, limit: TimeLimit) -> None:
        process = self._process
        if limit.conflicts < 1:  # later tries have the lock
            process.pass_time(process.world.random.expovariate(100))
        if process.world.faults.befalls(Fault.GIVEN_UP, process.world.faults.rates.given_up):
            limit.give_up()
            raise OutOfTime

    def _must_answer(self) -> None:
        if self._process.is_dead:
            raise Death
        if self._process.world.is_cut_off(self._process, "disk"):
            self._process.world.faults.counted(Fault.CUT_OFF)
            raise Unavailable("the database is away")
