"""What a driver's error means: a conflict, a database that can't be had, or a statement of ours that is wrong."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError

from bot.ports import Conflict, Unavailable

CONFLICTS = frozenset({"40P01", "40001"})
"""PostgreSQL's words for a deadlock that it ended, and for work that can't be put in an order."""
STALE, BUSY = 517, 5
"""SQLite's words for what has read before another committed and writes now, and for a lock that another holds."""
WRONG = 1
"""SQLite's word (SQLITE_ERROR) for a statement that it can't make sense of."""
OUR_FAULTS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What a database answers to a statement that is wrong; all else is trouble of its own."""

WORDS = {
    "57014": "a statement took too long",
    "55P03": "a lock was not free in time",
    "53100": "its disk is full",
    "53300": "it takes no more connections",
    5: "another process holds the lock",
    6: "another process holds the lock",
    8: "it is read-only",
    10: "its disk fails",
    11: "its file is damaged",
    13: "its disk is full",
    14: "its file can't be opened",
    26: "its file is damaged",
}
"""PostgreSQL's and SQLite's codes, in words."""


def translated(error: DBAPIError, *, has_read: bool = False) -> Exception:
    """Return what a driver's error is in the terms of the ports; the error itself where it is a fault of ours.

    SQLite does not wait for a lock where a transaction `has_read` before it writes: it must be done again.
    """
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorcode", None)
    if code in CONFLICTS or code == STALE or (has_read and code == BUSY):
        return Conflict(str(error.orig))
    if isinstance(error, OUR_FAULTS) or code == WRONG:
        return error
    primary = code & 0xFF if isinstance(code, int) else code
    return Unavailable(WORDS.get(primary) or str(error.orig).partition("\n")[0])
