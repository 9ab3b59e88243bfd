"""A request on a real database is committed in time or not at all, and what hangs in it holds up nobody."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import CursorResult, make_url

from bot.adapters.database import Database, Limits, open_engine
from bot.adapters.database.session import OPTIMISM
from bot.ports import Conflict, Late, OutOfTime, Person, Session, TimeLimit, Unavailable
from bot.services.retry import retry_on_conflict
from tests.support.postgres import driven

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LONG = 60.0
HURRIED = Limits(connect=SECOND, statement=2 * SECOND, lock=SECOND)


@contextmanager
def opened(url: str, limits: Limits | None = None) -> Iterator[Database]:
    engine = open_engine(driven(url), limits=limits)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def ana(session: Session) -> None:
    session.people.put(Person(id="U0ANA", name="Ana"))


def knows_ana(database: Database) -> bool:
    with database.read() as session:
        return session.people.get("U0ANA") is not None


def first_of_two(session: Any) -> CursorResult[Any]:
    """Ask for two rows and read one of them, as a query does that stops early."""
    found: CursorResult[Any] = session._connection.exec_driver_sql("SELECT 1 UNION SELECT 2")  # noqa: SLF001  as a query would
    found.fetchone()
    return found


# --- committed or given up --------------------------------------------------------------------------------


def test_what_was_given_up_is_not_committed(database: Database):
    limit = TimeLimit.of(LONG)

    with suppress(OutOfTime), database.begin(limit) as session:
        ana(session)
        assert limit.give_up()

    assert not knows_ana(database)


def test_what_is_committed_can_not_be_given_up(database: Database):
    limit = TimeLimit.of(LONG)

    with database.begin(limit) as session:
        ana(session)

    assert not limit.give_up()
    assert knows_ana(database)


def test_what_was_given_up_is_not_begun_again(database: Database):
    limit = TimeLimit.of(LONG)
    limit.give_up()

    with pytest.raises(OutOfTime), database.begin(limit) as session:
        ana(session)


def test_what_was_given_up_begins_no_command():
    limit = TimeLimit.of(LONG)
    assert limit.enter("one")
    limit.give_up()

    with pytest.raises(OutOfTime):
        limit.enter("another")
    assert limit.doing == "one"


def test_what_hangs_with_its_locks_held_loses_them_when_it_is_given_up(database: Database):
    limit, holds, let_go = TimeLimit.of(LONG), Event(), Event()
    ends: list[BaseException] = []

    def hang() -> None:
        try:
            with database.begin(limit) as session:
                ana(session)
                session.flush()  # type: ignore[attr-defined]  # as early as it can be
                unread = first_of_two(session)
                holds.set()
                let_go.wait(LONG)
                unread.close()
        except OutOfTime as error:
            ends.append(error)

    thread = Thread(target=hang)
    thread.start()
    holds.wait(LONG)
    limit.give_up()
    limit.let_go()
    with database.begin() as session:
        session.people.put(Person(id="U0ANA", name="Somebody else"))
    let_go.set()
    thread.join()

    assert len(ends) == 1
    with database.read() as session:
        assert session.people.get("U0ANA") == Person(id="U0ANA", name="Somebody else")


def test_what_was_given_up_holds_no_lock_although_a_row_is_left_unread(database: Database):
    """SQLite keeps a closed connection, with its lock, until its last row is read or dropped."""
    limit, unread = TimeLimit.of(LONG), list[CursorResult[Any]]()

    with suppress(OutOfTime), database.begin(limit) as session:
        ana(session)
        session.flush()  # type: ignore[attr-defined]  # as above
        unread.append(first_of_two(session))
        limit.give_up()

    with database.begin() as session:
        ana(session)
    assert knows_ana(database)


# --- conflicts --------------------------------------------------------------------------------------------


def test_the_same_request_twice_at_the_same_time_is_acted_on_once(database: Database):
    with suppress(Conflict), database.begin(TimeLimit.of(LONG)) as first:
        assert first.inbound.remember("Ev1", at=NOON) is None
        retry_on_conflict(lambda: answer(database))
        first.inbound.answered("Ev1", "another")

    with database.read() as session:
        assert session.inbound.remember("Ev1", at=NOON) == "the answer"


def answer(database: Database) -> None:
    with database.begin(TimeLimit.of(LONG)) as session:
        session.inbound.remember("Ev1", at=NOON)
        session.inbound.answered("Ev1", "the answer")


def test_on_sqlite_of_two_that_take_the_same_number_one_is_done_again(sqlite_url: str):
    with opened(sqlite_url) as database:
        limit = TimeLimit.of(LONG)
        with suppress(Conflict), database.begin(limit) as first:
            taken = first.incidents.reserve()
            with database.begin(TimeLimit.of(LONG)) as second:
                assert second.incidents.reserve() == taken

        with database.begin(limit) as again:
            assert again.incidents.reserve() == taken + 1
        assert limit.conflicts == 1


def test_on_sqlite_who_only_writes_at_the_end_holds_no_lock_before(sqlite_url: str):
    with opened(sqlite_url) as database, database.begin(TimeLimit.of(LONG)) as session:
        session.inbound.remember("Ev1", at=NOON)
        ana(session)
        assert session.people.get("U0KIM") is None
        with closing(other_process(sqlite_url)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()


# --- a database that hangs --------------------------------------------------------------------------------


def keep(database: Database, limit: TimeLimit) -> None:
    with database.begin(limit) as session:
        session.inbound.remember("Ev1", at=NOON)
        ana(session)


def test_on_sqlite_a_lock_that_another_process_keeps_is_not_waited_for_without_an_end(sqlite_url: str):
    with opened(sqlite_url, HURRIED) as database, closing(other_process(sqlite_url)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process"):
            retry_on_conflict(partial(keep, database, TimeLimit.of(LONG)))
        other.rollback()

        retry_on_conflict(partial(keep, database, TimeLimit.of(LONG)))
        assert knows_ana(database)


def test_on_sqlite_a_lock_that_another_process_holds_for_a_moment_is_tried_for_again(sqlite_url: str):
    with opened(sqlite_url) as database, closing(other_process(sqlite_url)) as other:
        other.execute("BEGIN IMMEDIATE")

        class AtItsLock(TimeLimit):
            def __setattr__(self, name: str, value: object) -> None:
                super().__setattr__(name, value)
                if name == "conflicts" and value == OPTIMISM:
                    other.rollback()

        retry_on_conflict(partial(keep, database, AtItsLock.of(LONG)))
        assert knows_ana(database)


def other_process(sqlite_url: str) -> sqlite3.Connection:
    return sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=0)


def test_a_turn_that_does_not_come_is_not_waited_for_without_an_end(sqlite_url: str):
    with (
        opened(sqlite_url) as database,
        database.begin(),
        pytest.raises(Late),
        database.begin(TimeLimit.of(0)),
    ):
        pass


def test_on_postgresql_a_lock_that_another_keeps_is_not_waited_for_without_an_end(postgresql_url: str):
    with opened(postgresql_url, HURRIED) as database, database.begin() as first:
        first.lock("declare")
        with pytest.raises(Unavailable, match="a lock was not free"), database.begin() as second:
            second.lock("declare")


def test_on_postgresql_a_transaction_of_a_stopped_process_holds_its_locks_for_a_while_only(
    postgresql_url: str,
):
    idle = Limits(idle=SECOND, lock=10 * SECOND, statement=20 * SECOND)

    def is_stopped_meanwhile(stopped: Database, other: Database) -> None:
        with stopped.begin() as first:
            first.lock("declare")
            with other.begin() as second:
                second.lock("declare")
                ana(second)
            first.people.put(Person(id="U0ANA", name="Too late"))

    with opened(postgresql_url, idle) as stopped, opened(postgresql_url, idle) as other:
        with pytest.raises(Unavailable):
            is_stopped_meanwhile(stopped, other)

        with other.read() as session:
            assert session.people.get("U0ANA") == Person(id="U0ANA", name="Ana")


def test_a_server_that_says_nothing_any_more_is_given_up_and_then_another_connection_is_made(
    postgresql_url: str,
):
    with through(postgresql_url) as (proxy, url), opened(url, HURRIED) as database:
        assert not knows_ana(database)
        proxy.swallows = True
        with pytest.raises(Unavailable):
            knows_ana(database)
        proxy.swallows = False

        with database.begin() as session:
            ana(session)
        assert knows_ana(database)


class Proxy:
    """Passes everything on; or takes it and says nothing; or is cut, and takes no call."""

    def __init__(self, server: str) -> None:
        self.swallows = self.is_cut = False
        self._open: list[socket.socket] = []
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self) -> None:
        """Break all connections, and each new one at once."""
        self.is_cut = True
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = False

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                if self.is_cut:
                    caller.close()
                    continue
                self._open.append(caller)
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                for here, there in ((caller, server), (server, caller)):
                    Thread(target=self._pass, args=(here, there), daemon=True).start()

    def _pass(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError), here, there:
            try:
                while data := here.recv(65_536):
                    if not self.swallows:
                        there.sendall(data)
            finally:  # also if a killed caller has reset its end: another thread may be reading there
                there.shutdown(socket.SHUT_RDWR)


@contextmanager
def through(url: str) -> Iterator[tuple[Proxy, str]]:
    """A way to the server that can be cut without either end noticing."""
    where = make_url(url)
    proxy = Proxy(f"{where.query['host']}/.s.PGSQL.{where.port or 5432}")
    source = where.set(host="127.0.0.1", port=proxy.port, query={})
    yield proxy, source.render_as_string(hide_password=False)
    proxy.close()
