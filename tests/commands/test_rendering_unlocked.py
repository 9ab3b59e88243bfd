"""On SQLite nothing is rendered under its one lock: whoever else writes need not wait for a template."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.database import Database, open_engine
from bot.commands.plugins import load
from bot.commands.request import Request, Source
from bot.commands.router import Router
from bot.domain.message import Message
from bot.testing import NOON, POLICY, FrozenClock, PlainTemplates, confirm
from tests.support.folders import PLUGINS

SAID = (
    'incident me "checkout is down" sev1',
    'incident 1 update "we look"',
    'incident 1 note "a thought"',
    'incident 1 action "alert sooner" @U0RAJ',
    "incident 1 tldr",
    "incident 1 timeline",
    "timeline hide 1 2",
    "incident list",
    'page :imoc "please look"',
    "lock checkout",
    "oncall",
    "help",
    "postmortem 1",
    "incident stp",
    'incident 1 resolve "rolled back"',
    "incident 1 reopen",
)


class Looking(PlainTemplates):
    """Renders only where another connection can write."""

    def __init__(self, file: str) -> None:
        self.rendered = 0
        self._file = file

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = str
    ) -> Message:
        names("U0RAJ")
        with closing(sqlite3.connect(self._file, timeout=1)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        self.rendered += 1
        return super().render(template, facts, names=names)


@pytest.fixture(scope="module")
def spy(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Router, Looking]]:
    file = tmp_path_factory.mktemp("unlocked") / "spy.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    engine, templates = open_engine(f"sqlite:///{file}"), Looking(str(file))
    sessions = Database(engine)
    confirm(sessions, "U0ANA", at=NOON)
    yield (
        Router(load([PLUGINS]), sessions=sessions, clock=FrozenClock(), policy=POLICY, templates=templates),
        templates,
    )
    engine.dispose()


@pytest.mark.parametrize("source", [Source.SLASH, Source.MENTION, Source.BUTTON])
def test_no_answer_is_rendered_while_others_can_not_write(spy: tuple[Router, Looking], source: Source):
    router, templates = spy
    for number, text in enumerate(SAID):
        before = templates.rendered
        router.answer(
            Request(id=f"{source}{number}", text=text, user="U0ANA", source=source, channel="C0GENERAL")
        )
        assert templates.rendered > before, text
