"""What a report reads, on each database: a month's incidents, and what belongs to several of them at once."""

from datetime import timedelta

from sqlalchemy import update

from bot.adapters.database import Database, tables
from bot.adapters.database.statements import table
from bot.domain.relief.relief import COMMAND, began
from bot.services.incident.incidents import Incidents
from bot.services.paging.paging import Paging
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock
from bot.testing.clock import NOON

HOUR = timedelta(hours=1)


def test_a_report_finds_what_belongs_to_its_incidents(sessions: Database):
    clock = FrozenClock()

    def transaction(session: object) -> Transaction:
        return Transaction(session=session, now=clock.now(), policy=POLICY)  # type: ignore[arg-type]

    for _ in range(3):
        with sessions.begin() as session:
            tx = transaction(session)
            incident = Incidents(tx).declare("down", by="U0ANA").incident
            Paging(tx).page_team(POLICY.teams["payments"], "look", by="U0ANA", incident=incident)
            FollowUps(tx).add(tx.newest[incident.number], "test it", by="U0ANA")
            Postmortems(tx).write(tx.newest[incident.number], "lucky", "noon", by="U0ANA")
        clock.tick(hours=1)
    with sessions.begin() as session:
        number = session.periods.reserve()
        session.periods.put(began(number, "U0KIM", 1, COMMAND, at=NOON))

    with sessions.read() as session:
        within = session.incidents.declared_between(NOON, NOON + 2 * HOUR)
        assert [it.number for it in within] == [1, 2]
        assert [it.number for it in session.incidents.among({3, 1, 9})] == [1, 3]
        assert set(session.pages.paged_for("payments", [1, 3, 9])) == {1, 3}
        assert set(session.pages.paged_for("imoc", [1, 3, 9])) == set()
        assert {it.incident for it in session.pages.between(NOON, NOON + HOUR) if it.team == "payments"} == {
            1
        }
        assert [it.incident for it in session.follow_ups.among([3, 2])] == [2, 3]
        assert [it.incident for it in session.postmortems.among([3, 2])] == [2, 3]
        assert [it.person for it in session.periods.among([number])] == ["U0KIM"]
        assert session.timeline.among([1, 2, 3], (), reminder="relief") == []


def test_an_incident_that_an_older_spy_stored_is_found_once_its_column_is_filled(sessions: Database):
    with sessions.begin() as session:
        tx = Transaction(session=session, now=NOON, policy=POLICY)
        Incidents(tx).declare("down", by="U0ANA")
    with sessions.engine.begin() as connection:
        connection.execute(update(table(tables.IncidentRow)).values(declared_at=None))

    with sessions.begin() as session:
        assert session.pruning.fill_in(limit=10) == 1
        assert [it.declared_at for it in session.incidents.declared_between(NOON, NOON + HOUR)] == [NOON]
