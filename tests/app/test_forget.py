"""`spy forget` removes a person from every column of every table, and what is shown stays readable."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bot.adapters.database import Database, migrate, open_engine
from bot.app.forget import Forgetter, in_words
from bot.app.samples.events import HAPPENED, facts_of
from bot.app.settings import load
from bot.commands.plugins import load as load_plugins
from bot.commands.request import Request, Response, Source
from bot.commands.router import Router
from bot.domain.incident.following import Following, incident_subject
from bot.domain.incident.timeline import Entry
from bot.domain.message import Message
from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.shift import Shift, Turn
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.ports import Contact, OnCallCopy, OnCallShift, Profile, UserGroup
from bot.services.audit import AuditLog
from bot.services.people import People
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock, SpyKit
from bot.workers.audit import AuditSealer
from tests.adapters.test_upgrades import EARLIER, copy, rows_of
from tests.app.test_cli import spy as spy_says
from tests.support.folders import PLUGINS
from tests.support.postgres import driven
from tests.support.rows import schema_of
from tests.support.templates import shipped

HOUR = timedelta(hours=1)
ANA = ("U0ANA", "Ana Lima", "ana@example.com", "PANA123", "+1 555 0100")
DONE_BY_ANA = (
    "update we look into it, says Ana Lima",
    "note ask <@U0ANA|ana> or ana@example.com",
    "impact carts are empty",
    "cause Ana Lima deployed",
    "role scribe <@U0ANA>",
    "role scribe <@U0KIM>",
    "tell :payments look here",
    'page <@U0RAJ> "please help"',
    "page :imoc more hands",
    "pager ack 1",
    "snooze 15m",
    "quiet 15m",
    "hand <@U0RAJ>",
    "link https://example.com/graph",
    'change "cart 17" on checkout',
    "suspect 1",
    'lock checkout "by Ana Lima"',
    'action "add a test" <@U0ANA> detection by friday',
    "timeline hide 5",
    'timeline edit 4 "Ana Lima looks"',
    "postmortem owner <@U0ANA>",
    "postmortem due friday",
    "oncall cover tomorrow 18:00-20:00",
    "frobnicate <@U0ANA>",
    "private",
)
SHOWN = (
    "incident tldr 1",
    "incident who 1",
    "incident timeline 1",
    "incident list all",
    "follow-ups",
    "locks",
)
SHOWN += ("postmortem 1", "incident checklist 1", "oncall load", "changes 1", "incident links 1")


@pytest.fixture(scope="module")
def kit() -> SpyKit:
    """Return a Spy whose Ana has done everything."""
    clock = FrozenClock()
    kit = SpyKit(PLUGINS, templates=shipped(clock), clock=clock)
    with kit.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", email="ana@example.com", zone="Europe/Lisbon"))
        People(tx).met("U0RAJ", Profile(name="Raj Patel", email="raj@example.com"))
        People(tx).met("U0KIM", Profile(name="Kim Park", email="kim@example.com"))
    kit.say('incident me "Ana Lima broke checkout" sev1', by="U0ANA")
    kit.create_channel(1, channel="C0ROOM")
    for text in DONE_BY_ANA:
        kit.say(text, by="U0ANA", channel="C0ROOM")
        kit.say(text, by="U0ANA", channel="D0ANA", source=Source.DM, incident=1)
    kit.say("take", by="U0RAJ", channel="C0ROOM")
    with kit.tx() as tx:
        _fill(tx)
    kit.pass_time(hours=2)
    kit.say('resolve "Ana Lima rolled back"', by="U0RAJ", channel="C0ROOM")
    AuditSealer(sessions=kit.sessions, clock=clock, policy=Policy).run()
    kit.say("tldr 1", by="U0ANA", channel="D0ANA", source=Source.DM)
    return kit


def _fill(tx: Transaction) -> None:
    """Store every kind of event by Ana, and what the pager knows of her."""
    for seq, event in enumerate(HAPPENED, start=100):
        facts = {name: it for name, it in facts_of(event).items() if name not in {"at", "by"}}
        tx.session.timeline.append(
            Entry(
                incident=1,
                seq=seq,
                kind=event.kind(),
                occurred_at=event.at,
                recorded_at=event.at,
                actor="U0ANA",
                source="slash",
                text=event.text,
                data=facts,
            )
        )
    turn = Turn(
        schedule="PSCH1",
        user="PANA123",
        name="Ana Lima",
        email="ana@example.com",
        start=NOON - 9 * HOUR,
        end=NOON - HOUR,
    )
    later = Turn(**{**vars(turn), "start": NOON + 40 * HOUR, "end": NOON + 48 * HOUR})
    for number, it in enumerate((turn, later), start=900):
        tx.session.shifts.put(Shift(number=number, turn=it, person="U0ANA", team="imoc", known_since=NOON))
    tx.session.covers.put(
        CoverRequest(
            number=900,
            schedule="PSCH1",
            team="imoc",
            by="U0RAJ",
            start=NOON,
            end=NOON + HOUR,
            asked_at=NOON,
            asked="U0ANA",
            declined_by=("U0ANA",),
        )
    )
    own = Following(number=900, about=incident_subject(1), person="U0ANA", by="U0ANA", since=NOON)
    by_mail = replace(own, number=901, person=None, address="Ana@example.com", by="U0RAJ")
    for it in (own, by_mail, replace(by_mail, number=902, address="raj@example.com", by="U0ANA")):
        tx.session.followings.put(it)
    tx.session.contacts.put(Contact(email="ana@example.com", person="U0ANA", asked_at=NOON))
    tx.session.user_groups.put(UserGroup(id="S0SRE", members=("U0ANA", "U0RAJ"), synced_at=NOON))
    call = OnCallShift(
        policy="PPOL1",
        level=1,
        name="Ana Lima",
        email="ana@example.com",
        phone="+1 555 0100",
        user="PANA123",
        start=NOON + 40 * HOUR,
    )
    tx.session.on_calls.replace(OnCallCopy(on_calls=(call,), synced_at=NOON))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(driven(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def filled(kit: SpyKit, engine: Engine) -> Engine:
    """Return a database of each kind, with all that the kit's has."""
    fill(engine, kit.sessions.engine)
    return engine


@dataclass(frozen=True, kw_only=True)
class WithoutAna:
    """A database in which Ana was forgotten: what it had answered before, and what was said about it."""

    engine: Engine
    before: Sequence[Message | None]
    said: Sequence[str]
    folder: Path


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def without_ana(
    request: pytest.FixtureRequest, kit: SpyKit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WithoutAna]:
    """Return one for all tests that only look at it: filling a database takes a second."""
    folder = tmp_path_factory.mktemp("without_ana")
    with ExitStack() as stack:
        if request.param == "sqlite":
            migrated = request.getfixturevalue("migrated_sqlite")
            url = f"sqlite:///{shutil.copy(migrated, folder / 'spy.db')}"
        else:
            url = stack.enter_context(request.getfixturevalue("postgres").fresh())
        engine = open_engine(driven(url))
        stack.callback(engine.dispose)
        fill(engine, kit.sessions.engine)
        before = [asked(engine, text).message for text in SHOWN]
        said = list(in_words(forgetter(engine, folder).run()))
        yield WithoutAna(engine=engine, before=before, said=said, folder=folder)


def fill(engine: Engine, other: Engine) -> None:
    """Copy all rows of another database, and let PostgreSQL number the next ones after them."""
    copy(rows_of(other), engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for table in ("timeline", "outbox", "audit"):
                last = f"SELECT max(id) FROM {table}"  # noqa: S608  no input
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}))"
                )
            connection.exec_driver_sql("SELECT setval(name || '_number_seq', value + 1, false) FROM counter")


def forgetter(engine: Engine, tmp_path: Path, person: str = "U0ANA", *, after: timedelta = HOUR) -> Forgetter:
    (tmp_path / "config.yaml").write_text(
        "people: {U0ANA: {github: analima, email: ana.at.night@example.com}}\n"
    )
    settings = load(tmp_path / "config.yaml", {})
    return Forgetter(settings, Database(engine), person, now=NOON + 2 * HOUR + after)


def cells(engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield every column of every row of every table, as text."""
    with engine.connect() as connection:
        for table in schema_of(engine).sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    yield f"{table.name}.{name}", json.dumps(value, default=str, ensure_ascii=False)


def left(engine: Engine, *words: str) -> list[tuple[str, str]]:
    return [
        (where, text)
        for where, text in cells(engine)
        if any(word.casefold() in text.casefold() for word in words)
    ]


def asked(engine: Engine, text: str) -> Response:
    clock = FrozenClock()
    clock.reach(NOON + 4 * HOUR)
    router = Router(
        load_plugins([PLUGINS]),
        sessions=Database(engine),
        clock=clock,
        policy=POLICY,
        templates=shipped(clock),
    )
    return router.answer(Request(id=text, text=text, user="U0RAJ", source=Source.SLASH, channel="C0ROOM"))


def check(engine: Engine) -> Any:
    with Database(engine).read() as session:
        return AuditLog(Transaction(session=session, now=NOON, policy=POLICY)).check()


def test_the_person_was_everywhere(filled: Engine):
    tables = {where.partition(".")[0] for where, _ in left(filled, *ANA)}

    assert tables >= {
        "audit",
        "change",
        "contact",
        "cover",
        "follow_up",
        "following",
        "inbound",
        "incident",
        "lock",
        "on_call_copy",
        "outbox",
        "page",
        "person",
        "postmortem",
        "shift",
        "team_notice",
        "timeline",
        "timer",
        "user_group",
        "work_period",
    }


def test_afterwards_nothing_names_the_person(without_ana: WithoutAna):
    assert left(without_ana.engine, *ANA) == []
    assert left(without_ana.engine, "U0RAJ", "Raj Patel")


def test_afterwards_they_follow_nothing_and_who_they_added_still_does(without_ana: WithoutAna):
    with Database(without_ana.engine).read() as session:
        [left_over] = session.followings.about(incident_subject(1))
    assert (left_over.address, left_over.by[:9]) == ("raj@example.com", "USOMEBODY")


def test_afterwards_the_audit_log_is_still_whole(without_ana: WithoutAna):
    found = check(without_ana.engine)
    assert (found.fault, found.forgotten > 10) == ("", True)
    AuditSealer(sessions=Database(without_ana.engine), clock=FrozenClock(), policy=Policy).run()
    assert check(without_ana.engine).fault == ""


def test_afterwards_everything_is_still_shown(without_ana: WithoutAna):
    after = [asked(without_ana.engine, f"{text} ").message for text in SHOWN]

    assert all(without_ana.before)
    for was, now in zip(without_ana.before, after, strict=True):
        assert now
        assert "USOMEBODY" not in now.text
        assert now.text.count("\n") >= (was.text.count("\n") if was else 0) - 1


def test_afterwards_not_even_the_file_has_the_name(kit: SpyKit, sqlite_url: str, tmp_path: Path):
    engine = open_engine(sqlite_url)
    fill(engine, kit.sessions.engine)

    result = forgetter(engine, tmp_path).run()

    assert result.is_clean
    engine.dispose()
    for file in tmp_path.glob("spy.db*"):
        assert [word for word in ANA if word.encode() in file.read_bytes()] == []


def test_afterwards_the_timeline_and_the_postmortem_say_somebody(without_ana: WithoutAna):
    with Database(without_ana.engine).read() as session:
        tx = Transaction(session=session, now=NOON, policy=POLICY)
        facts = Documents(tx).document(session.incidents.get(1))
        document = shipped(FrozenClock()).document("postmortem/document", facts, names=People(tx).name)
    assert "somebody" in document.text
    assert "USOMEBODY" not in document.text
    assert "somebody" in str(asked(without_ana.engine, "tldr 1").message)


def test_it_says_what_was_changed_and_what_is_out_of_reach(without_ana: WithoutAna):
    said = without_ana.said

    assert said[0].startswith("Changed: ")
    assert said[1].startswith("Deleted: 1 in contact, 2 in following, 1 in on_call_copy, ")
    assert "Out of reach: config.yaml. Remove them from line 1." in said
    assert said[-1].startswith("While Slack or PagerDuty still have them")


def test_forgetting_twice_finds_nothing_more(without_ana: WithoutAna):
    again = forgetter(without_ana.engine, without_ana.folder).run()

    assert (again.found.changed.total(), again.found.is_done) == (0, True)


def test_thousands_of_rows_are_looked_at_some_at_a_time(engine: Engine, tmp_path: Path):
    with Database(engine).begin() as session:
        log = AuditLog(Transaction(session=session, now=NOON, policy=POLICY))
        for _ in range(1_201):
            log.add("oncall", person="U0ANA")

    found = forgetter(engine, tmp_path).run().found

    assert found.changed["audit"] == 1_201
    assert left(engine, "U0ANA") == []


def test_two_who_are_forgotten_stay_two(filled: Engine, tmp_path: Path):
    first, second = (forgetter(filled, tmp_path, it) for it in ("U0ANA", "U0KIM"))
    first.run()
    second.run()

    assert first.identity.placeholder != second.identity.placeholder
    assert left(filled, *ANA, "U0KIM", "Kim Park") == []


def test_somebody_of_the_same_name_keeps_their_profile(filled: Engine, tmp_path: Path):
    with Database(filled).begin() as session:
        tx = Transaction(session=session, now=NOON, policy=POLICY)
        People(tx).met("U0ANB", Profile(name="Ana Lima", email="ana.b@example.com"))

    forgetter(filled, tmp_path).run()

    with Database(filled).read() as session:
        kept = session.people.get("U0ANB")
    assert kept
    assert (kept.name, kept.email) == ("Ana Lima", "ana.b@example.com")


def test_a_commander_of_an_open_incident_is_refused(filled: Engine, tmp_path: Path):
    asked(filled, 'incident me "again" sev3')
    them = forgetter(filled, tmp_path, "U0RAJ")

    with pytest.raises(Refusal, match="U0RAJ commands INC-2"):
        them.require_free()


@pytest.mark.parametrize("after", [-9 * HOUR, 40 * HOUR])
def test_who_is_on_call_now_is_refused(filled: Engine, tmp_path: Path, after: timedelta):
    them = forgetter(filled, tmp_path, after=after)

    with pytest.raises(Refusal, match="U0ANA is on call now"):
        them.require_free()


def test_who_is_on_call_another_day_is_not_refused(filled: Engine, tmp_path: Path):
    forgetter(filled, tmp_path).require_free()


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return a database of an earlier Spy, brought up to date."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('earlier') / 'spy.db'}")
    with engine.connect() as connection:
        connection.connection.dbapi_connection.executescript(EARLIER.read_text(encoding="utf-8"))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("person", ["U0ANA", "U0RAJ", "U0KIM"])
def test_a_database_of_an_earlier_spy_forgets_too(
    engine: Engine, earlier: Engine, tmp_path: Path, person: str
):
    fill(engine, earlier)
    them = forgetter(engine, tmp_path, person)

    them.run()

    assert left(engine, person, *them.identity.names, *them.identity.addresses) == []


# --- on the command line ----------------------------------------------------------------------------------


@pytest.fixture
def _configured(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("severities: {sev1: {}}")
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.delenv("SPY_CONFIG", raising=False)


@pytest.mark.usefixtures("_configured")
def test_it_asks_first_and_does_nothing_without_a_yes():
    result = spy_says("forget", "U0ANA", given="n\n")

    assert result.exit_code == 1
    assert "To remove from the database: U0ANA." in result.stdout
    assert "Nothing was done." in result.stderr


@pytest.mark.usefixtures("_configured")
def test_a_yes_on_the_line_is_enough():
    result = spy_says("forget", "U0ANA", "--yes")

    assert result.exit_code == 0
    assert "Out of reach: messages and names of channels in Slack" in result.stdout


@pytest.mark.usefixtures("_configured")
def test_a_name_is_not_enough_to_be_forgotten():
    result = spy_says("forget", "ana", "--yes")

    assert result.exit_code == 2
    assert "is no Slack user id" in result.stderr
