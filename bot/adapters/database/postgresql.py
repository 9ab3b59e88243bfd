"""Open PostgreSQL with a connection pool. A server that hangs or can't be reached is given up."""

import os
import socket
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL

from bot.adapters.database.connection import Limits

BEYOND = 1.0
"""Seconds to wait for an answer beyond the server's own statement timeout."""
IDLE_IN_MIGRATION = timedelta(minutes=5)
"""How long a migration may work in Python between two statements."""
NOTICING = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""libpq's options to notice a lost server while the connection is idle."""


LOST_CLIENT = {"tcp_keepalives_idle": 5, "tcp_keepalives_interval": 2, "tcp_keepalives_count": 3}
"""PostgreSQL's options, in seconds, to notice a client that is cut off, and so to release its locks. Between the last
write and the commit the limit for idle transactions does not help: a flush request of the pipeline ends it."""


class TimedConnection(psycopg.Connection[Any]):
    """A connection that waits at most `patience` seconds for an answer: a lost server can't enforce its own limits."""

    patience: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if (
                self.info.transaction_status is TransactionStatus.ACTIVE
            ):  # an answer may still come, and nobody waits for it
                self.close()
            raise


def open_engine(url: URL, pool: int, limits: Limits, **options: Any) -> Engine:
    """Return an engine with `pool` connections kept open, and up to twice as many in use."""
    usual = NOTICING | {"connect_timeout": max(1, round(limits.connect.total_seconds()))}
    engine = create_engine(
        url,
        connect_args={name: value for name, value in usual.items() if name not in url.query},
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=limits.connect.total_seconds(),
        pool_pre_ping=False,
        **options,
    )
    patience, settings = limits.statement.total_seconds() + BEYOND, _settings(limits)

    def connect(_dialect: Any, _record: Any, args: Any, named: Any) -> TimedConnection:
        made = TimedConnection.connect(*args, **named)
        made.patience = patience
        made.execute(settings)
        made.commit()
        return made

    event.listen(engine, "do_connect", connect)
    return engine


def _settings(limits: Limits) -> bytes:
    """Return the SET statements for each new connection. As connection options, a pooler would refuse them."""
    set_to = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    values = {name: limit // timedelta(milliseconds=1) for name, limit in set_to.items()} | LOST_CLIENT
    return "; ".join(f"SET {name} = {value}" for name, value in values.items()).encode()


def let_go(raw: psycopg.Connection[Any]) -> None:
    """Close the socket of a connection that another thread uses. The server rolls back; that thread gets an error."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(raw.fileno())) as link:
        link.shutdown(socket.SHUT_RDWR)


def take_time(raw: TimedConnection) -> None:
    """Remove the time limits of a connection, except for a process that has been stopped."""
    raw.patience = None
    idle = IDLE_IN_MIGRATION // timedelta(milliseconds=1)
    raw.execute(
        b"SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = %d"
        % idle
    )
    raw.commit()
