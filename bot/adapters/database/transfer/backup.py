"""Copy SQLite's file while Spy runs. `cp` would miss what is still in the log beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from bot.adapters.database.connection import reading
from bot.adapters.database.failures import WORDS
from bot.adapters.database.private_files import written_whole

PATIENCE = 60.0
"""Seconds to wait for SQLite's lock."""


class CannotBackUp(Exception):  # noqa: N818  named for what happened
    """There is no backup. The message is a sentence for people."""


def back_up(engine: Engine, file: Path) -> int:
    """Write a copy of one moment to a new file for its owner only. Return how many incidents it has.

    The copy has nothing of deleted rows, and it was read once. Raise CannotBackUp if it is not whole.
    """
    try:
        with written_whole(file) as unfinished:
            _copy(engine, unfinished)
            return _checked(unfinished)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise CannotBackUp(f"There is no backup: {WORDS.get(code) or error}.") from error


def is_whole(engine: Engine) -> bool:
    """Read SQLite's file through. Return whether it is not damaged; True for PostgreSQL, which looks itself."""
    if engine.dialect.name != "sqlite":
        return True
    try:
        with reading(engine).connect() as connection:
            return bool(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok")
    except DBAPIError:
        return False


def _copy(engine: Engine, file: Path) -> None:
    with closing(
        sqlite3.connect(str(engine.url.database), timeout=PATIENCE, isolation_level=None)
    ) as original:
        original.execute("VACUUM INTO ?", (str(file),))


def _checked(file: Path) -> int:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        [found] = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise CannotBackUp("There is no backup: the copy is damaged, and so may be the database.")
        count: int = copy.execute("SELECT count(*) FROM incident").fetchone()[0]
        return count
