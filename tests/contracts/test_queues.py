"""What is due in the queues, on both databases: all that a worker could take, found through indexes alone."""

from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.adapters.database import Database, SqlQueues, open_engine
from bot.adapters.database.queues import DUE
from bot.domain.failover.state import State
from bot.domain.home.home import Home, HomeChange
from bot.ports import Due, Unavailable
from tests.contracts.test_failover_records import claimed as claimed_failover
from tests.contracts.test_failover_records import kept, run
from tests.contracts.test_session import LEASE, NOON, post, queue
from tests.contracts.test_timers import INCIDENT, plan, timer
from tests.support.postgres import driven

NOTHING = Due(effects=False, reminders=False, failovers=False)
SECOND = timedelta(seconds=1)
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
INDEXED = ("SCAN CONSTANT ROW", "SCAN failover USING INDEX failover_to_run")
"""What SQLite scans as a whole: a row of constants, and the index over the few failovers to run."""


@pytest.fixture
def queues(sessions: Database) -> SqlQueues:
    return SqlQueues(sessions.engine)


def test_nothing_is_due_in_empty_queues(queues: SqlQueues):
    assert queues.due(NOON) == NOTHING


def test_an_effect_is_due_until_it_is_claimed_and_again_when_its_lease_has_ended(
    sessions: Database, queues: SqlQueues
):
    queue(sessions, post("hello"))
    assert queues.due(NOON - SECOND) == NOTHING
    assert queues.due(NOON).effects

    with sessions.begin() as session:
        [item] = session.outbox.claim("me", now=NOON, lease=LEASE, limit=5)

    assert queues.due(NOON + LEASE) == NOTHING
    assert queues.due(NOON + LEASE + SECOND).effects
    with sessions.begin() as session:
        session.outbox.put_back(item.id, "me", due=later(60), tried=True, uncertain=False, why="away")
    assert queues.due(later(59)) == NOTHING
    assert queues.due(later(60)).effects
    with sessions.begin() as session:
        session.outbox.done(item.id, at=NOON)
    assert queues.due(later(60)) == NOTHING


def test_a_reminder_is_due_from_its_time_until_it_is_sent(sessions: Database, queues: SqlQueues):
    plan(sessions, INCIDENT, timer(after=1))

    assert queues.due(later(59)) == NOTHING
    assert queues.due(later(60)) == Due(effects=False, reminders=True, failovers=False)
    with sessions.begin() as session:
        session.timers.sent(timer(after=1).key, later(60))
    assert queues.due(later(60)) == NOTHING


def test_a_failover_is_due_when_it_is_approved_and_nobody_runs_it(sessions: Database, queues: SqlQueues):
    kept(sessions, run())
    assert queues.due(NOON) == NOTHING

    kept(sessions, run(state=State.APPROVED))
    assert queues.due(NOON).failovers
    assert claimed_failover(sessions, "me") == 1
    assert queues.due(NOON) == NOTHING
    assert queues.due(later(21)).failovers


def test_a_home_is_due_at_its_time_and_after_any_change_while_somebody_looks(
    sessions: Database, queues: SqlQueues
):
    with sessions.begin() as session:
        session.homes.note(HomeChange(), since=NOON)
    assert queues.due(later(60)) == NOTHING

    with sessions.begin() as session:
        session.homes.opened(Home(person="U0ANA", looked_at=NOON, due_at=later(10)))
    assert not queues.due(later(9)).homes
    assert queues.due(later(10)).homes

    with sessions.begin() as session:
        session.homes.note(HomeChange(), since=NOON - SECOND)
    assert queues.due(NOON).homes


def test_an_effect_is_overdue_from_its_due_time_until_it_is_claimed(sessions: Database, queues: SqlQueues):
    queue(sessions, post("hello"))
    assert queues.overdue(NOON - SECOND) == NOTHING
    assert queues.overdue(NOON) == Due(effects=True, reminders=False, failovers=False)

    with sessions.begin() as session:
        session.outbox.claim("me", now=NOON, lease=LEASE, limit=5)

    assert queues.overdue(NOON + LEASE) == NOTHING
    assert queues.overdue(NOON + LEASE + SECOND).effects


def test_what_waits_behind_the_first_of_its_lane_is_not_overdue(sessions: Database, queues: SqlQueues):
    queue(sessions, post("one"), post("two"))
    with sessions.begin() as session:
        [item] = session.outbox.claim("me", now=NOON, lease=LEASE, limit=5)
        session.outbox.put_back(item.id, "me", due=later(600), tried=True, uncertain=False, why="429")

    assert queues.overdue(later(599)) == NOTHING
    assert queues.overdue(later(600)).effects


def test_a_reminder_is_overdue_from_its_time_until_it_is_sent(sessions: Database, queues: SqlQueues):
    plan(sessions, INCIDENT, timer(after=1))

    assert queues.overdue(later(59)) == NOTHING
    assert queues.overdue(later(60)) == Due(effects=False, reminders=True, failovers=False)


def test_a_wrong_statement_is_not_taken_for_an_outage(sessions: Database, queues: SqlQueues):
    with sessions.engine.begin() as connection:
        connection.execute(text("ALTER TABLE timer RENAME TO gone"))

    with pytest.raises(DBAPIError, match="timer"):
        queues.due(NOON)


def test_after_the_server_was_away_one_look_fails_and_the_next_succeeds(
    postgresql_url: str, caplog: pytest.LogCaptureFixture
):
    engine = open_engine(driven(postgresql_url))
    queues = SqlQueues(engine)
    with engine.connect() as one, engine.connect() as another:
        one.execute(text("SELECT 1"))
        another.execute(text("SELECT 1"))  # two connections are in the pool now
    with psycopg.connect(postgresql_url) as killer:
        killer.execute(END_OTHERS)

    with pytest.raises(Unavailable):
        queues.due(NOON)

    assert queues.due(NOON) == NOTHING
    assert not caplog.text
    engine.dispose()


def test_every_part_of_the_look_uses_an_index(sessions: Database):
    explain = "EXPLAIN QUERY PLAN " if sessions.engine.dialect.name == "sqlite" else "EXPLAIN "
    with sessions.engine.begin() as connection:
        if sessions.engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))  # its tables are empty
        steps = connection.execute(text(explain + DUE.text), {"now": NOON.isoformat()}).all()

    lines = [str(step[-1]) for step in steps]
    assert not [
        line
        for line in lines
        if "Seq Scan" in line or (line.startswith("SCAN") and not line.startswith(INDEXED))
    ]
    assert any("timer_due" in line for line in lines), lines


def later(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)
