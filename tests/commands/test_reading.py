"""A command that says it only reads is held to it, whoever wrote it."""

from collections.abc import Callable
from types import ModuleType

import pytest
from sqlalchemy import delete

from bot.adapters.database import Database, open_engine, tables
from bot.adapters.database.statements import table
from bot.commands.command import command
from bot.domain.effects import Notify
from bot.domain.subject import Subject
from bot.ports import Person, ReadsOnly, Session
from bot.services.incident.incidents import Incidents
from bot.services.transaction import Transaction
from bot.testing import SpyKit

ANA = Person(id="U0ANA", name="Ana")
NOTICE = Notify(key="x", to="C0PAY", template="help/start")


def with_command(run: Callable[[Transaction], object]) -> SpyKit:
    @command("coffee", reads=True)
    def coffee(*, tx: Transaction) -> None:
        """Say that it only reads."""
        run(tx)

    module = ModuleType("ours")
    vars(module)["coffee"] = coffee
    return SpyKit(module)


@pytest.mark.parametrize(
    "run",
    [
        lambda tx: tx.session.people.put(ANA),
        lambda tx: tx.send(NOTICE),
        lambda tx: Incidents(tx).declare("checkout", by="U0ANA"),
        lambda tx: tx.session.web_keys.remove("0" * 64),
        lambda tx: tx.session.inbound.remember("x", at=tx.now),
    ],
    ids=["a record", "a message", "an incident", "at once", "a request"],
)
def test_what_writes_although_it_says_that_it_reads_fails(run: Callable[[Transaction], object]):
    spy = with_command(run)

    with pytest.raises(ReadsOnly):
        spy.say("coffee")
    assert not spy.effects
    with spy.tx() as tx:
        assert not tx.session.incidents.open(limit=1)


def test_what_reads_finds_who_asks():
    found = list[Person | None]()
    spy = with_command(lambda tx: found.append(tx.session.people.get("U0NEW")))

    spy.say("coffee", by="U0NEW")

    assert [it.id for it in found if it] == ["U0NEW"]


def test_a_reading_session_refuses_writing_on_both_databases(database_url: str):
    engine = open_engine(database_url)
    keys = table(tables.WebKeyRow)

    def refused(write: Callable[[Session], object]) -> bool:
        with Database(engine).begin() as session:
            try:
                with session.reading() as reading:
                    assert reading.incidents.get(1) is None
                    reading.lock("failover:1")
                    write(reading)
            except ReadsOnly:
                return True
        return False

    assert refused(lambda it: it.people.put(ANA))
    assert refused(lambda it: it.web_keys.remove_all("U0ANA", now=None))  # type: ignore[arg-type]
    assert refused(lambda it: it.timers.replace(Subject("page", "1"), []))
    assert refused(lambda it: vars(it)["_connection"].execute(delete(keys)))
    assert refused(lambda it: vars(it)["_connection"].exec_driver_sql("DELETE FROM web_key"))
    assert not refused(lambda it: it.people.get("U0ANA"))
    engine.dispose()
