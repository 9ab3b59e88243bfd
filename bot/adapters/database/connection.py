"""Open the database: SQLite durable and in turns, PostgreSQL pooled."""

import json
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY = 15.0
"""Seconds a SQLite writer of another process is waited for."""


READING = "spy_reading"
"""The execution option of a connection that only reads."""


def reading(engine: Engine) -> Engine:
    """Return the engine for transactions that only read; it shares the pool."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{READING: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def open_engine(url: str, *, pool: int = 10) -> Engine:
    """Open `sqlite:///file` or `postgresql+psycopg://…` with up to `pool` connections."""
    options: dict[str, Any] = {"json_serializer": _dump, "json_deserializer": json.loads}
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=pool, max_overflow=pool, pool_pre_ping=False, **options)
    engine = create_engine(url, connect_args={"timeout": BUSY, "check_same_thread": False}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _dump(value: Any) -> str:
    return to_json(value).decode()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3 would begin by itself, and late
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-4000"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once; a transaction that only reads takes none, and can't write."""
    only_reads = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if only_reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
