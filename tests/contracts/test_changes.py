"""What every unit of work keeps to about changes, suspects and deploy locks."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

from bot.domain.changes.change import Change, ChangeWindow
from bot.domain.changes.lock import Lock
from bot.domain.incident.state import Suspect
from bot.domain.refusal import Refusal
from bot.ports import Sessions
from bot.services.changes.changes import Changes
from bot.services.changes.locks import Locks
from bot.services.transaction import Transaction
from bot.testing import POLICY
from tests.contracts.test_session import NOON, declared

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def change(number: int = 0, *, minutes: float = 0, service: str | None = "checkout") -> Change:
    at = NOON + minutes * MINUTE
    return Change(
        number=number,
        key=f"github:acme/checkout:deployment:{number}",
        source="github",
        kind="deploy",
        service=service,
        title="main to production",
        happened_at=at,
        as_of=at,
        heard_at=at,
        url="https://example.com",
        author="ana",
        ref="4f2a1c",
        outcome="success",
    )


def lock(number: int = 1, service: str = "checkout") -> Lock:
    return Lock(number=number, service=service, why="x", by="U0ANA", holder="person:U0ANA", since=NOON)


def test_a_change_comes_back_as_it_was(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.changes.put(change(7))
        session.changes.put(replace(change(7), outcome="failure", service=None))

    with sessions.begin() as session:
        kept = replace(change(7), outcome="failure", service=None)
        assert session.changes.get(7) == session.changes.by_key(change(7).key) == kept
        assert session.changes.get(8) is None
        assert session.changes.by_key("github:acme/checkout:deployment:8") is None


def test_changes_of_a_time_come_newest_first_and_not_too_many(sessions: Sessions) -> None:
    long = replace(change(4, minutes=-90), as_of=NOON - 30 * MINUTE)
    with sessions.begin() as session:
        for it in (
            change(1, minutes=-61),
            change(2, minutes=-60),
            change(3),
            long,
            change(5, minutes=-5, service="orders"),
            change(6, minutes=1),
            change(7),
        ):
            session.changes.put(it)

    with sessions.begin() as session:
        window = ChangeWindow(since=NOON - HOUR, until=NOON)
        assert [it.number for it in session.changes.within(window, limit=10)] == [7, 3, 5, 2, 4]
        assert [it.number for it in session.changes.within(window, limit=2)] == [7, 3]
        assert [it.number for it in session.changes.within(window, service="orders", limit=10)] == [5]


def test_what_was_heard_long_ago_is_forgotten(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.changes.put(change(1, minutes=-1))
        session.changes.put(change(2))
        session.changes.forget(before=NOON, limit=100)

    with sessions.begin() as session:
        assert session.changes.get(1) is None
        assert session.changes.get(2) == change(2)


def test_a_change_that_is_told_again_keeps_its_number(sessions: Sessions) -> None:
    for minutes, outcome in ((0, "in_progress"), (5, "success"), (3, "queued")):
        with sessions.begin() as session:
            news = replace(change(minutes=minutes), outcome=outcome, key="github:x")
            Changes(Transaction(session=session, now=NOON, policy=POLICY)).hear(news)

    with sessions.begin() as session:
        [kept] = session.changes.within(ChangeWindow(since=NOON, until=NOON), limit=10)
        assert (kept.number, kept.outcome) == (1, "success")
        assert (kept.happened_at, kept.as_of) == (NOON, NOON + 5 * MINUTE)


def test_suspects_come_back_with_their_incident(sessions: Sessions) -> None:
    suspect = Suspect(
        change=7, title="x", url=None, service="checkout", happened_at=NOON - MINUTE, suspected_at=NOON
    )
    with sessions.begin() as session:
        session.incidents.put(replace(declared(), suspects=(suspect,)))

    with sessions.begin() as session:
        found = session.incidents.get(42)
        assert found
        assert found.suspects == (suspect,)


def test_a_lock_comes_back_as_it_was_and_is_found_while_it_stands(sessions: Sessions) -> None:
    released = lock(1).release(by="U0RAJ", at=NOON + MINUTE)
    with sessions.begin() as session:
        session.locks.put(lock(1))
        session.locks.put(released)
        session.locks.put(replace(lock(2), reminded_at=NOON, reminders=2))
        session.locks.put(replace(lock(3, "orders"), holder="failover:12", by=None, since=NOON - MINUTE))

    with sessions.begin() as session:
        assert session.locks.get(1) == released
        assert session.locks.of("checkout") == replace(lock(2), reminded_at=NOON, reminders=2)
        assert session.locks.of("payments") is None
        assert [it.number for it in session.locks.held()] == [3, 2]


def test_changes_and_locks_have_numbers_of_their_own(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert [session.changes.reserve(), session.changes.reserve(), session.locks.reserve()] == [1, 2, 1]


def test_of_two_who_lock_at_once_one_gets_a_sentence(sessions: Sessions) -> None:
    together, refused = Barrier(2), []

    def locking(by: str) -> None:
        together.wait(timeout=10)
        try:
            with sessions.begin() as session:
                Locks(Transaction(session=session, now=NOON, policy=POLICY)).lock(
                    "checkout", f"for {by}", by=by
                )
        except Refusal as refusal:
            refused.append(refusal.sentence)

    threads = [Thread(target=locking, args=(by,)) for by in ("U0ANA", "U0RAJ")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with sessions.begin() as session:
        [existing] = session.locks.held()
    assert len(refused) == 1
    assert f"locked already, by <@{existing.by}>" in refused[0]
