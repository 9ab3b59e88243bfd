"""Open the database, SQLite or PostgreSQL. All waiting has a limit."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

READING, OPTIMISTIC = "spy_reading", "spy_optimistic"
"""Execution options: a connection only reads, or takes SQLite's lock when it first writes."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to wait for a connection, for a statement, for a lock held by another, and for an idle client."""

    connect: timedelta = timedelta(seconds=2)
    statement: timedelta = timedelta(seconds=5)
    lock: timedelta = timedelta(seconds=2)
    idle: timedelta = timedelta(seconds=10)
    """How long a transaction may do nothing. PostgreSQL then ends it: its process was stopped, or is cut off."""


def open_engine(url: str, *, pool: int = 10, limits: Limits | None = None) -> Engine:
    """Open `sqlite:///file` or `postgresql+psycopg://…` with up to `pool` connections."""
    where = make_url(url)
    # an error is logged, and its parameters may hold private words
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": _dump,
        "json_deserializer": json.loads,
    }
    engine: Engine = _kind(where.get_backend_name()).open_engine(where, pool, limits or Limits(), **options)
    return engine


def _dump(value: Any) -> str:
    return to_json(value).decode()


def reading(engine: Engine) -> Engine:
    """Return an engine for transactions that only read. It shares the pool."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{READING: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def optimistic(engine: Engine) -> Engine:
    """Return an engine for transactions that take SQLite's lock when they first write. It shares the pool."""
    return engine.execution_options(**{OPTIMISTIC: True})


def letting_go(connection: Connection) -> Callable[[], None]:
    """Return a function that ends the transaction from another thread at any time.

    The connection can't be used afterwards.
    """
    return partial(_kind(connection.dialect.name).let_go, connection.connection.dbapi_connection)


def unhurried(connection: Connection) -> None:
    """Raise the time limits of a new connection for a migration. It is closed after use."""
    connection.detach()
    _kind(connection.dialect.name).take_time(connection.connection.dbapi_connection)


def _kind(name: str) -> ModuleType:
    """Return the module for this database. Only that one is imported, because it imports the driver."""
    if name == "sqlite":
        from bot.adapters.database import sqlite as kind  # noqa: PLC0415  loaded only if it is used
    else:
        from bot.adapters.database import postgresql as kind  # type: ignore[no-redef]  # noqa: PLC0415  as above
    return kind
