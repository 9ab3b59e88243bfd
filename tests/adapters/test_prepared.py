"""A prepared statement does what SQLAlchemy would do: the same values, and the same errors."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.adapters.database import Database, open_engine
from bot.adapters.database import tables as rows
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.statements import add, find, table
from bot.ports import Unavailable
from bot.testing import NOON
from tests.support.postgres import driven

ENTRY = {
    "incident": 1,
    "seq": 1,
    "kind": "noted",
    "occurred_at": NOON,
    "recorded_at": datetime(2026, 3, 1, 4, 5, 6, 789, tzinfo=UTC),
    "actor": None,
    "source": "slash",
    "permalink": None,
    "text": "It's “down” — 50 % of it",
    "data": {"a": [1, None, True], "b": {"ü": "\\"}},
    "substance": True,
    "visibility": None,
    "supersedes": None,
}
END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
TIMELINE = table(rows.TimelineRow)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(driven(database_url))
    yield engine
    engine.dispose()


def without_id(found: Any) -> dict[str, Any]:
    return {name: it for name, it in found.items() if name != "id"}


def test_a_row_comes_back_as_it_was_written_and_as_sqlalchemy_reads_it(engine: Engine):
    with engine.begin() as connection:
        add(TIMELINE).run(connection, ENTRY)
        [found] = find(TIMELINE, "incident").rows(connection, {"incident": 1})
        [same] = connection.execute(select(TIMELINE)).mappings()

    assert without_id(found) == ENTRY
    assert dict(same) == found


def test_several_rows_are_written_at_once_and_the_first_column_is_read_alone(engine: Engine):
    several = [ENTRY | {"seq": seq} for seq in (1, 2, 3)]
    moments = Prepared(select(TIMELINE.c.recorded_at).where(TIMELINE.c.seq > bindparam("after")))
    with engine.begin() as connection:
        add(TIMELINE).run(connection, *several)

        assert moments.values(connection, {"after": 1}) == [ENTRY["recorded_at"]] * 2
        assert moments.value(connection, {"after": 3}) is None
        assert moments.first(connection, {"after": 2}) == {"recorded_at": ENTRY["recorded_at"]}


def test_a_wrong_row_is_the_error_that_sqlalchemy_raises_and_shows_no_words(engine: Engine):
    def twice(connection: Connection) -> None:
        for _ in range(2):
            add(TIMELINE).run(connection, ENTRY)

    with pytest.raises(IntegrityError) as error, engine.begin() as connection:
        twice(connection)

    assert "50 %" not in str(error.value)
    with engine.connect() as connection:
        assert find(TIMELINE, "incident").rows(connection, {"incident": 1}) == []


def test_a_lost_connection_is_noticed_and_others_are_made(postgresql_url: str):
    engine = open_engine(driven(postgresql_url))
    sessions = Database(engine)
    with sessions.begin() as one, sessions.begin() as other:
        assert (one.incidents.get(1), other.incidents.get(1)) == (
            None,
            None,
        )  # two connections are in the pool now

    def look_while_the_server_ends_all() -> None:
        with sessions.begin() as session:
            with engine.connect() as killer:
                killer.execute(text(END_ALL))
            session.incidents.get(1)

    with pytest.raises(Unavailable, match="terminating connection"):
        look_while_the_server_ends_all()

    for _ in range(3):
        with sessions.begin() as session:
            assert session.incidents.get(1) is None
    engine.dispose()


def test_a_statement_that_is_too_slow_is_the_error_that_sqlalchemy_raises(postgresql_url: str):
    engine = open_engine(driven(postgresql_url))
    slow = Prepared(text("SELECT pg_sleep(60)"))

    def wait_for_it() -> None:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 50"))
            slow.run(connection)

    with pytest.raises(OperationalError):
        wait_for_it()
    engine.dispose()
