"""Sessions: one connection and one transaction each. Everything is written at its end."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot.adapters.database import audit, changes, coordination, incidents, postmortems, pruning, records
from bot.adapters.database.connection import letting_go, optimistic, reading
from bot.adapters.database.failovers import FailoverTable
from bot.adapters.database.failures import translated
from bot.adapters.database.outbox import OutboxTable
from bot.adapters.database.table import Table
from bot.adapters.database.timers import TimerTable
from bot.adapters.database.turns import Turns
from bot.adapters.database.writes import Writes
from bot.ports import Conflict, Session, TimeLimit, Unavailable

OPTIMISM = 2
"""This many attempts of a request take SQLite's lock when they first write. A further one takes it at once."""


class SqlSession:
    """One transaction with all its tables. Implements `ports.Session`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._writes = writes = Writes(connection)
        self.people = records.PersonTable(connection, writes)
        self.incidents = incidents.IncidentTable(connection, writes)
        self.timeline = incidents.TimelineTable(connection, writes)
        self.pages = records.PageTable(connection, writes)
        self.team_notices = records.TeamNoticeTable(connection, writes)
        self.periods = records.WorkPeriodTable(connection, writes)
        self.on_calls = records.OnCallCopyTable(connection, writes)
        self.shifts = records.ShiftTable(connection, writes)
        self.covers = records.CoverTable(connection, writes)
        self.contacts = records.ContactTable(connection, writes)
        self.user_groups = records.UserGroupTable(connection, writes)
        self.changes = changes.ChangeTable(connection, writes)
        self.locks = changes.LockTable(connection, writes)
        self.failovers = FailoverTable(connection, writes)
        self.postmortems = postmortems.PostmortemTable(connection, writes)
        self.follow_ups = postmortems.FollowUpTable(connection, writes)
        self.troubles = records.TroubleTable(connection, writes)
        self.audit = audit.AuditTable(connection, writes)
        self.pruning = pruning.PruningTable(connection)
        self._records = [it for it in vars(self).values() if isinstance(it, Table | incidents.TimelineTable)]
        self.outbox = OutboxTable(connection, self._has_place)
        self.timers = TimerTable(connection)
        self.messages = coordination.MessageTable(connection)
        self.inbound = coordination.InboundTable(connection)

    def lock(self, *sections: str) -> None:
        coordination.lock(self._connection, *sections)

    def try_lock(self, section: str) -> bool:
        return coordination.try_lock(self._connection, section)

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        return coordination.take_lease(self._connection, job, owner, now=now, until=now + lease)

    def flush(self) -> None:
        for it in (*self._records, self.outbox, self.timers, self._writes, self.inbound):
            it.flush()

    def _has_place(self, number: int) -> bool:
        incident = self.incidents.get(number)
        return bool(incident and (incident.channel or incident.channel_refused))


class ReadOnlySession(SqlSession):
    """A read-only session. It takes no row locks, and its connection refuses writes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.incidents.lock = False

    def lock(self, *sections: str) -> None:
        pass


class Database:
    """Opens sessions. SQLite's writers in this process take turns here instead of in SQLite's busy handler.

    Errors of the driver are raised as Conflict or Unavailable.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading, self._optimistic = reading(engine), optimistic(engine)
        self._turns = Turns(exclusive=engine.dialect.name == "sqlite")

    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        if limit is None:
            return self._begin(self._turns.at_once(TimeLimit.none()), self.engine)
        engine = self._optimistic if limit.conflicts < OPTIMISM else self.engine
        return self._begin(self._turns.at_once(limit), engine, limit)

    def read(self) -> AbstractContextManager[Session]:
        return self._transact(self._reading, None, ReadOnlySession)

    def begin_background(self) -> AbstractContextManager[Session]:
        return self._begin(self._turns.in_quiet_time(), self.engine)

    @contextmanager
    def _begin(
        self, turn: AbstractContextManager[None], engine: Engine, limit: TimeLimit | None = None
    ) -> Iterator[Session]:
        with turn, self._transact(engine, limit) as session:
            yield session

    @contextmanager
    def _transact(
        self, engine: Engine, limit: TimeLimit | None, kind: type[SqlSession] = SqlSession
    ) -> Iterator[Session]:
        try:
            with ExitStack() as commit, engine.begin() as connection:
                with _released(connection, limit):
                    session = kind(connection)
                    yield session
                    session.flush()
                if limit:
                    commit.enter_context(limit.committing())
        except DBAPIError as error:
            if limit:
                limit.check()  # raises if the limit ended this transaction
            raise self._translated(error, engine, limit) from error
        except NoConnection as error:
            raise Unavailable("no connection was free in time") from error

    def _translated(self, error: DBAPIError, engine: Engine, limit: TimeLimit | None) -> Exception:
        trouble = translated(error, has_read=engine is self._optimistic)
        if limit and isinstance(trouble, Conflict):
            limit.conflicts += 1
        return trouble

    @property
    def has_own_clock(self) -> bool:
        """Whether the database may run on another machine than Spy."""
        return self.engine.dialect.name != "sqlite"

    def time(self) -> datetime:
        """Return the time in UTC on PostgreSQL's machine."""
        try:
            with self.engine.connect() as connection:
                clock_time: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        except DBAPIError as error:
            raise translated(error) from error
        return clock_time.astimezone(UTC)

    def ping(self) -> str:
        """Return "" if the database answers; else raise the driver's error."""
        with self._reading.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        return ""


@contextmanager
def _released(connection: Connection, limit: TimeLimit | None) -> Iterator[None]:
    """End the transaction when its limit is given up, even while its thread is waiting for the database."""
    if limit is None:
        yield
        return
    try:
        with limit.holding(letting_go(connection)):
            yield
    finally:
        if limit.is_given_up:
            connection.invalidate()
