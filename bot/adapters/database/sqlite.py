"""Open SQLite with durable settings: what Spy has confirmed to a person must survive a power failure."""

import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL

from bot.adapters.database import private_files
from bot.adapters.database.connection import OPTIMISTIC, READING
from bot.adapters.database.prepared import Prepared
from bot.ports import Unavailable

if TYPE_CHECKING:
    from bot.adapters.database.connection import Limits

FILE = "spy_file"
"""What a connection keeps: the identity of the file that it has opened."""
LETTING_GO = 5.0
"""Seconds to keep trying to end a transaction from another thread: a running statement must stop first."""


_BEGIN, _BEGIN_WRITING = Prepared(text("BEGIN")), Prepared(text("BEGIN IMMEDIATE"))


def open_engine(url: URL, _pool: int, limits: "Limits", **options: Any) -> Engine:
    """Return an engine whose connections wait for SQLite's lock for `limits.lock`."""
    waiting = {"timeout": limits.lock.total_seconds(), "check_same_thread": False}
    engine = create_engine(url, connect_args=waiting, pool_use_lifo=True, **options)
    file = private_files.File(url)
    event.listen(engine, "do_connect", file.create)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "connect", lambda _connection, record: record.info.update({FILE: file.identity()}))
    event.listen(engine, "begin", partial(_begin, file))
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # otherwise sqlite3 begins by itself, and too late
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-1000"):
        connection.execute(f"PRAGMA {setting}")


def _begin(file: private_files.File, connection: Connection) -> None:
    """Begin a transaction with the write lock. A reading one takes no lock: see `reading` for what holds it to that.

    An optimistic one takes the lock when it first writes. SQLite would go on writing into a file that was deleted.
    """
    if connection.info[FILE] != file.identity():
        connection.invalidate()
        raise Unavailable("its file was moved or deleted")
    options = connection.get_execution_options()
    (_BEGIN if READING in options or OPTIMISTIC in options else _BEGIN_WRITING).run(connection)


def let_go(raw: sqlite3.Connection) -> None:
    """Roll back the transaction of another thread. Its later writes on this connection fail."""
    until = time.monotonic() + LETTING_GO
    while time.monotonic() < until:
        try:
            raw.interrupt()
            raw.execute(
                "PRAGMA query_only=ON"
            )  # first, because a write outside of a transaction would be committed
            if raw.in_transaction:
                raw.execute("ROLLBACK")
        except sqlite3.OperationalError:  # a statement was running and is interrupted
            time.sleep(0.01)
        except sqlite3.ProgrammingError:  # closed
            return
        else:
            return


def take_time(raw: sqlite3.Connection) -> None:
    """Raise a connection's wait for SQLite's lock to one minute."""
    raw.execute("PRAGMA busy_timeout=60000")
