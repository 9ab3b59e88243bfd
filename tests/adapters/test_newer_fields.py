"""What a newer Spy stored survives an older one that changes it, and what an older one left empty is filled."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update

from bot.adapters.database import Database, open_engine, tables
from bot.adapters.database.statements import table
from bot.domain.incident.events import Declared
from bot.domain.incident.incident import Incident
from tests.support.postgres import driven

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    engine = open_engine(driven(database_url))
    database = Database(engine)
    with database.begin() as session:
        session.incidents.put(Incident.declared(1, Declared(at=NOON, by="U0ANA", name="x")))
    incident = table(tables.IncidentRow)
    with engine.begin() as connection:
        kept = connection.execute(select(incident.c.kept)).scalar_one()
        connection.execute(update(incident).values(kept={**kept, "weather": {"sky": "grey"}}))
    yield database
    engine.dispose()


@pytest.mark.parametrize("by", ["number", "channel list"])
def test_a_field_that_this_spy_does_not_know_stays_when_it_writes_the_record(database: Database, by: str):
    with database.begin() as session:
        found = session.incidents.get(1) if by == "number" else session.incidents.open(limit=5)[0]
        assert found
        session.incidents.put(replace(found, impact="all of it"))

    with database.engine.connect() as connection:
        kept = connection.execute(select(table(tables.IncidentRow).c.kept)).scalar_one()
    assert (kept["weather"], kept["impact"]) == ({"sky": "grey"}, "all of it")


# --- what an older Spy leaves empty -----------------------------------------------------------------------


def test_columns_that_an_older_spy_left_empty_are_filled_from_the_record(database: Database):
    covers, notices = map(table, (tables.CoverRow, tables.TeamNoticeRow))
    with database.engine.begin() as connection:
        connection.execute(insert(covers).values(number=1, open=False, kept={"end": "2026-11-23T12:00:00Z"}))
        connection.execute(insert(covers).values(number=2, open=True, kept={"end": None}))
        connection.execute(insert(notices).values(number=1, kept={"incident": 1}))

    with database.begin() as session:
        assert session.pruning.fill_in(limit=10) == 2
        assert session.pruning.fill_in(limit=10) == 0

    with database.engine.connect() as connection:
        assert list(connection.execute(select(covers.c.ends_at).order_by(covers.c.number)).scalars()) == [
            NOON,
            None,
        ]
        assert connection.execute(select(notices.c.incident)).scalar_one() == 1
