"""What PostgreSQL alone can do to a unit of work: let two of them wait for each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.effects import ReleaseHeld
from bot.domain.incident.effects import Invite
from bot.domain.incident.events import ChannelOpened, Declared
from bot.domain.incident.incident import Incident
from bot.ports import OutboxItem
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.postgres import driven
from tests.support.templates import shipped

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    engine = open_engine(driven(postgresql_url))
    database = Database(engine)
    with database.begin() as session:
        for number in (1, 2):
            session.incidents.put(Incident.declared(number, Declared(at=NOON, by="U0ANA", name="x")))
    yield database
    engine.dispose()


def test_of_two_that_wait_crosswise_one_is_undone_and_done_again(database: Database):
    met, tries = Barrier(2), []

    def change(first: int, second: int) -> None:
        tries.append(first)
        with database.begin() as session:
            session.incidents.get(first)
            if len(tries) <= 2:
                met.wait(timeout=10)
            session.incidents.get(second)

    threads = [
        Thread(target=retry_on_conflict, args=(lambda a=a, b=b: change(a, b),)) for a, b in ((1, 2), (2, 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tries) > 2


def test_who_locks_the_same_in_another_order_waits_for_nobody_crosswise(database: Database):
    def lock(*sections: str) -> None:
        for _ in range(50):
            with database.begin() as session:
                session.lock(*sections)

    with ThreadPoolExecutor(2) as both:
        locking = [both.submit(lock, *order) for order in (("a", "b", "c"), ("c", "b", "a"))]

    assert [it.exception() for it in locking] == [None, None]


def test_a_section_that_another_transaction_has_is_not_taken(database: Database):
    with database.begin() as one, database.begin() as other:
        assert one.try_lock("a")
        assert not other.try_lock("a")
        assert other.try_lock("b")


def test_who_only_looks_waits_for_nobody(database: Database):
    with database.begin() as changing, database.begin() as looking:
        changing.incidents.get(1)

        assert looking.incidents.look(1)


def due(database: Database) -> list[OutboxItem]:
    with database.begin() as session:
        return list(session.outbox.claim("me", now=NOON, lease=timedelta(minutes=1), limit=10))


def test_what_is_queued_while_a_channel_is_being_opened_waits_for_nobody_and_is_sent(database: Database):
    handlers = Handlers(Clients(templates=shipped(FrozenClock()), chat=FakeChat()))
    with database.begin() as opening:
        incident = opening.incidents.get(1)
        assert incident
        opening.incidents.put(incident.after(ChannelOpened(at=NOON, channel="C0ONE", channel_name="inc-1-x")))
        opening.outbox.release(1)
        with database.begin() as other:
            other.outbox.add([Invite(key="invite", incident=1, people=("U0RAJ",))], now=NOON)

    [look] = due(database)
    assert look.effect == ReleaseHeld(key="release:invite", incident=1)
    with database.begin() as session:
        handlers.attempt(look, Transaction(session=session, now=NOON, policy=POLICY))
        session.outbox.done(look.id, at=NOON)
    assert [it.effect.key for it in due(database)] == ["invite"]
