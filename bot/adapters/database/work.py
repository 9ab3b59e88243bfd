"""The unit of work: one connection, one transaction, everything written at its end."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from bot.adapters.database import records
from bot.adapters.database.outbox import Outbox
from bot.ports import Contended, Work

COLLISIONS = frozenset({"40P01", "40001"})
"""PostgreSQL's words for a deadlock that it ended, and for work that can't be put in an order."""


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

    def alone(self, section: str) -> None:
        records.wait_alone(self._connection, section)

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        return records.take_lease(self._connection, job, owner, now=now, until=now + lease)

    def flush(self) -> None:
        for kept in (self.people, self.incidents, self.timeline, self.pages, self.tells):
            kept.flush()
        self.outbox.flush()

    def _has_place(self, number: int) -> bool:
        incident = self.incidents.get(number)
        return bool(incident and (incident.room or incident.room_refused))


class Database:
    """Opens units of work. SQLite's writers of this process take turns here, rather than in its busy handler."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn: AbstractContextManager[object] = (
            Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    @contextmanager
    def begin(self) -> Iterator[Work]:
        try:
            with self._turn, self.engine.begin() as connection:
                work = SqlWork(connection)
                yield work
                work.flush()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in COLLISIONS:
                raise Contended(str(error.orig)) from error
            raise

    def ping(self) -> str:
        """Answer "" where the database does; raise where it does not."""
        with self._turn, self.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        return ""
