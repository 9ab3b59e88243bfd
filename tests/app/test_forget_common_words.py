"""`spy forget` of a person whose name is a word that Spy uses itself spoils no record and no fact."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from functools import cache
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import Engine, select
from typing_extensions import get_original_bases

from bot.adapters.database import Database, open_engine
from bot.adapters.database.forgetting import forget, tables_of
from bot.adapters.database.known import identity_of
from bot.adapters.database.legible import is_legible
from bot.adapters.database.table import Table
from bot.domain.effects import EFFECT_KINDS, UpsertMessage
from bot.domain.event import EVENT_KINDS
from bot.domain.refusal import Refusal
from bot.domain.spoken import CODES, UNDECIDED, WORDS
from bot.ports import Profile
from bot.services.features import load_features
from bot.services.people import People
from bot.testing import NOON, POLICY, FrozenClock, SpyKit
from bot.workers.audit import AuditSealer
from tests.app.test_forget import DONE_BY_ANA, check, fill
from tests.support.folders import PLUGINS
from tests.support.postgres import driven
from tests.support.templates import shipped

COMMON = (
    "Name Key Note Mark payments imoc Open Page Slack Spy slash allowed Forget spy-forget Kind "
    "Text number requested resolved triage declared sev1 section incident channel responder "
    "Commander done failed ready waiting Impact cause message facts checkout date time https "
    "None true null 1 1.1 UpsertMessage PostEvent incident:1 kept at by to "
)
NAMES = [*COMMON.split(), "Given Up", "Ana 1", "spy forget", "incident declared"]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(driven(database_url))
    yield engine
    engine.dispose()


def begin(*names: str) -> SpyKit:
    """Return a Spy in which people of these names, and others, did much. The first of them is U0ZOE1."""
    clock = FrozenClock()
    shipped(clock)
    kit = busy().restarted(clock=clock)
    for number, name in enumerate(names, 1):
        with kit.tx() as tx:
            People(tx).met(f"U0ZOE{number}", Profile(name=name, email=f"z{number}@example.com"))
        kit.say("note hello", by=f"U0ZOE{number}", channel="C0ROOM")
    kit.pass_time(hours=2)
    AuditSealer(sessions=kit.sessions, clock=clock, policy=lambda: POLICY).run()
    return kit


@cache
def busy() -> SpyKit:
    """Return a Spy in which Ana did everything. Each test has a copy of it."""
    clock = FrozenClock()
    kit = SpyKit(PLUGINS, templates=shipped(clock), clock=clock)
    with kit.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", email="ana@example.com"))
        People(tx).met("U0RAJ", Profile(name="Raj Patel", email="raj@example.com"))
    kit.say('incident me "checkout" sev1', by="U0ANA")
    kit.create_channel(1, channel="C0ROOM")
    for text in DONE_BY_ANA:
        kit.say(text, by="U0ANA", channel="C0ROOM")
    return kit


def remove(engine: Engine, number: int = 1) -> None:
    person, token = f"U0ZOE{number}", f"AAAA{2222 + number}"
    identity = identity_of(engine, person, token=token, addresses=frozenset(), pager_ids=frozenset())
    forget(engine, identity, now=NOON + timedelta(hours=3))


def rows(engine: Engine) -> Iterator[tuple[str, dict[str, Any]]]:
    with engine.connect() as connection:
        for table in tables_of(engine):
            for row in connection.execute(select(table)).mappings():
                yield table.name, dict(row)


def marks(kit: SpyKit) -> list[str]:
    return [it.mark for it in kit.effects if isinstance(it, UpsertMessage) and it.mark]


@pytest.mark.parametrize("names", [NAMES[at::4] for at in range(4)])
def test_all_that_programs_compare_is_as_before(names: list[str]):
    kit = begin(*names)
    before = [(it.team, it.state, it.pager_id) for it in kit.pages(1)]
    phase, marked, many = kit.incident(1).phase, marks(kit), len(kit.timeline(1))

    for number, name in enumerate(names, 1):
        remove(kit.sessions.engine, number)

        assert [(it.team, it.state, it.pager_id) for it in kit.pages(1)] == before, name
        assert (kit.incident(1).phase, marks(kit), len(kit.timeline(1))) == (phase, marked, many), name
        assert [which for which, row in rows(kit.sessions.engine) if not is_legible(which, row)] == [], name
    for text in ("tldr", "timeline", "who", "postmortem", 'stop "it is over"'):
        assert kit.say(text, by="U0ANA", channel="C0ROOM")
    kit.pass_time(hours=2)
    assert kit.incident(1).phase != phase


@pytest.mark.parametrize("name", ["Slack", "Spy", "allowed", "spy forget", "declared"])
def test_the_audit_log_keeps_its_facts(name: str, engine: Engine):
    kit = begin(name)
    fill(engine, kit.sessions.engine)

    remove(engine)

    AuditSealer(sessions=Database(engine), clock=FrozenClock(), policy=lambda: POLICY).run()
    assert check(engine).fault == ""


def test_a_row_that_would_be_spoilt_is_refused_and_nothing_is_changed(engine: Engine):
    kit = begin("Zoe Bell")
    fill(engine, kit.sessions.engine)
    before = list(rows(engine))
    identity = identity_of(
        engine,
        "U0ZOE1",
        token="AAAA2222",
        addresses=frozenset(),
        pager_ids=frozenset({str(kit.incident(1).phase.value)}),
    )

    with pytest.raises(Refusal, match="Spy could not read row 1 of incident any more without U0ZOE1"):
        forget(engine, identity, now=NOON)

    assert list(rows(engine)) == before


def test_every_field_of_a_record_is_declared_as_words_or_codes():
    load_features()
    kinds = [*EFFECT_KINDS.values(), *(it for it in EVENT_KINDS.values() if it.__module__.startswith("bot."))]
    kinds += [it for table in Table.__subclasses__() for it in get_args(get_original_bases(table)[0])]
    found = {field for kind in kinds for field in texts(kind, set())}

    assert found <= WORDS | CODES | UNDECIDED
    assert len(WORDS | CODES | UNDECIDED) == len(WORDS) + len(CODES) + len(UNDECIDED)


def texts(kind: Any, seen: set[Any]) -> Iterator[str]:
    """Yield the fields of a class that hold text, at any depth."""
    for it in get_args(kind):
        yield from texts(it, seen)
    if isinstance(kind, type) and is_dataclass(kind) and kind not in seen:
        seen.add(kind)
        hints = get_type_hints(kind)
        for field in fields(kind):
            if any(it in str(hints[field.name]) for it in ("str", "Any", "object")):
                yield field.name
            yield from texts(hints[field.name], seen)
