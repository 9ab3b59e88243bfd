"""Translate errors of the database drivers: a conflict, an unavailable database, or a bug in a statement."""

import re
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError

from bot.ports import Conflict, Unavailable

CONFLICTS = frozenset({"40P01", "40001"})
"""PostgreSQL's codes for a deadlock and for a serialization failure."""
STALE, BUSY = 517, 5
"""SQLite's codes for a write after another transaction committed since our read, and for a lock held by another."""
TWICE = 1555
"""SQLite's code (SQLITE_CONSTRAINT_PRIMARYKEY) for a key that exists; PostgreSQL's is 23505."""
WRONG = 1
"""SQLite's code (SQLITE_ERROR) for an invalid statement."""
OUR_FAULTS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""Errors of a wrong statement, a bug in Spy. Any other error is trouble of the database."""

VALUES = re.compile(r"(?<=: )\".*\"$", re.DOTALL)
"""The value in a sentence such as `invalid input syntax for type json: "…"`."""
LOCKED, READ_ONLY = "another process holds the lock", "it is read-only"
DAMAGED, FULL, SHUT = "its file is damaged", "its disk is full", "its file can't be opened"
WORDS = {
    "57014": "a statement took too long",
    "55P03": "a lock was not free in time",
    "53100": FULL,
    "53300": "it takes no more connections",
    5: LOCKED,
    6: LOCKED,
    8: READ_ONLY,
    10: "its disk fails",
    11: DAMAGED,
    13: FULL,
    14: SHUT,
    26: DAMAGED,
}
"""Reasons for PostgreSQL's and SQLite's error codes."""


def translated(error: DBAPIError, *, has_read: bool = False) -> Exception:
    """Return the port error for a driver's error; the error itself if it is a bug in Spy.

    `has_read`: the transaction has read before it writes. SQLite then does not wait for a lock, so it is a conflict.
    """
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorcode", None)
    if code in CONFLICTS or code == STALE or (has_read and code == BUSY) or _came_twice(error, code):
        return Conflict(str(error.orig))
    if isinstance(error, OUR_FAULTS) or code == WRONG:
        return _without_words(error)
    primary = code & 0xFF if isinstance(code, int) else code
    return Unavailable(WORDS.get(primary) or str(error.orig).partition("\n")[0])


def _came_twice(error: DBAPIError, code: object) -> bool:
    """Whether two sessions have handled the same request at the same time."""
    if code == "23505":
        told: Any = error.orig
        return bool(told.diag.table_name == "inbound")
    return code == TWICE and "inbound.id" in str(error.orig)


def _without_words(error: DBAPIError) -> DBAPIError:
    """Remove what people wrote from an error: it will be logged, and PostgreSQL quotes the row or the value."""
    long = str(error.orig)
    short = VALUES.sub('"…"', long.partition("\n")[0])
    error.args = tuple(str(it).replace(long, short) for it in error.args)
    if error.orig:
        error.orig.args = (short,)
        vars(error.orig)["logged"] = short
    vars(error)["logged"] = f"{short} [SQL: {error.statement}]"  # what the log shows of it
    return error
