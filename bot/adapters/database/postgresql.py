"""PostgreSQL, pooled. A server that hangs, or that the network swallows, is given up."""

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
"""Seconds after the server's own limit for a statement in which its answer must have come."""
IDLE = timedelta(minutes=1)
"""After so long PostgreSQL ends the transaction of a process that stands still in the middle of it."""
NOTICING = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""libpq's options by which a server that vanished is noticed while nothing is asked of it."""


class TimedConnection(psycopg.Connection[Any]):
    """Waits for an answer no longer than its `patience`, in seconds: the server's own limits may not reach it."""

    patience: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if (
                self.info.transaction_status is TransactionStatus.ACTIVE
            ):  # the answer may still come: for nobody
                self.close()
            raise


def open_engine(url: URL, pool: int, limits: Limits, **options: Any) -> Engine:
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
    """Return what is set on each connection; a pooler in between refuses it as an option of the connection."""
    set_to = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": IDLE,
    }
    return "; ".join(
        f"SET {name} = {limit // timedelta(milliseconds=1)}" for name, limit in set_to.items()
    ).encode()


def let_go(raw: psycopg.Connection[Any]) -> None:
    """Hang up, whatever thread is at it: the server rolls back, and that thread's statement fails."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(raw.fileno())) as link:
        link.shutdown(socket.SHUT_RDWR)


def take_time(raw: TimedConnection) -> None:
    raw.patience = None
    raw.execute("SET statement_timeout = 0; SET lock_timeout = 0")
    raw.commit()
