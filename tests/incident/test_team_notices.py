"""Telling another team: everybody who has seen it is counted, also when they press at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.effects import UpsertMessage
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel
from bot.services.incident.incidents import Incidents
from bot.services.incident.team_notices import TeamNotices
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, SpyKit

pytestmark = pytest.mark.usefixtures("channel")


def notice(spy: SpyKit) -> None:
    with spy.tx() as tx:
        TeamNotices(tx).notify(tx.incident(1), POLICY.teams["payments"], "look", by="U0ANA")


def test_a_tell_is_said_to_the_team_and_followed_in_the_channel(spy: SpyKit):
    notice(spy)

    assert [(it.message_type, it.to) for it in spy.asked(UpsertMessage)][-2:] == [
        ("team_notice_sent", IncidentChannel(1)),
        ("team_notice", "C0PAY"),
    ]


def test_one_that_comes_after_the_end_asks_for_nothing(spy: SpyKit):
    notice(spy)
    before = spy.message_type("team_notice", 1)
    spy.say('incident 1 resolve "rolled back"', by="U0ANA")
    late = spy.message_type("team_notice", 1)

    assert "Press Seen" in before.text
    assert "INC-1 is resolved: there is nothing to do" in late.text
    assert "Seen" not in str(late)


def test_seeing_it_twice_is_told_once(spy: SpyKit):
    notice(spy)
    for _ in range(2):
        with spy.tx() as tx:
            TeamNotices(tx).see(1, by="U0KIM", channel="C0PAY")

    assert [it.kind for it in spy.timeline(1)].count("team_notice_seen") == 1


def test_a_team_that_can_not_be_told_is_said_aloud_once(spy: SpyKit):
    notice(spy)
    for _ in range(2):
        spy.deliver()
        with spy.tx() as tx:
            TeamNotices(tx).failed(1, "is_archived")

    assert len(spy.lines(1)) == 1
    assert [(it.message_type, it.to) for it in spy.asked(UpsertMessage)][-1] == (
        "team_notice_sent",
        IncidentChannel(1),
    )


def test_a_tell_that_is_forgotten_is_refused_kindly(spy: SpyKit):
    with spy.tx() as tx, pytest.raises(Refusal, match="no longer has that message"):
        TeamNotices(tx).see(99, by="U0KIM")


def test_all_who_press_seen_at_once_are_counted(database_url: str):
    engine = open_engine(database_url)
    database = Database(engine)
    people = [f"U0P{number}" for number in range(8)]
    with database.begin() as session:
        tx = Transaction(session=session, now=NOON, policy=POLICY)
        incident = Incidents(tx).declare("checkout is down", by="U0ANA").incident
        number = TeamNotices(tx).notify(incident, POLICY.teams["payments"], "look", by="U0ANA").number

    def see(person: str) -> None:
        with database.begin() as session:
            tx = Transaction(session=session, now=NOON, policy=POLICY)
            TeamNotices(tx).see(number, by=person, channel="C0PAY")

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(see, people))

    with database.begin() as session:
        seen = session.team_notices.get(number)
        assert seen
        assert sorted(seen.seen_by) == people
    engine.dispose()
