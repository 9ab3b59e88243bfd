"""A database at the start: waited for while it starts, and refused in one sentence where it can't be used."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from structlog.testing import capture_logs

from bot.adapters.database import CannotOpen, is_ready, make_ready, open_engine

STARTING = 'connection to server at "10.0.0.7", port 5432 failed: FATAL:  the database system is starting up'
PASSWORD = 'connection to server at "10.0.0.7", port 5432 failed: FATAL:  password authentication failed'


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


def refuses(engine: Engine, why: str, *, times: int) -> None:
    """Let the driver say this instead of connecting, so many times."""
    left = iter(range(times))

    def refuse(_dialect: Any, _record: Any, _args: Any, _named: Any) -> None:
        if next(left, None) is not None:
            raise sqlite3.OperationalError(why)

    event.listen(engine, "do_connect", refuse)


def test_a_server_that_is_still_starting_is_waited_for_and_that_is_said_once(engine: Engine):
    refuses(engine, STARTING, times=2)

    with capture_logs() as logged:
        make_ready(engine)

    assert [it["event"] for it in logged] == ["the database is still starting; waiting for it"]


def test_a_wrong_password_is_not_tried_again(engine: Engine):
    refuses(engine, PASSWORD, times=9)

    with pytest.raises(CannotOpen, match=r"^The database can't be used: password authentication failed\."):
        make_ready(engine)


def test_one_that_is_empty_is_brought_up_to_date(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")

    assert not is_ready(engine)
    make_ready(engine)
    assert is_ready(engine)
    engine.dispose()
