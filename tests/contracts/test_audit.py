"""The audit log is a chain: whatever is changed in it is found and named, on both databases."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, update

from bot.adapters.database import Database
from bot.adapters.database.forgetting import forget
from bot.app.audit import in_words
from bot.domain.audit import AuditCheck, AuditLine, changed, ranges
from bot.domain.identity import PersonIdentity
from bot.domain.incident.events import Declared
from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction
from bot.testing import FrozenClock
from bot.workers.audit import AuditSealer
from tests.support.rows import schema_of

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
    return schema_of(sessions.engine).tables[name]


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


# --- what claims to be an excuse --------------------------------------------------------------------------


def claim(sessions: Database, command: str, result: str) -> None:
    """Add a row by hand that says Spy pruned or forgot something."""
    with sessions.begin() as session:
        line = AuditLine(at=NOON, source="spy", command=command, outcome="done", result=result)
        session.audit.append(line)


def test_a_row_added_by_hand_excuses_no_changed_row(chain: Database):
    tamper(chain, 2, {"person": "U0RAJ", "command": "failover abort 9", "salt": None})
    with chain.read() as session:
        words = list(session.audit.sealed())[1].line
    for result in ("2", changed({2: words})):
        claim(chain, "spy forget", result)

    assert check(chain).fault.startswith("Row 2 was altered")
    seal(chain)
    assert check(chain).fault.startswith("Row 2 was altered")
    assert check(chain).claims == 2


def test_a_row_added_by_hand_excuses_no_removed_rows(chain: Database):
    with chain.read() as session:
        third = list(session.audit.sealed())[2]
    remove(chain, 1, 2, 3)
    marks = reflected(chain, "audit_mark")
    with chain.engine.begin() as connection:
        connection.execute(marks.insert().values(name="checkpoint", seq=3, hash=third.hash))
    claim(chain, "spy prune", f"up to row 3 {third.hash}")

    expected = "The checkpoint at row 3 is not the one that the last prune names."
    assert check(chain).fault == expected
    seal(chain)
    assert check(chain).fault == expected


def forget_ana(sessions: Database) -> None:
    identity = PersonIdentity(person="U0ANA", token="AAAA2222")
    forget(sessions.engine, identity, now=NOON)


def test_a_genuine_forget_leaves_a_whole_chain_and_is_told(chain: Database):
    write(chain, 10)
    forget_ana(chain)

    found = check(chain)
    assert (found.fault, found.forgotten, found.unsealed, found.claims) == ("", 9, 0, 0)
    assert list(in_words(found))[2] == "2026-11-23 12:00:00 UTC: `spy forget` changed words of rows 1-9."


def test_two_may_be_forgotten_one_after_the_other(chain: Database):
    forget_ana(chain)
    forget(chain.engine, PersonIdentity(person="U0X", token="B", names=frozenset({"update"})), now=NOON)

    assert check(chain).fault == ""


@pytest.mark.parametrize("values", [{"person": "U0RAJ"}, {"command": "stop"}, {"why": "x"}], ids=str)
def test_the_words_that_a_forget_left_can_not_be_rewritten_unnoticed(
    chain: Database, values: Mapping[str, Any]
):
    forget_ana(chain)
    tamper(chain, 4, values)

    assert check(chain).fault == "Row 4 was altered: its words are not those that `spy forget` left."


def test_huge_numbers_in_a_forget_cost_nothing(chain: Database):
    with chain.begin() as session:
        AuditLog(transaction(session)).add_upkeep("spy forget", "1-30000000000")

    assert check(chain).fault == ""


def test_a_prune_is_told_and_sealed_at_once(chain: Database):
    prune(chain, before=5)

    found = check(chain)
    assert (found.fault, found.unsealed) == ("", 0)
    assert "2026-11-23 12:00:00 UTC: pruned up to row 4." in list(in_words(found))


def test_text_that_no_database_takes_is_made_storable(sessions: Database):
    with sessions.begin() as session:
        AuditLog(transaction(session)).add("a\0", why="b\ud800", result="c\0")
    seal(sessions)

    assert (check(sessions).sealed, check(sessions).fault) == (1, "")


def test_row_numbers_are_written_in_short():
    assert ranges([5, 3, 4, 9, 3]) == "3-5,9"


# --- what may be private ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "person", "days", "may_be"),
    [
        ("C0PRIVATE", "U0KIM", 0, True),
        ("C0GENERAL", "U0KIM", 0, False),
        ("C0GENERAL", "U0ANA", 0, True),
        (None, "U0ANA", 9, True),
        (None, "U0AN", 0, False),
    ],
)
def test_words_may_be_about_a_private_incident_of_the_channel_or_the_person(
    sessions: Database,
    channel: str | None,
    person: str,
    days: int,
    may_be: bool,  # noqa: FBT001  a fact of the case
):
    with sessions.begin() as session:
        declared = Declared(at=NOON, by="U0ANA", name="secret", severity="sev1", private=True)
        incident = Incident.declared(1, declared)
        session.incidents.put(replace(incident, channel="C0PRIVATE"))

    since = NOON + timedelta(days=days)
    with sessions.read() as session:
        assert session.incidents.may_be_private(channel=channel, person=person, since=since) is may_be
