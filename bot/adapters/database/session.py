"""Sessions: one connection and one transaction each. Everything is written at its end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeVar, cast

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot.adapters.database import coordination, records
from bot.adapters.database.alerts import AlertTable
from bot.adapters.database.api_tokens import ApiTokenTable
from bot.adapters.database.audit import AuditTable
from bot.adapters.database.changes import ChangeTable, LockTable
from bot.adapters.database.config_versions import ConfigVersionTable
from bot.adapters.database.connection import letting_go, optimistic, reading
from bot.adapters.database.failovers import FailoverTable
from bot.adapters.database.failures import translated
from bot.adapters.database.followings import FollowingTable
from bot.adapters.database.homes import HomeTable
from bot.adapters.database.incidents import IncidentTable, TimelineTable
from bot.adapters.database.outbox import OutboxTable
from bot.adapters.database.postmortems import FollowUpTable, PostmortemTable
from bot.adapters.database.prepared import without_waiting
from bot.adapters.database.proposals import ProposalTable
from bot.adapters.database.pruning import PruningTable
from bot.adapters.database.publications import DraftTable, PublicationTable
from bot.adapters.database.reading import ReadingConnection
from bot.adapters.database.rings import RingCopyTable, RingTable
from bot.adapters.database.timers import TimerTable
from bot.adapters.database.turns import Turns, TurnTaking
from bot.adapters.database.web_keys import WebKeyTable
from bot.adapters.database.writes import Writes
from bot.ports import Conflict, Session, TimeLimit, Unavailable

T = TypeVar("T")

OPTIMISM = 2
"""This many attempts of a request take SQLite's lock when they first write. A further one takes it at once."""


def _table(kind: Callable[[Connection, Writes], T]) -> cached_property[T]:
    """Return a table that is made when it is first used: a request uses few of them."""
    return cached_property(lambda session: kind(session._connection, session._writes))  # noqa: SLF001  its session


class SqlSession:
    """One transaction with all its tables, written in this order. Implements `ports.Session`."""

    people = _table(records.PersonTable)
    incidents = _table(IncidentTable)
    timeline = _table(TimelineTable)
    pages = _table(records.PageTable)
    team_notices = _table(records.TeamNoticeTable)
    periods = _table(records.WorkPeriodTable)
    on_calls = _table(records.OnCallCopyTable)
    shifts = _table(records.ShiftTable)
    rings = _table(RingTable)
    ring_copy = _table(RingCopyTable)
    covers = _table(records.CoverTable)
    contacts = _table(records.ContactTable)
    user_groups = _table(records.UserGroupTable)
    changes = _table(ChangeTable)
    locks = _table(LockTable)
    alerts = _table(AlertTable)
    failovers = _table(FailoverTable)
    postmortems = _table(PostmortemTable)
    follow_ups = _table(FollowUpTable)
    followings = _table(FollowingTable)
    troubles = _table(records.TroubleTable)
    levers = _table(records.LeverTable)
    plugins = _table(records.PluginTable)
    plugin_reloads = _table(records.PluginReloadTable)
    config_versions = _table(ConfigVersionTable)
    homes = _table(HomeTable)
    publications = _table(PublicationTable)
    status_drafts = _table(DraftTable)
    proposals = _table(ProposalTable)
    timers = _table(TimerTable)
    messages = _table(coordination.MessageTable)
    audit = _table(AuditTable)
    pruning = _table(PruningTable)
    inbound = _table(coordination.InboundTable)
    web_keys = _table(WebKeyTable)
    api_tokens = _table(ApiTokenTable)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._writes = Writes(connection)
        self._held = set[str]()
        """The sections that are locked."""

    @cached_property
    def outbox(self) -> OutboxTable:
        return OutboxTable(self._connection, self._writes, self._has_place)

    def lock(self, *sections: str) -> None:
        wanted = [it for it in sections if it not in self._held]
        coordination.lock(self._connection, *wanted)
        self._held.update(wanted)

    def try_lock(self, section: str) -> bool:
        if section not in self._held and coordination.try_lock(self._connection, section):
            self._held.add(section)
        return section in self._held

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        return coordination.take_lease(self._connection, job, owner, now=now, until=now + lease)

    @contextmanager
    def reading(self) -> Iterator["SqlSession"]:
        if "people" in vars(self):
            self.people.flush()  # who asks is stored by now, so that this session finds them
        session = SqlSession(cast("Connection", ReadingConnection(self._connection)))
        session._held = self._held
        yield session
        session.flush_used()  # raises ReadsOnly if something waits to be written

    def flush(self) -> None:
        with without_waiting(self._connection):
            self.flush_used()

    def flush_used(self) -> None:
        used = vars(self)
        for it in [used[name] for name in _TABLES if name in used]:
            it.flush()
        self._writes.flush()

    def _has_place(self, number: int) -> bool | None:
        """Whether an incident has a channel, or can't get one. None: another transaction may just be opening it.

        It does not wait for that one, which may wait for something that this session has locked.
        """
        known = self.incidents.look(number)
        if known is None or known.is_placed:
            return known is not None
        if not self.incidents.hold(number):
            return None
        held = self.incidents.get(number)
        return held is not None and held.is_placed


_TABLES = [name for name, it in vars(SqlSession).items() if isinstance(it, cached_property)]


class ReadOnlySession(SqlSession):
    """A read-only session. It takes no row locks, and its connection refuses writes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(cast("Connection", ReadingConnection(connection)))
        self.incidents.lock = False

    def lock(self, *sections: str) -> None:
        pass


class Database:
    """Opens sessions. SQLite's writers in this process take turns here instead of in SQLite's busy handler.

    Errors of the driver are raised as Conflict or Unavailable.
    """

    def __init__(self, engine: Engine, *, turns: TurnTaking | None = None) -> None:
        self.engine = engine
        self._reading, self._optimistic = reading(engine), optimistic(engine)
        self._turns = turns or Turns(exclusive=engine.dialect.name == "sqlite")
        self._trouble = ""
        """Why something could not be written, until `ping` can."""

    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        if limit is None:
            return self._begin(self._turns.at_once(TimeLimit.none()), self.engine)
        engine = self._optimistic if limit.conflicts < OPTIMISM else self.engine
        return self._begin(self._turns.at_once(limit), engine, limit)

    def read(self) -> AbstractContextManager[Session]:
        return self._transact(self._reading, None, ReadOnlySession)

    def begin_background(self) -> AbstractContextManager[Session]:
        return self._begin(self._turns.in_quiet_time(), self.engine)

    def give_way(self) -> None:
        self._turns.give_way()

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
        is_at_commit = False
        try:
            with ExitStack() as commit, engine.begin() as connection:
                with _released(connection, limit):
                    session = kind(connection)
                    yield session
                    session.flush()
                if limit:
                    commit.enter_context(limit.committing())
                is_at_commit = True
        except DBAPIError as error:
            if limit:
                limit.check()  # raises if the limit ended this transaction
            trouble = self._translated(error, engine, limit)
            if isinstance(trouble, Unavailable):
                trouble.may_be_done = is_at_commit and error.connection_invalidated
            raise trouble from error
        except NoConnection as error:
            raise Unavailable("no connection was free in time") from error

    def _translated(self, error: DBAPIError, engine: Engine, limit: TimeLimit | None) -> Exception:
        trouble = translated(error, has_read=engine is self._optimistic)
        if engine is not self._reading and isinstance(trouble, Unavailable):
            self._trouble = str(trouble)
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
        """Return why nothing can be written; "" if all is well. Raise the driver's error if it does not answer."""
        with self._reading.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        if self._trouble:
            self._trouble = self._why_nothing_can_be_written()
        return self._trouble

    def _why_nothing_can_be_written(self) -> str:
        """Write something that changes nothing. Return why that fails; "" if it does not."""
        try:
            with self.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        except DBAPIError as error:
            return str(translated(error))
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
