"""kill -9 at each statement and commit between an alert and its page: nobody is rung twice, nothing is lost."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from multiprocessing import get_context

import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.alert.alert import Alert
from bot.domain.alert.report import AlertReport, AlertState
from bot.domain.effects import Effect
from bot.domain.paging.effects import SendPage
from bot.ports import Session, Sessions
from bot.services.alert.alerts import Alerts
from bot.services.alert.reports import Reports
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY
from tests.support.fuse import Fuse
from tests.support.postgres import driven

FORKS = get_context("fork")
PATIENCE = 30.0
REPORT = AlertReport(
    key="pagerduty:Q1",
    source="pagerduty",
    title="cards fail",
    state=AlertState.FIRING,
    service="payments",
    heard_at=NOON,
    began_at=NOON - timedelta(minutes=2),
    as_of=NOON,
    severity="P1",
    assigned="Kim Park",
    pager_id="Q1",
)


def reported_and_declared(url: str, statements: int | None) -> None:
    """Run in a process of its own: hear of the alert, and press *Declare*, until the fuse is burnt down."""
    engine = open_engine(url)
    if statements is not None:
        Fuse(left=iter(range(statements))).attach(engine)
    sessions = Database(engine)
    with sessions.begin() as session:
        Reports(transaction(session)).hear_all([REPORT])
    with sessions.begin() as session:
        alert = session.alerts.by_key(REPORT.key)
        assert alert
        Alerts(transaction(session)).declare(alert.number, by="U0ANA")
    engine.dispose()


def transaction(session: Session) -> Transaction:
    return Transaction(session=session, now=NOON, policy=POLICY)


def ended(url: str, *, dies_after: int) -> int:
    process = FORKS.Process(target=reported_and_declared, args=(url, dies_after), daemon=True)
    process.start()
    process.join(PATIENCE)
    code = process.exitcode
    process.close()
    assert code is not None, "it did not end"
    return code


def asked(sessions: Sessions) -> list[Effect]:
    """Return what the world is asked for."""
    with sessions.begin() as session:
        items = session.outbox.claim("test", now=NOON, lease=timedelta(minutes=1), limit=1000)
    return [item.effect for item in items]


@pytest.fixture
def url(database_url: str) -> str:
    return driven(database_url)


@pytest.fixture
def sessions(url: str) -> Iterator[Database]:
    engine = open_engine(url)
    sessions = Database(engine)
    with sessions.begin() as session:
        People(transaction(session)).seen("U0ANA", "Ana Lima")
    engine.dispose()  # no process that is forked shall share a connection
    yield sessions
    engine.dispose()


def test_wherever_it_is_killed_an_alert_is_one_incident_with_one_page(sessions: Database, url: str):
    deaths = next(statements for statements in count() if ended(url, dies_after=statements) == 0)

    with sessions.read() as session:
        found = session.alerts.by_key(REPORT.key)
        [incident] = session.incidents.open(limit=9)
        pages = {it.team: it for it in session.pages.of(incident.number)}
        kinds = Counter(it.kind for it in session.timeline.of(incident.number))
    assert deaths > 10
    assert isinstance(found, Alert)
    assert found.incident == incident.number
    assert pages["payments"].pager_id == "Q1"
    assert [it.page for it in asked(sessions) if isinstance(it, SendPage)] == [pages["imoc"].number]
    assert [kinds[it] for it in ("declared", "alert_added", "page_adopted")] == [1, 1, 1]
