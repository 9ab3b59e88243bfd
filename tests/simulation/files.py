"""The database's file, in which each world begins anew."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine

from bot.adapters.database import migrate, open_engine
from bot.services.features import load_features

MOST_PROCESSES = 3


class Files:
    """The file and its engines. Worlds that follow use them again, because an engine has compiled the statements."""

    def __init__(self, folder: Path) -> None:
        load_features()
        self._file, self._fresh = folder / "world.db", folder / "fresh.db"
        engine = open_engine(f"sqlite:///{self._fresh}")
        migrate(engine)
        engine.dispose()
        self._engines = [open_engine(f"sqlite:///{self._file}") for _ in range(MOST_PROCESSES + 1)]

    def engine(self, number: int) -> Engine:
        return self._engines[number]

    def emptied(self) -> sqlite3.Connection:
        """Begin with an empty database, and return a connection that sees what is committed."""
        for engine in self._engines:
            engine.dispose()
        for end in ("", "-wal", "-shm"):
            Path(f"{self._file}{end}").unlink(missing_ok=True)
        self._file.write_bytes(self._fresh.read_bytes())
        return sqlite3.connect(self._file, isolation_level=None)
