"""The database is away: each request is told *not done* with what to do by hand, and never done later."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from bot.adapters.database import Database, Limits, make_ready, open_engine
from bot.adapters.slack.inbound import build_app
from bot.commands.command import command
from bot.commands.plugins import registry
from bot.commands.reply import Reply
from bot.commands.router import Router
from bot.commands.timed import ANSWER_WITHIN, TimedRouter
from bot.ports import Person, TimeLimit, Unavailable
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock, PlainTemplates, confirm
from bot.web.answer import WebAnswer
from bot.web.webhooks.backend import ACTED_WITHIN, Backend, Webhook
from tests.adapters.test_database_limits import Proxy, through
from tests.adapters.test_slack_inbound import (
    EVENT,
    FORM,
    NOWHERE,
    PRESS,
    SECRET,
    SLASH,
    SUBMISSION,
    Slack,
    said,
)
from tests.adapters.test_slack_unsaved import BY_HAND, LONG, SentReminder
from tests.support.postgres import driven

SECOND = timedelta(seconds=1)
HURRIED = Limits(connect=SECOND, statement=SECOND, lock=SECOND)
Outage = Callable[[], AbstractContextManager[object]]


@command("meet <name>")
def meet(name: str, *, tx: Transaction) -> Reply:
    """Meet somebody."""
    tx.session.people.put(Person(id=name, name=name))
    return Reply("met", {})


PLUGIN = ModuleType("meeting")
vars(PLUGIN).update(meet=meet)


@dataclass(kw_only=True)
class Stage:
    """The bot's answering side on a database that can be taken away."""

    name: str
    database: Database
    outage: Outage
    slack: Slack
    chat: SentReminder
    router: TimedRouter

    def knows(self, person: str) -> bool:
        with self.database.read() as session:
            return session.people.get(person) is not None

    def event(self, text: str, number: str) -> int:
        """Deliver a mention, and return the status of Slack's request."""
        body = EVENT | {"event_id": number, "event": said(f"<@U0SPY> {text}") | {"type": "app_mention"}}
        return self.slack.send(json.dumps(body), "application/json").status

    def webhook(self) -> int:
        backend = Backend(
            sessions=self.database, clock=FrozenClock(), policy=lambda: POLICY, wake=lambda: None
        )
        hook: Webhook[str] = Webhook(
            source="tool",
            read=lambda _body, _headers: "news",
            delivery=lambda _news, _body, _headers: "1",
            happened_at=lambda _news: None,
            keep=_keep,
            what=str,
        )
        return backend.handler(hook)(b"", {}).status


def _keep(tx: Transaction, _news: str) -> WebAnswer:
    tx.session.people.put(Person(id="U0TOOL", name="a tool"))
    return WebAnswer(status=202, body="Kept.")


class Hurried(TimeLimit):
    """A request's time limit that is over soon."""

    def left(self) -> float:
        return min(super().left(), 0.5)


def staged(name: str, database: Database, outage: Outage) -> Stage:
    confirm(database, "U0ANA", at=NOON)
    plain = Router(
        registry(PLUGIN), sessions=database, clock=FrozenClock(), policy=POLICY, templates=PlainTemplates()
    )
    slack, chat, router = Slack(), SentReminder(), TimedRouter(plain, limits=Hurried)
    slack.app = build_app(router, chat, signing_secret=SECRET, api_url=NOWHERE, policy=lambda: BY_HAND)
    return Stage(name=name, database=database, outage=outage, slack=slack, chat=chat, router=router)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(driven(url), limits=HURRIED)
    make_ready(engine)
    yield engine
    engine.dispose()


# --- outages ----------------------------------------------------------------------------------------------


@contextmanager
def cut(proxy: Proxy) -> Iterator[None]:
    proxy.cut()
    yield
    proxy.mend()


@contextmanager
def swallowing(proxy: Proxy) -> Iterator[None]:
    proxy.swallows = True
    yield
    proxy.swallows = False


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_only(engine: Engine) -> Iterator[None]:
    """Let SQLite refuse each write, as on a file system that became read-only."""

    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=ON")

    event.listen(engine, "begin", refuse)
    yield
    event.remove(engine, "begin", refuse)
    engine.dispose()


@contextmanager
def moved(folder: Path) -> Iterator[None]:
    away = shutil.move(folder, folder.with_name("away"))
    yield
    shutil.move(away, folder)


@pytest.fixture(params=["locked", "read-only", "moved", "cut", "silent"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """The bot on SQLite or PostgreSQL, with one of these outages."""
    with ExitStack() as stack:
        stage = _stage(request.param, stack, tmp_path, request.getfixturevalue)
        yield stage
        stage.slack.chat.close()
        stage.chat.close()


def _stage(name: str, stack: ExitStack, folder: Path, fixture: Callable[[str], Any]) -> Stage:
    if name in {"cut", "silent"}:
        proxy, url = stack.enter_context(through(fixture("postgresql_url")))
        engine = stack.enter_context(opened(url))
        return staged(name, Database(engine), partial(cut if name == "cut" else swallowing, proxy))
    (home := folder / "data").mkdir()
    file = home / "spy.db"
    shutil.copy(fixture("migrated_sqlite"), file)
    engine = stack.enter_context(opened(f"sqlite:///{file}"))
    outages: dict[str, Outage] = {
        "locked": lambda: locked(file),
        "read-only": lambda: read_only(engine),
        "moved": lambda: moved(home),
    }
    return staged(name, Database(engine), outages[name])


def test_all_limits_together_leave_time_for_the_answer():
    usual = Limits()

    assert usual.connect.total_seconds() <= ANSWER_WITHIN < 3
    assert ACTED_WITHIN < 10


def test_a_command_is_told_not_done_with_what_to_do_by_hand_and_works_again_afterwards(stage: Stage):
    with stage.outage():
        told = json.loads(stage.slack.slash("/spy", "meet U0RAJ").body)["text"]
    again = said_until_it_works(stage, "meet U0KIM")

    assert "nothing was done" in told
    assert "page people in PagerDuty (https://app.pagerduty.com/incidents) and write in <#C0INC>" in told
    assert "Phone tree: https://wiki.acme.com/phones" in told
    assert told.endswith("Your words: meet U0RAJ")
    assert "met" in again
    assert not stage.knows("U0RAJ")


def said_until_it_works(stage: Stage, text: str) -> str:
    """Say a command, each time as a new request, until connections that broke are replaced."""
    for number in range(20):
        answer = stage.slack.send(
            urlencode(SLASH | {"command": "/spy", "text": text, "trigger_id": f"again-{number}"}), FORM
        )
        words: str = json.loads(answer.body)["text"]
        if "nothing was done" not in words:
            return words
    return words


def test_a_mention_that_was_told_not_done_is_never_done_by_a_later_delivery(stage: Stage):
    with stage.outage():
        first = stage.event("meet U0RAJ", "Ev1")
        told = stage.chat.said.get(timeout=LONG)
    said_until_it_works(stage, "meet U0KIM")
    stage.router.told.store(stage.database, FrozenClock())
    other_process = staged(stage.name, stage.database, stage.outage)

    again = [it.event("meet U0RAJ", "Ev1") for it in (stage, other_process)]
    other_process.event("meet U0PIA", "Ev2")

    assert (first, *again) == (200, 200, 200)
    assert "nothing was done" in told[1]
    assert (stage.knows("U0RAJ"), stage.knows("U0PIA")) == (False, True)


def test_buttons_and_forms_are_told_webhooks_get_503_and_readiness_is_red(stage: Stage):
    button = {"type": "button", "action_id": "say-1", "block_id": "b", "value": "meet U0RAJ"}
    with stage.outage():
        pressed = stage.slack.interaction(PRESS | {"actions": [button]}).status
        form = json.loads(stage.slack.interaction(SUBMISSION).body)
        webhook = stage.webhook()
        readiness = trouble(stage.database)
    said_until_it_works(stage, "meet U0KIM")

    assert pressed == 200
    assert "nothing was done" in stage.chat.said.get(timeout=LONG)[1]
    assert "nothing was done" in form["errors"]["message"]
    assert webhook == 503
    assert readiness
    assert not stage.knows("U0TOOL")
    assert not trouble(stage.database)


def trouble(database: Database) -> str:
    try:
        return database.ping()
    except (DBAPIError, Unavailable) as error:
        return type(error).__name__


def test_a_sqlite_file_that_is_replaced_while_spy_runs_is_used_and_one_that_is_deleted_is_not_made_anew(
    sqlite_url: str, tmp_path: Path
):
    file, backup = tmp_path / "spy.db", tmp_path / "backup.db"
    with opened(sqlite_url) as engine:
        database = Database(engine)
        confirm(database, "U0ANA", at=NOON)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        for it in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            it.unlink(missing_ok=True)

        with pytest.raises(Unavailable, match="moved or deleted"):
            confirm(database, "U0KIM", at=NOON)
        is_there = file.exists()
        shutil.move(backup, file)
        confirm(database, "U0KIM", at=NOON)

        assert not is_there
        with database.read() as session:
            assert session.people.get("U0ANA")
