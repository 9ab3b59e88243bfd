"""What is over is pruned after its span, on both databases; nothing that still needs somebody is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bot.adapters.database import Database, open_engine
from bot.adapters.database.pruning import BY_AGE, MESSAGES
from bot.domain.changes.lock import Lock
from bot.domain.oncall.cover import CoverRequest, CoverState
from bot.domain.oncall.ring import PagerRing
from bot.domain.oncall.shift import Shift, Turn
from bot.domain.paging.page import Page, PageState
from bot.domain.policy import Policy
from bot.domain.relief.relief import WorkPeriod
from bot.domain.retention import Retention
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.domain.trouble import Trouble
from bot.ports import Posted
from bot.services.audit import AuditLog
from bot.services.features import load_features
from bot.services.incident.incidents import Incidents
from bot.services.messages import MESSAGE_TYPES
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock
from bot.workers.audit import AuditSealer
from bot.workers.retention import Pruner
from tests.support.postgres import driven
from tests.support.rows import schema_of

DAY, YEAR = timedelta(days=1), timedelta(days=365)
SPANS = Retention(closed_incidents=2 * YEAR, private_incidents=90 * DAY, audit=2 * YEAR)


def paged(number: int, *, incident: int | None) -> Page:
    return Page(
        number=number,
        key=f"spy-{number}",
        message="x",
        requested_by=None,
        requested_at=NOON,
        incident=incident,
        state=PageState.RESOLVED,
    )


class World:
    """A database with a clock, and who prunes it."""

    def __init__(self, engine: Engine) -> None:
        self.database = Database(engine)
        self.clock = FrozenClock()
        self.policy = replace(POLICY, retention=SPANS)

    def transact(self, act: Any) -> Any:
        with self.database.begin() as session:
            return act(Transaction(session=session, now=self.clock.now(), policy=self.policy))

    def declare(self, name: str, *, private: bool = False, severity: str = "3") -> int:
        def act(tx: Transaction) -> int:
            found = Incidents(tx).declare(
                name, by="U0ANA", severity=tx.policy.severity(severity), private=private
            )
            return int(found.incident.number)

        return int(self.transact(act))

    def resolve(self, number: int) -> None:
        self.transact(lambda tx: Incidents(tx).resolve(tx.incident(number), "fixed", by="U0ANA"))

    def deliver_all(self) -> None:
        def act(tx: Transaction) -> None:
            lease = timedelta(seconds=30)
            tx.session.outbox.release(1)
            while items := tx.session.outbox.claim("me", now=tx.now, lease=lease, limit=100):
                for item in items:
                    tx.session.outbox.done(item.id, at=tx.now)

        self.transact(act)

    def over(self, name: str, *, private: bool = False) -> int:
        """Return an incident that is over, with nothing left to do."""
        number = self.declare(name, private=private)
        self.resolve(number)
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE outbox SET state = 'done', done_at = due_at")
        return number

    def pass_time(self, span: timedelta) -> None:
        self.clock.reach(self.clock.now() + span)

    def prune(self) -> None:
        Pruner(sessions=self.database, clock=self.clock, policy=lambda: self.policy, owner="me").run()

    def incidents(self) -> list[int]:
        return [row["number"] for row in self.rows("incident")]

    def rows(self, name: str) -> list[Any]:
        table = schema_of(self.database.engine).tables[name]
        with self.database.engine.connect() as connection:
            return list(connection.execute(select(table)).mappings())

    def naming(self, text: str) -> list[str]:
        return [
            name
            for name in schema_of(self.database.engine).tables
            for row in self.rows(name)
            if text in json.dumps([*row.values()], default=str)
        ]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    load_features()
    engine = open_engine(driven(database_url))
    yield World(engine)
    engine.dispose()


# --- incidents --------------------------------------------------------------------------------------------


def test_nothing_is_pruned_where_nothing_is_configured(world: World):
    world.policy = POLICY
    world.over("zebras")
    world.pass_time(40 * YEAR)

    world.prune()

    assert world.incidents() == [1]


def test_a_closed_incident_goes_with_all_that_belongs_to_it_after_its_span(world: World):
    world.over("zebras escaped")
    world.transact(lambda tx: tx.session.messages.put("card:1", Posted(channel="C0ZEBRAS", ts="1.2")))
    world.transact(lambda tx: tx.session.messages.put("card:12", Posted(channel="C0OTHER", ts="1.2")))
    world.transact(lambda tx: tx.session.messages.put("brief:1:3", Posted(channel="C0ZEBRAS", ts="1.3")))

    world.pass_time(2 * YEAR - DAY)
    world.prune()
    assert world.incidents() == [1]
    world.pass_time(2 * DAY)
    world.prune()

    assert world.incidents() == []
    assert set(world.naming("zebras")) <= {"outbox"}
    assert [row["slot"] for row in world.rows("message")] == ["card:12"]
    assert [row for row in world.rows("timer") if row["subject"] == "incident:1"] == []
    assert world.rows("timeline") == []


def test_one_with_hundreds_of_pages_goes_too(world: World):
    number = world.over("zebras")
    world.transact(lambda tx: [tx.session.pages.put(paged(n, incident=number)) for n in range(1_000, 1_700)])
    world.transact(lambda tx: tx.session.messages.put("page:1699", Posted(channel="C0ROOM", ts="1.2")))
    world.transact(lambda tx: tx.session.messages.put("tested:1000:a", Posted(channel="C0ROOM", ts="1.3")))
    world.pass_time(3 * YEAR)

    world.prune()

    assert world.rows("page") == world.rows("message") == []


def test_a_private_one_goes_sooner(world: World):
    world.over("public")
    world.over("secret", private=True)
    world.pass_time(91 * DAY)

    world.prune()

    assert world.incidents() == [1]


def test_a_number_is_not_given_again(world: World):
    world.over("zebras")
    world.pass_time(3 * YEAR)
    world.prune()

    assert world.declare("later") == 2


def test_what_is_open_stays(world: World):
    world.declare("zebras")
    world.pass_time(10 * YEAR)

    world.prune()

    assert world.incidents() == [1]


def test_an_owed_postmortem_keeps_its_incident(world: World):
    number = world.declare("zebras", severity="1")
    world.resolve(number)
    with world.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET state = 'done', done_at = due_at")
    world.pass_time(10 * YEAR)

    world.prune()

    assert world.incidents() == [1]


def test_an_open_follow_up_keeps_its_incident_until_it_is_done(world: World):
    number = world.over("zebras")
    world.transact(lambda tx: FollowUps(tx).add(tx.incident(number), "look at the canary", by="U0ANA"))
    with world.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET state = 'done', done_at = due_at")
    world.pass_time(10 * YEAR)
    world.prune()
    assert world.incidents() == [1]

    with world.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE follow_up SET open = false")
    world.prune()

    assert world.incidents() == []
    assert world.rows("follow_up") == []


def test_an_undelivered_effect_keeps_its_incident(world: World):
    number = world.declare("zebras")
    world.resolve(number)
    world.pass_time(10 * YEAR)

    world.prune()

    assert world.incidents() == [1]


def test_those_that_stay_do_not_hold_up_those_behind_them(world: World):
    for number in range(1, 16):
        world.declare(f"open {number}")
    last = world.over("zebras")
    with world.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE incident SET phase = 'resolved', resolved_at = '2020-01-01 00:00:00' WHERE number < 16"
        )
        connection.exec_driver_sql(
            "UPDATE outbox SET done_at = NULL, state = 'ready' WHERE needs_channel < 16"
        )
    world.pass_time(3 * YEAR)

    world.prune()

    assert last not in world.incidents()
    assert len(world.incidents()) == 15


# --- the audit log and messages ---------------------------------------------------------------------------


def test_the_audit_log_is_pruned_and_stays_whole(world: World):
    for _ in range(5):
        world.transact(lambda tx: AuditLog(tx).add("oncall", person="U0ANA"))
        world.pass_time(YEAR)
    AuditSealer(sessions=world.database, clock=world.clock, policy=Policy).run()

    world.prune()
    AuditSealer(sessions=world.database, clock=world.clock, policy=Policy).run()

    with world.database.read() as session:
        found = AuditLog(Transaction(session=session, now=NOON, policy=POLICY)).check()
    assert (found.fault, found.checkpoint.seq) == ("", 3)


def test_traces_of_delivery_go_after_ninety_days_and_what_is_needed_stays(world: World):
    number = world.declare("zebras")
    world.transact(_leave_traces)
    world.pass_time(89 * DAY)
    world.prune()
    assert len(world.rows("cover")) == 1

    world.pass_time(2 * DAY)
    world.prune()

    assert world.rows("cover") == []
    assert [row["number"] for row in world.rows("lock")] == [2]
    assert {row["slot"] for row in world.rows("message")} == {
        "card:1",
        "lock:2",
        "warning:1:7d",
        "warning:11",
    }
    assert {row["key"] for row in world.rows("trouble")} == {"channel:C0LASTS"}
    assert [row["incident"] for row in world.rows("page")] == [number]
    sent = {row["subject"] for row in world.rows("timer") if row["state"] == "sent"}
    assert sent == {f"incident:{number}"}


def test_what_the_ledger_is_made_of_stays_for_more_than_a_year(world: World):
    def leave(tx: Transaction) -> None:
        _leave_traces(tx)
        tx.session.rings.put(PagerRing(incident="Q1", user="P1", at=NOON))
        tx.session.periods.put(WorkPeriod(number=1, person="U0ANA", started_at=NOON, ended_at=NOON))

    world.transact(leave)
    world.pass_time(399 * DAY)
    world.prune()
    assert [len(world.rows(it)) for it in ("shift", "ring", "work_period")] == [1, 1, 1]

    world.pass_time(2 * DAY)
    world.prune()

    assert [len(world.rows(it)) for it in ("shift", "ring", "work_period")] == [0, 0, 0]
    assert {row["slot"] for row in world.rows("message")} == {"card:1", "lock:2", "warning:11"}


def _leave_traces(tx: Transaction) -> None:
    turn = Turn(schedule="PSCH1", user="P1", name="Ana", email=None, start=NOON - DAY, end=NOON)
    tx.session.shifts.put(Shift(number=1, turn=turn, team="imoc", known_since=NOON))
    tx.session.covers.put(
        CoverRequest(
            number=1,
            schedule="PSCH1",
            team="imoc",
            by="U0RAJ",
            start=NOON - DAY,
            end=NOON,
            asked_at=NOON,
            state=CoverState.WITHDRAWN,
        )
    )
    for n, released_at in ((1, NOON), (2, None)):
        tx.session.locks.put(
            Lock(
                number=n,
                service="checkout",
                why="x",
                by="U0ANA",
                holder="person:U0ANA",
                since=NOON,
                released_at=released_at,
            )
        )
    for slot in ("card:1", "lock:1", "lock:2", "warning:1:7d", "warning:11", "digest:0:7@U0ANA", "page:900"):
        tx.session.messages.put(slot, Posted(channel="C0ZEBRAS", ts=f"{NOON.timestamp():.6f}"))
    for key, over_at in (("channel:C0LASTS", None), ("channel:C0OVER", NOON)):
        tx.session.troubles.put(Trouble(key=key, why="x", since=NOON, over_at=over_at))
    for n, incident in ((900, None), (901, 1)):
        tx.session.pages.put(paged(n, incident=incident))
    for subject in (Subject("incident", "1"), Subject("shift", "PSCH1:P1:x")):
        timer = Timer(subject=subject, occurrence=Occurrence("warning", "1h"), due_at=NOON)
        tx.session.timers.replace(subject, [timer])
        tx.session.timers.flush()
        tx.session.timers.sent(timer.key, NOON)
        tx.session.timers.flush()


def test_what_was_pruned_is_counted(world: World):
    world.over("zebras")
    world.over("lions")
    world.pass_time(3 * YEAR)
    world.prune()

    with world.database.read() as session:
        [closed, *_] = session.pruning.counted()
    assert (closed.kind, closed.count, closed.at) == ("closed incidents", 2, world.clock.now())


def test_one_process_prunes_at_a_time(world: World):
    world.over("zebras")
    world.pass_time(3 * YEAR)
    world.transact(lambda tx: tx.session.holds("retention", "another", now=tx.now, lease=DAY))

    world.prune()

    assert world.incidents() == [1]


def test_every_lasting_message_goes_with_what_it_is_about_or_with_its_age():
    load_features()
    known = {name for names in MESSAGES.values() for name in names}

    assert set(MESSAGE_TYPES) == known | set(BY_AGE)
