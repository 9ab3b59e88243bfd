"""Two people merge at the same moment, through two processes, on both kinds of database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.incident.state import Phase
from bot.domain.refusal import Refusal
from bot.services.incident.incidents import Incidents
from bot.services.incident.merges import Merges
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY
from tests.support.postgres import driven

PATIENCE = 60


@pytest.fixture
def processes(database_url: str) -> Iterator[list[Database]]:
    url = driven(database_url)
    engines = [open_engine(url) for _ in range(2)]
    for person, name in (("U0ANA", "checkout is down"), ("U0RAJ", "payments fail")):
        with Database(engines[0]).begin() as session:
            tx = Transaction(session=session, now=NOON, policy=POLICY)
            Incidents(tx).declare(name, by=person, severity=POLICY.severities["sev1"])
    yield [Database(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def merge(database: Database, number: int, into: int, *, by: str) -> str:
    def once() -> str:
        with database.begin() as session:
            tx = Transaction(session=session, now=NOON, policy=POLICY)
            Merges(tx).merge(tx.incident(number), Incidents(tx).find(into, asker=by), by=by)
            return "merged"

    try:
        return retry_on_conflict(once)
    except Refusal as refusal:
        return refusal.sentence


def at_once(processes: list[Database], *asked: tuple[int, int, str]) -> list[str]:
    start = Barrier(len(asked))

    def say(place: int) -> str:
        number, into, by = asked[place]
        start.wait(PATIENCE)
        return merge(processes[place], number, into, by=by)

    with ThreadPoolExecutor(len(asked)) as people:
        return list(people.map(say, range(len(asked))))


def phases(database: Database) -> dict[int, Phase]:
    with database.read() as session:
        return {it.number: it.phase for it in map(session.incidents.look, (1, 2)) if it}


def test_two_people_merge_the_same_at_once_and_it_happens_once(processes: list[Database]):
    heard = at_once(processes, (2, 1, "U0ANA"), (2, 1, "U0RAJ"))

    assert sorted(heard) == ["INC-2 is merged into INC-1 already, since 12:00 UTC.", "merged"]
    with processes[0].read() as session:
        assert [it.kind for it in session.timeline.of(1)].count("merged_from") == 1
        assert {it.incident for it in (*session.pages.of(1), *session.pages.of(2))} == {1}


def test_two_people_merge_crosswise_at_once_and_one_of_them_wins(processes: list[Database]):
    heard = at_once(processes, (2, 1, "U0ANA"), (1, 2, "U0RAJ"))

    assert heard.count("merged") == 1
    assert sorted(phases(processes[0]).values()) == [Phase.MERGED, Phase.TRIAGE]
