"""Whoever else has an account on the machine reads nothing of Spy's database."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.adapters.database import make_ready, open_engine
from bot.app.check import check
from bot.app.settings import load


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(folder: Path) -> dict[str, str]:
    return {it.name: oct(it.stat().st_mode & 0o777) for it in folder.glob("spy.db*")}


def used(folder: Path) -> dict[str, str]:
    """Open the database, write to it, and give the rights of its files meanwhile."""
    engine = open_engine(f"sqlite:///{folder / 'spy.db'}")
    make_ready(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
        found = rights(folder)
    engine.dispose()
    return found


def test_a_new_database_and_the_files_beside_it_are_for_spy_alone(tmp_path: Path):
    assert used(tmp_path) == {"spy.db": "0o600", "spy.db-shm": "0o600", "spy.db-wal": "0o600"}


def test_an_earlier_one_is_closed_to_others_at_the_start(tmp_path: Path):
    file = tmp_path / "spy.db"
    file.touch(mode=0o644)

    with capture_logs() as logged:
        found = used(tmp_path)

    assert set(found.values()) == {"0o640"}
    assert [it["event"] for it in logged if it.get("file") == str(file)] == [
        "other users of this machine could read the database; now they can't"
    ]


@pytest.mark.parametrize(("mode", "is_well"), [(0o600, True), (0o640, False), (0o644, False), (0o400, True)])
def test_spy_check_names_files_that_others_can_read(tmp_path: Path, mode: int, is_well: bool):  # noqa: FBT001  a column of the table
    file, config = tmp_path / "spy.db", tmp_path / "config.yaml"
    with closing(sqlite3.connect(file)):
        file.touch()
    file.chmod(mode)
    config.write_text("", encoding="utf-8")

    found = [it for it in check(load(config, {"DATABASE_URL": f"sqlite:///{file}"})) if "machine" in it.what]

    assert [it.cure.startswith(f"chmod 600 {file} ") for it in found] == ([] if is_well else [True])
    assert rights(tmp_path)["spy.db"] == oct(mode), "a check changes nothing"


ANOTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT version_num FROM alembic_version").fetchall()
connection.close()
"""


def test_a_new_connection_ends_no_lock_that_shows_others_that_the_database_is_in_use(tmp_path: Path):
    """POSIX ends a process's locks on a file when it closes any descriptor of it.

    Then another process takes itself for the last one, and removes the log that this one still writes to.
    """
    file = tmp_path / "spy.db"
    engine = open_engine(f"sqlite:///{file}")
    make_ready(engine)
    with engine.connect() as first, engine.connect():  # the second connection is a new one
        first.execute(text("SELECT 1"))
        subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, str(file)], check=True)
        is_there = Path(f"{file}-wal").exists()
    engine.dispose()

    assert is_there
