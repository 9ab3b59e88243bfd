"""Prepare a database at start, or raise CannotOpen with a sentence why it can't be used."""

import re
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from bot.adapters.database.failures import DAMAGED, FULL, LOCKED, READ_ONLY, SHUT, translated
from bot.adapters.database.private_files import is_missing, shut_out_others
from bot.adapters.database.schema import migrate, newest, oldest, version

WAIT, LOOK_EVERY = 60.0, 0.5
"""Seconds to wait for a PostgreSQL that is still starting, and between two attempts."""
STARTING = re.compile(r"the database system is (starting up|not yet accepting connections|in recovery mode)")
USUAL_CURE = "Look at DATABASE_URL, and whether the database is up"
CURES = {
    DAMAGED: "Restore a backup, as docs/operations.md says",
    FULL: "Free space on its disk; nothing is lost",
    LOCKED: "End what else has it open, such as a shell or a copy",
    READ_ONLY: "Let Spy's user write the file and its folder",
    SHUT: "Let Spy's user read and write the file and its folder",
}
"""What to do about a reason."""

T = TypeVar("T")
log = structlog.get_logger()


class CannotOpen(Exception):  # noqa: N818  named for what happened
    """A database can't be used. The message is a sentence for people."""


def make_ready(engine: Engine) -> None:
    """Wait while PostgreSQL is starting, migrate the schema, and check that the database can be written.

    Raise CannotOpen if that fails.
    """
    if not is_ready(engine):
        _in_a_sentence(engine, lambda: migrate(engine))
    _in_a_sentence(engine, lambda: _write_nothing(engine))
    shut_out_others(engine)


def is_ready(engine: Engine) -> bool:
    """Return whether this Spy can work on the schema; False if it is empty or older.

    Raise CannotOpen if only newer Spies can, or if the database can't be used. While versions are exchanged, an older
    Spy works on a newer schema that takes nothing away from it. A file that is missing is not made.
    """
    if is_missing(engine):
        return False
    found = _in_a_sentence(engine, lambda: _when_started(lambda: version(engine)))
    if found is not None and found > newest():
        least = _in_a_sentence(engine, lambda: oldest(engine))
        if least is not None and least <= newest():
            log.warning("the database belongs to a newer Spy; this one works beside it", schema=found)
            return True
        raise CannotOpen(
            f"The database belongs to a newer Spy: its schema is {found}, and this Spy knows up to {newest()}. "
            "Start the newer Spy again, or restore a backup from before it."
        )
    return found == newest()


def _when_started(look: Callable[[], str | None]) -> str | None:
    until, is_logged = time.monotonic() + WAIT, False
    while True:
        try:
            return look()
        except DBAPIError as error:
            if not STARTING.search(str(error)) or time.monotonic() > until:
                raise
        if not is_logged:
            log.warning("the database is still starting; waiting for it", seconds=WAIT)
            is_logged = True
        time.sleep(LOOK_EVERY)


def _in_a_sentence(engine: Engine, act: Callable[[], T]) -> T:
    try:
        return act()
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        why = _why(error)
        cure = CURES.get(why, USUAL_CURE)
        raise CannotOpen(f"The database can't be used: {why}. {cure}: {where}") from error


def _why(error: DBAPIError) -> str:
    """Return the driver's message without the parts that repeat the address."""
    why = str(translated(error)).strip().splitlines()[0]
    for mark in ("FATAL:", "failed: "):
        why = why.rpartition(mark)[2]
    return why.strip().rstrip(".")


def _write_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
        connection.rollback()
