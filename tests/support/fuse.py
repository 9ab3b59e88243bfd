"""A process that kills itself in the middle of its work, at a chosen statement or commit."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from sqlalchemy import Engine, event


@dataclass(frozen=True, kw_only=True)
class Fuse:
    """Kills its own process at the nth statement or commit, or right after a commit."""

    left: Iterator[int]

    def attach(self, engine: Engine) -> None:
        """Burn at each statement that reaches the driver, whoever sends it, and at each commit."""
        event.listen(engine, "commit", self._burn)
        event.listen(engine, "connect", self._watch)

    def _watch(self, connection: Any, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(self._burn)
            return
        burn = self._burn

        class Watched(psycopg.Cursor[Any]):
            def execute(self, *args: Any, **options: Any) -> Self:
                burn()
                return super().execute(*args, **options)

            def executemany(self, *args: Any, **options: Any) -> None:
                burn()
                super().executemany(*args, **options)

        connection.cursor_factory = Watched

    def _burn(self, *_: object) -> None:
        if next(self.left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
