"""The audit log is a chain: whatever is changed in it is found and named, on both databases."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import MetaData, delete, update

from bot.adapters.database import Database
from bot.domain.audit import AuditCheck, AuditLine, ranges
from bot.domain.policy import Policy
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction
from bot.testing import FrozenClock
from bot.workers.audit import AuditSealer

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def asked(number: int) -> AuditLine:
    return AuditLine(
        at=NOON + timedelta(minutes=number),
        source="slash",
        command=f"update „{number} 🔥",
        outcome="allowed",
        person="U0ANA",
        place="C0ROOM",
        incident=number,
        events=(f"{number}.3 update_posted",),
    )


def write(sessions: Database, *numbers: int) -> None:
    with sessions.begin() as session:
        for number in numbers:
            session.audit.append(asked(number))


def transaction(session: Any, at: datetime = NOON) -> Transaction:
    return Transaction(session=session, now=at, policy=Policy())


def seal(sessions: Database) -> None:
    AuditSealer(sessions=sessions, clock=FrozenClock(), policy=Policy).run()


def check(sessions: Database) -> AuditCheck:
    with sessions.read() as session:
        return AuditLog(transaction(session)).check()


def prune(sessions: Database, *, before: int) -> int:
    with sessions.begin() as session:
        return AuditLog(transaction(session)).prune(before=NOON + timedelta(minutes=before), limit=100)


@pytest.fixture
def chain(sessions: Database) -> Database:
    """Return a database with nine sealed rows."""
    write(sessions, *range(1, 10))
    seal(sessions)
    return sessions


def tamper(sessions: Database, row: int, values: Mapping[str, Any]) -> None:
    table = reflected(sessions, "audit")
    with sessions.engine.begin() as connection:
        connection.execute(update(table).where(table.c.seq == row).values(**values))


def remove(sessions: Database, *rows: int) -> None:
    table = reflected(sessions, "audit")
    with sessions.engine.begin() as connection:
        connection.execute(delete(table).where(table.c.seq.in_(rows)))


def remove_mark(sessions: Database, name: str) -> None:
    table = reflected(sessions, "audit_mark")
    with sessions.engine.begin() as connection:
        connection.execute(delete(table).where(table.c.name == name))


def reflected(sessions: Database, name: str) -> Any:
    known = MetaData()
    known.reflect(sessions.engine)
    return known.tables[name]


# --- what is whole ----------------------------------------------------------------------------------------


def test_an_empty_log_has_no_fault(sessions: Database):
    assert check(sessions) == AuditCheck()


def test_what_was_sealed_is_whole_and_reads_as_it_was_written(chain: Database):
    found = check(chain)

    assert (found.sealed, found.unsealed, found.fault) == (9, 0, "")
    with chain.read() as session:
        lines = [line for _, line in AuditLog(transaction(session)).find()]
    assert [asdict(it) for it in lines] == [asdict(asked(number)) for number in range(1, 10)]


def test_what_is_not_sealed_yet_is_counted(chain: Database):
    write(chain, 10, 11)

    assert check(chain).unsealed == 2
    seal(chain)
    assert (check(chain).sealed, check(chain).unsealed) == (11, 0)


def test_many_that_seal_at_once_make_one_chain(sessions: Database):
    write(sessions, *range(1, 301))
    sealing = [Thread(target=seal, args=(sessions,)) for _ in range(4)]

    for it in sealing:
        it.start()
    for it in sealing:
        it.join()

    assert (check(sessions).sealed, check(sessions).fault) == (300, "")


# --- what was changed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": "refused"},
        {"person": "U0RAJ"},
        {"person": None},
        {"command": "stop"},
        {"place": "C0PAY"},
        {"why": "no"},
        {"result": "x"},
        {"incident": 6},
        {"source": "terminal"},
        {"events": []},
        {"at": NOON},
        {"salt": "00"},
        {"salt": None},
        {"digest": "00"},
        {"hash": "00"},
    ],
    ids=str,
)
def test_a_changed_row_is_named(chain: Database, values: Mapping[str, Any]):
    tamper(chain, 5, values)

    assert check(chain).fault.startswith("Row 5 was altered")


@pytest.mark.parametrize("row", [1, 5, 9])
def test_a_removed_row_is_named(chain: Database, row: int):
    remove(chain, row)

    assert check(chain).fault.startswith(f"Row {row} was taken out")


def test_rows_that_were_swapped_are_named(chain: Database):
    tamper(chain, 4, {"seq": 99})
    tamper(chain, 6, {"seq": 4})
    tamper(chain, 99, {"seq": 6})

    assert check(chain).fault == "Row 4 was altered, or another row was put in its place."


def test_a_row_that_was_moved_up_into_a_gap_is_named(chain: Database):
    remove(chain, 9)
    tamper(chain, 8, {"seq": 9})

    assert check(chain).fault.startswith("Row 8 was taken out")


def test_the_last_row_and_its_mark_can_not_go_together_unnoticed(chain: Database):
    remove(chain, 9)
    remove_mark(chain, "head")

    assert check(chain).fault == "The record of the last row is gone. The last row that is left is 8."


def test_a_row_added_by_hand_is_named(chain: Database):
    write(chain, 10)
    seal(chain)
    marks = reflected(chain, "audit_mark")
    with chain.engine.begin() as connection:
        connection.execute(update(marks).values(seq=9, hash="00"))

    assert check(chain).fault.startswith("Row 10 was added")


# --- pruned -----------------------------------------------------------------------------------------------


def test_a_pruned_beginning_leaves_a_whole_chain(chain: Database):
    assert prune(chain, before=5) == 4
    seal(chain)

    found = check(chain)
    assert (found.fault, found.checkpoint.seq, found.sealed) == ("", 4, 6)
    assert prune(chain, before=8) == 3
    assert check(chain).fault == ""
    seal(chain)
    assert (check(chain).fault, check(chain).checkpoint.seq) == ("", 7)


def test_all_may_be_pruned(chain: Database):
    assert prune(chain, before=60) == 9
    seal(chain)

    assert (check(chain).fault, check(chain).sealed) == ("", 1)


def test_a_removed_checkpoint_is_noticed(chain: Database):
    prune(chain, before=5)
    seal(chain)
    remove_mark(chain, "checkpoint")

    assert check(chain).fault == "Row 1 was taken out, and no checkpoint says that it was pruned."


def test_a_checkpoint_that_no_prune_made_is_noticed(chain: Database):
    prune(chain, before=3)
    seal(chain)
    with chain.read() as session:
        fourth = next(it for it in list(session.audit.sealed()) if it.seq == 4)
    remove(chain, 3, 4)
    marks = reflected(chain, "audit_mark")
    with chain.engine.begin() as connection:
        mine = update(marks).where(marks.c.name == "checkpoint")
        connection.execute(mine.values(seq=4, hash=fourth.hash))

    assert check(chain).fault == "The checkpoint at row 4 is not the one that the last prune names."


def test_a_person_who_types_what_a_prune_records_changes_nothing(chain: Database):
    with chain.begin() as session:
        line = asked(10)
        session.audit.append(AuditLine(**{**vars(line), "command": "spy prune"}))
    seal(chain)

    assert check(chain).fault == ""


def test_text_that_no_database_takes_is_made_storable(sessions: Database):
    with sessions.begin() as session:
        AuditLog(transaction(session)).add("a\0", why="b\ud800", result="c\0")
    seal(sessions)

    assert (check(sessions).sealed, check(sessions).fault) == (1, "")


def test_row_numbers_are_written_in_short():
    assert ranges([5, 3, 4, 9, 3]) == "3-5,9"
