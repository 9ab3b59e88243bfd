"""Rows that an earlier Spy has kept, as it was told them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from bot.adapters.database import Database, open_engine
from bot.domain.oncall.shift import Shift
from bot.ports import Person
from tests.fakes.pager import NOON, turn


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


def test_a_zone_that_is_not_known_any_more_is_utc(engine: Engine):
    shift = Shift.new(
        1,
        turn("PSCH1", "ana@example.com", NOON, NOON),
        team="imoc",
        person="U0ANA",
        zone="Asia/Tokyo",
        known_since=NOON,
    )
    with Database(engine).begin() as session:
        session.people.put(Person(id="U0ANA", name="Ana", zone="Asia/Tokyo"))
        session.shifts.put(shift)
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET kept = replace(kept, 'Asia/Tokyo', 'America/Nowhere')"))
        connection.execute(text("UPDATE shift SET kept = replace(kept, 'Asia/Tokyo', 'America/Nowhere')"))

    with Database(engine).begin() as session:
        person, kept = session.people.get("U0ANA"), session.shifts.get(1)

    assert person
    assert kept
    assert (person.zone, kept.zone) == (None, "UTC")
