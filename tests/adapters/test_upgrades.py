"""A database of an earlier Spy is migrated, and all that stands in it is read."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Engine, MetaData, create_engine, insert, make_url, select, text

from bot.adapters.database import Database, effects, migrate, open_engine
from bot.adapters.database.schema import migrate_back, version
from bot.domain.effects import Unknown, UpsertMessage
from bot.domain.event import EVENT_KINDS
from bot.domain.former_words import renamed
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.ports import Session
from bot.services.messages import MESSAGE_TYPES
from bot.services.transaction import Transaction
from bot.testing import POLICY
from tests.support.folders import TEMPLATES
from tests.support.postgres import EMPTY, Postgres, driven
from tests.support.rows import schema_of

EARLIER = Path(__file__).parents[1] / "support" / "of_c136535.sql"
BEFORE_PLAIN_WORDS, BEFORE_WHOLE_RECORDS, BEFORE_SEQUENCES = "0012", "0013", "0018"
EVENTS = EVENT_KINDS
RECORDS = {
    "incident": "incidents",
    "page": "pages",
    "team_notice": "team_notices",
    "work_period": "periods",
    "shift": "shifts",
    "cover": "covers",
    "contact": "contacts",
    "person": "people",
    "change": "changes",
    "lock": "locks",
    "failover": "failovers",
    "postmortem": "postmortems",
    "follow_up": "follow_ups",
    "user_group": "user_groups",
}
"""Tables, and where a session has their records."""
KEYS = {"contact": "email", "person": "id", "postmortem": "incident", "user_group": "id"}
NOT_RECORDS = {
    "alembic_version",
    "alert",
    "audit",
    "audit_mark",
    "config_version",
    "counter",
    "following",
    "home",
    "home_change",
    "inbound",
    "lease",
    "lever",
    "message",
    "on_call_copy",
    "outbox",
    "plugin",
    "plugin_reload",
    "proposal",
    "publication",
    "status_draft",
} | {
    "failover_audit",
    "timeline",
    "pruned",
    "ring",
    "ring_copy",
    "timer",
    "trouble",
    "web_key",
    "api_token",
}
ADDED = ("kind", "incident", "line", "permalink")
"""What the audit_log of a failover keeps beside an event's own facts."""
FORMER_ADDRESS = re.compile(r"(?<![a-z_])room:[0-9]")
Rows = Mapping[str, list[dict[str, Any]]]
At = Callable[[str], str]


def written(file: Path) -> Path:
    """Write a file as Spy kept it at c136535."""
    connection = sqlite3.connect(file)
    connection.executescript(EARLIER.read_text(encoding="utf-8"))
    connection.close()
    return file


@pytest.fixture(scope="module")
def sqlite_at(tmp_path_factory: pytest.TempPathFactory) -> At:
    """Return the file of that time at a version: migrated there once, to be copied."""
    folder = tmp_path_factory.mktemp("versions")

    @cache
    def at(to: str) -> str:
        file = written(folder / f"spy-{to}.db")
        if to:
            brought(f"sqlite:///{file}", to)
        return str(file)

    return at


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[str]:
    """Return the name of a database with the same rows in a PostgreSQL of that time, to be copied."""
    file = create_engine(f"sqlite:///{written(tmp_path_factory.mktemp('earlier') / 'spy.db')}")
    with postgres.fresh(EMPTY) as url:
        engine = opened(url)
        migrate(engine, to=version(file) or "")
        copy(rows_of(file), engine)
        engine.dispose()
        yield make_url(url).database or ""
    file.dispose()


@pytest.fixture(scope="module")
def postgresql_at(earlier: str, postgres: Postgres) -> Iterator[At]:
    """Return the name of that database at a version: migrated there once, to be copied."""
    with ExitStack() as stack:

        @cache
        def at(to: str) -> str:
            if not to:
                return earlier
            url = stack.enter_context(postgres.fresh(earlier))
            brought(url, to)
            return make_url(url).database or ""

        yield at


def brought(url: str, to: str) -> None:
    engine = opened(url)
    migrate(engine, to=to)
    engine.dispose()


def opened(url: str) -> Engine:
    return open_engine(driven(url))


@pytest.fixture(params=["sqlite", "postgresql"])
def opened_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Open a database of that time, on both kinds, at a version; "" is the one it had."""
    at: At = request.getfixturevalue(f"{request.param}_at")
    with ExitStack() as stack:

        def open_at(to: str) -> Engine:
            if request.param == "sqlite":
                url = f"sqlite:///{shutil.copy(at(to), tmp_path)}"
            else:
                server: Postgres = request.getfixturevalue("postgres")
                url = stack.enter_context(server.fresh(at(to)))
            engine = opened(url)
            stack.callback(engine.dispose)
            return engine

        yield open_at


@pytest.fixture
def engine(opened_at: Callable[[str], Engine]) -> Engine:
    """A database as an earlier Spy left it."""
    return opened_at("")


@pytest.fixture
def migrated(opened_at: Callable[[str], Engine]) -> Engine:
    """The same one, brought to this Spy."""
    return opened_at("head")


@pytest.fixture
def before_sequences(opened_at: Callable[[str], Engine]) -> Engine:
    return opened_at(BEFORE_SEQUENCES)


def rows_of(engine: Engine) -> Rows:
    known = schema_of(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(
                ({str(name): _plain(it) for name, it in row.items()} for row in found), key=str
            )
            for table in known.sorted_tables
            if (found := connection.execute(select(table)).mappings().all())
        }


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def copy(rows: Rows, engine: Engine) -> None:
    known = schema_of(engine)
    with engine.begin() as connection:
        for name in rows.keys() - {"alembic_version"}:
            connection.execute(known.tables[name].delete())
            connection.execute(insert(known.tables[name]), rows[name])


def lost(stored: Any, read: Any, path: str = "") -> Iterator[str]:
    """Return what stands in the database and is not in what was read of it."""
    match stored, read:
        case dict(), dict():
            for name, value in stored.items():
                if name in read:
                    yield from lost(value, read[name], f"{path}.{name}")
                elif value is not None:
                    yield f"{path}.{name}"
        case list(), list() if len(stored) == len(read):
            for value, other in zip(stored, read, strict=True):
                yield from lost(value, other, f"{path}[]")
        case _ if stored != read:
            yield f"{path}: {stored!r} is {read!r}"


def as_json(value: Any) -> Any:
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def records_of(session: Session, table: str, rows: Rows) -> list[Any]:
    """Return the records of these rows, as a session reads them."""
    return [getattr(session, RECORDS[table]).get(row[KEYS.get(table, "number")]) for row in rows[table]]


def without_kept(rows: Rows) -> Rows:
    return {table: [{**row, "kept": None} for row in found] for table, found in rows.items()}


def fields_of(event: str) -> set[str]:
    return {field.name for field in fields(EVENTS[event])}


def waiting(rows: Rows) -> list[dict[str, Any]]:
    return [row for row in rows["outbox"] if row["done_at"] is None]


# --- what there was is read -------------------------------------------------------------------------------


def test_there_was_something_in_every_table(sqlite_at: At):
    engine, tables = opened(f"sqlite:///{sqlite_at('')}"), MetaData()
    tables.reflect(engine)

    assert set(rows_of(engine)) == set(tables.tables)
    engine.dispose()


def test_every_table_is_looked_at(migrated: Engine):
    tables = MetaData()
    tables.reflect(migrated)

    assert set(tables.tables) == set(RECORDS) | NOT_RECORDS


RENAMED = {"pagerduty_id": "pager_id"}
"""Columns with another name since."""


def test_every_record_is_what_it_was(opened_at: Callable[[str], Engine], migrated: Engine):
    before = rows_of(opened_at(BEFORE_WHOLE_RECORDS))

    missed = []
    with Database(migrated).read() as session:
        for table in RECORDS:
            for row, record in zip(before[table], records_of(session, table, before), strict=True):
                was = renamed(as_json(row.get("kept", row)), RENAMED)
                assert record == TypeAdapter(type(record)).validate_python(was)
                missed += [f"{table}{it}" for it in lost(was, as_json(record))]
        copy = {"id": 1, **as_json(session.on_calls.copy())}
    missed += lost(as_json(before["on_call_copy"]), [copy])
    assert missed == []


def test_every_record_is_found_by_the_columns_that_this_spy_writes(migrated: Engine):
    before = rows_of(migrated)

    with Database(migrated).begin() as session:
        for table, records in RECORDS.items():
            for record in records_of(session, table, before):
                getattr(session, records).put(record)

    assert without_kept(rows_of(migrated)) == without_kept(before)


def test_every_waiting_effect_is_read_whole(migrated: Engine):
    missed = []
    for row in waiting(rows_of(migrated)):
        effect = effects.load(row["key"], row["kind"], row["payload"])
        assert not isinstance(effect, Unknown), effect.why
        assert (row["slot"], row["needs_channel"]) == (effect.slot, effect.needs_channel)
        missed += [f"{row['kind']}{it}" for it in lost(json.loads(row["payload"]), as_json(effect))]

    assert missed == []


def test_every_entry_is_of_a_known_event(migrated: Engine):
    with Database(migrated).read() as session:
        entries = session.timeline.of(1)
        audit_log = session.failovers.audit_log(1)

    assert len(entries) == len(rows_of(migrated)["timeline"])
    for it in (*entries, *audit_log):
        assert set(it.data) <= {*fields_of(it.kind), *ADDED}, it.kind


def test_what_is_said_next_has_its_template_and_its_event(migrated: Engine):
    for row in waiting(rows_of(migrated)):
        effect = json.loads(row["payload"])
        told = (effect.get("facts") or {}).get("e")
        assert told is None or set(told) <= {*fields_of(told["kind"]), "kind", "incident"}, told["kind"]
        if row["kind"] == "PostEvent":
            assert list(TEMPLATES.glob(f"{effect['template']}.*")), effect["template"]


def test_a_message_that_waits_says_what_it_said(migrated: Engine):
    shown = [effects.load(it["key"], it["kind"], it["payload"]) for it in waiting(rows_of(migrated))]
    marked = [it for it in shown if isinstance(it, UpsertMessage) and it.mark]

    with Database(migrated).read() as session:
        tx = Transaction(session=session, now=datetime.now(UTC), policy=POLICY)
        drawn = [bool(MESSAGE_TYPES[it.message_type].facts(tx, it)) for it in marked]

    assert drawn
    assert all(drawn)


def test_a_message_in_slack_is_found_by_who_edits_it(engine: Engine, migrated: Engine):
    before, after = rows_of(engine), rows_of(migrated)
    slots = {row["slot"] for row in after["message"]}

    posted = {row["slot"] for row in before["message"]}
    edited = [row for row in waiting(before) if row["slot"] in posted]
    keys = {row["key"] for row in edited}
    assert keys
    for row in waiting(after):
        effect = effects.load(row["key"], row["kind"], row["payload"])
        if row["key"] in keys:
            assert isinstance(effect, UpsertMessage)
            assert effect.slot in slots


def test_a_reminder_stands_under_its_key(migrated: Engine):
    for row in rows_of(migrated)["timer"]:
        kind, _, ref = row["subject"].partition(":")
        occurrence = Occurrence(row["reminder"], row["occurrence"])
        timer = Timer(subject=Subject(kind, ref), occurrence=occurrence, due_at=row["due_at"])
        assert timer.key == row["key"]


def test_no_address_is_of_the_former_kind(migrated: Engine):
    rows = rows_of(migrated)
    rows = {**rows, "outbox": waiting(rows)}

    found = {
        (table, name)
        for table, kept in rows.items()
        for row in kept
        for name, value in row.items()
        if FORMER_ADDRESS.search(json.dumps(value, default=str).replace(row.get("key") or "no key", ""))
    }

    assert found == set()


def test_numbers_go_on_where_they_were(engine: Engine, migrated: Engine):
    before = {row["name"]: row["value"] for row in rows_of(engine)["counter"]}

    def reserve(session: Session) -> list[int]:
        return [session.team_notices.reserve(), session.periods.reserve(), session.incidents.reserve()]

    with Database(migrated).begin() as session:
        assert reserve(session) == [before["tell"] + 1, before["stretch"] + 1, before["incident"] + 1]


COUNTED = {name: place for name, place in RECORDS.items() if name not in KEYS}
"""Tables with numbers of Spy's own, and where a session takes them."""


def reserved(engine: Engine, name: str) -> int:
    with Database(engine).begin() as session:
        number: int = getattr(session, COUNTED[name]).reserve()
    return number


def counted(engine: Engine, name: str) -> int:
    """Take a number as Spy did on PostgreSQL before sequences."""
    counting = text("UPDATE counter SET value = value + 1 WHERE name = :name RETURNING value")
    with engine.begin() as connection:
        return int(connection.execute(counting, {"name": name}).scalar_one())


def test_each_kind_of_number_goes_on_where_it_was(before_sequences: Engine):
    last = {name: counted(before_sequences, name) for name in COUNTED}

    migrate(before_sequences)

    first, second = ({name: reserved(before_sequences, name) for name in COUNTED} for _ in range(2))
    assert first == {name: number + 1 for name, number in last.items()}
    assert second == {name: number + 2 for name, number in last.items()}


def test_an_older_spy_beside_this_one_takes_no_number_twice(before_sequences: Engine):
    last = counted(before_sequences, "incident")
    migrate(before_sequences)

    taken = [take(before_sequences, "incident") for take in (counted, reserved, reserved, counted)]

    assert taken == [last + 1, last + 2, last + 3, last + 4]


def test_numbers_go_on_after_a_way_back(migrated: Engine):
    engine = migrated
    last = {name: reserved(engine, name) for name in ("incident", "team_notice", "work_period")}

    migrate_back(engine, to=BEFORE_SEQUENCES)
    assert {name: counted(engine, name) - 1 for name in last} == last

    migrate(engine)
    assert {name: reserved(engine, name) - 2 for name in last} == last


# --- back and forth ---------------------------------------------------------------------------------------


def test_what_is_migrated_back_and_again_is_the_same(engine: Engine):
    migrate(engine, to=BEFORE_PLAIN_WORDS)
    before = rows_of(engine)
    migrate(engine)
    after = rows_of(engine)

    migrate_back(engine, to=BEFORE_PLAIN_WORDS)
    assert rows_of(engine) == before

    migrate(engine)
    assert rows_of(engine) == after
