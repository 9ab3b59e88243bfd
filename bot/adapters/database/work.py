"""The unit of work: one connection, one transaction, everything written at its end."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot.adapters.database import afterwards, changes, oncall, records
from bot.adapters.database.connection import reading
from bot.adapters.database.failovers import Failovers
from bot.adapters.database.groups import UserGroups
from bot.adapters.database.outbox import Outbox
from bot.adapters.database.timers import Timers
from bot.adapters.database.turns import Turns
from bot.ports import Contended, Unavailable, Work

COLLISIONS = frozenset({"40P01", "40001"})
"""PostgreSQL's words for a deadlock that it ended, and for work that can't be put in an order."""

OUR_FAULTS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What a database answers to a statement that is wrong; all else is trouble of its own."""


class SqlWork:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.incidents = records.Incidents(connection)
        self.timeline = records.Timeline(connection)
        self.pages = records.Pages(connection)
        self.tells = records.Tells(connection)
        self.people = records.People(connection)
        self.duties = records.Duties(connection)
        self.messages = records.Messages(connection)
        self.inbound = records.Inbound(connection)
        self.outbox = Outbox(connection, self._has_place)
        self.timers = Timers(connection)
        self.shifts = oncall.Shifts(connection)
        self.covers = oncall.Covers(connection)
        self.contacts = oncall.Contacts(connection)
        self.user_groups = UserGroups(connection)
        self.stretches = records.Stretches(connection)
        self.changes = changes.Changes(connection)
        self.locks = changes.Locks(connection)
        self.failovers = Failovers(connection)
        self.postmortems = afterwards.Postmortems(connection)
        self.follow_ups = afterwards.FollowUps(connection)

    def alone(self, section: str) -> None:
        records.wait_alone(self._connection, section)

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        return records.take_lease(self._connection, job, owner, now=now, until=now + lease)

    def flush(self) -> None:
        for kept in (self.people, self.incidents, self.timeline, self.pages, self.tells, self.stretches):
            kept.flush()
        self.outbox.flush()
        self.timers.flush()

    def _has_place(self, number: int) -> bool:
        incident = self.incidents.get(number)
        return bool(incident and (incident.room or incident.room_refused))


class ReadOnlyWork(SqlWork):
    """Takes no locks: its connection refuses what is written."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.incidents.lock = False

    def alone(self, section: str) -> None:
        pass


class Database:
    """Opens units of work. SQLite's writers of this process take turns here, rather than in its busy handler."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = reading(engine)
        self._turns = Turns(exclusive=engine.dialect.name == "sqlite")

    def begin(self) -> AbstractContextManager[Work]:
        return self._begin(self._turns.at_once())

    def read(self) -> AbstractContextManager[Work]:
        return self._transact(self._reading, ReadOnlyWork)

    def begin_in_a_lull(self) -> AbstractContextManager[Work]:
        return self._begin(self._turns.in_a_lull())

    @contextmanager
    def _begin(self, turn: AbstractContextManager[None]) -> Iterator[Work]:
        with turn, self._transact(self.engine) as work:
            yield work

    @contextmanager
    def _transact(self, engine: Engine, kind: type[SqlWork] = SqlWork) -> Iterator[Work]:
        try:
            with engine.begin() as connection:
                work = kind(connection)
                yield work
                work.flush()
        except OUR_FAULTS:
            raise
        except DBAPIError as error:
            why = str(error.orig).partition("\n")[0]
            if getattr(error.orig, "sqlstate", None) in COLLISIONS:
                raise Contended(why) from error
            raise Unavailable(why) from error
        except NoConnection as error:
            raise Unavailable(f"no connection is free: {error}") from error

    def ping(self) -> str:
        """Answer "" where the database does; raise where it does not."""
        with self._turns.in_a_lull(), self.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        return ""
