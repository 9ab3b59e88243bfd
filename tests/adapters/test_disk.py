"""SQLite's disk or file fails: it is said with its cure, nothing confirmed is lost, and Spy goes on by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.adapters.database import CannotOpen, Database, Limits, is_ready, make_ready, open_engine
from bot.app.check import check
from bot.app.settings import load
from bot.domain.effects import Post
from bot.domain.message import Message
from bot.ports import Unavailable
from bot.testing import NOON

IMPATIENT = Limits(lock=timedelta(milliseconds=50))
NO_LIMIT = 2**31


class Disk:
    """A disk on which a database may have so many pages."""

    def __init__(self, engine: Engine) -> None:
        self.pages = NO_LIMIT
        self._engine = engine
        event.listen(engine, "connect", self._limit)

    def _limit(self, connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={self.pages}")

    def limit(self, pages: int) -> None:
        """Let new connections add no page beyond these. Those that are used already stay."""
        self.pages = pages
        self._engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spy.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{file}", limits=IMPATIENT)
    yield engine
    engine.dispose()


def say(database: Database, *keys: str) -> None:
    with database.begin() as session:
        session.outbox.add(
            [Post(key=it, to="C0PAY", message=Message(text="x" * 50_000)) for it in keys], now=NOON
        )


def said(database: Database) -> list[int]:
    with database.read() as session:
        return sorted(it.id for it in session.outbox.latest(limit=100))


def spoil(file: Path, *, but: int) -> None:
    """Write over all of a file but its first bytes."""
    with file.open("r+b") as pages:
        pages.seek(but)
        pages.write(b"\xa5" * (file.stat().st_size - but))


# --- at the start -------------------------------------------------------------------------------------------


def test_a_file_that_is_missing_is_not_made_by_a_look(engine: Engine, file: Path):
    assert not is_ready(engine)
    assert not file.exists()


def test_spy_check_makes_no_database(tmp_path: Path, file: Path):
    (tmp_path / "config.yaml").write_text("", encoding="utf-8")

    results = list(check(load(tmp_path / "config.yaml", {"DATABASE_URL": f"sqlite:///{file}"})))

    [line] = [it for it in results if it.what.startswith("Database: sqlite")]
    assert line.well
    assert line.what.endswith("(not there yet: `spy run` brings it up to date)")
    assert not file.exists()


def test_a_full_disk_is_said_with_its_cure(engine: Engine):
    Disk(engine).limit(10)

    with pytest.raises(
        CannotOpen, match=r"its disk is full\. Free space on its disk; nothing is lost: sqlite"
    ):
        make_ready(engine)


@pytest.mark.parametrize("begins", [b"", b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_said_with_its_cure(engine: Engine, file: Path, begins: bytes):
    file.write_bytes(begins + b"\xa5" * 8192)

    with pytest.raises(
        CannotOpen, match=r"its file is damaged\. Restore a backup, as docs/operations\.md says"
    ):
        make_ready(engine)


def test_a_lock_that_another_holds_is_said_with_its_cure(engine: Engine, file: Path):
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("CREATE TABLE held (id)")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(CannotOpen, match=r"another process holds the lock\. End what else has it open"):
            make_ready(engine)


def test_a_file_that_is_read_only_is_said_with_its_cure(engine: Engine, file: Path):
    make_ready(engine)
    read_only = open_engine(f"sqlite:///file:{file}?mode=ro&uri=true")

    with pytest.raises(CannotOpen, match=r"it is read-only\. Let Spy's user write the file and its folder"):
        make_ready(read_only)
    read_only.dispose()


def test_a_folder_that_is_missing_is_said_with_its_cure(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'nowhere/spy.db'}")

    with pytest.raises(CannotOpen, match=r"its file can't be opened\. Let Spy's user read and write"):
        make_ready(engine)


# --- while it runs ------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_loses_nothing_and_spy_goes_on_once_there_is_space(engine: Engine):
    make_ready(engine)
    database, disk = Database(engine), Disk(engine)
    say(database, "before")
    disk.limit(1)

    with pytest.raises(Unavailable, match="its disk is full"):
        say(database, *(f"during-{it}" for it in range(9)))
    assert said(database) == [1], "all of a transaction, or nothing"

    disk.limit(NO_LIMIT)
    say(database, "after")
    assert said(database) == [1, 2]


def test_readiness_says_why_nothing_can_be_written_until_something_can(engine: Engine, file: Path):
    make_ready(engine)
    database = Database(engine)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            say(database, "in vain")

        assert database.ping() == "another process holds the lock"

        other.execute("ROLLBACK")
        assert database.ping() == ""


def test_a_file_that_is_damaged_meanwhile_is_said_as_such(engine: Engine, file: Path):
    make_ready(engine)
    database = Database(engine)
    say(database, "before")
    engine.dispose()
    spoil(file, but=4096)

    with pytest.raises(Unavailable, match="its file is damaged"):
        said(database)


def test_spy_check_finds_damage_that_no_command_has_met(engine: Engine, file: Path, tmp_path: Path):
    make_ready(engine)
    say(Database(engine), "before")
    engine.dispose()
    spoil(file, but=file.stat().st_size - 8192)
    (tmp_path / "config.yaml").write_text("", encoding="utf-8")

    results = list(check(load(tmp_path / "config.yaml", {"DATABASE_URL": f"sqlite:///{file}"})))

    [line] = [it for it in results if it.what == "Database: its file is damaged"]
    assert not line.well
    assert "docs/operations.md" in line.cure
