"""A database in memory, for tests: the real code, on an SQLite without a file."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from weakref import finalize

from bot.adapters.database import Database, effects, migrate, open_engine
from bot.domain.effects import Effect


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A row of the outbox. `state` is held (waits for its channel), ready, sending, done or failed."""

    effect: Effect
    state: str


class MemoryDatabase(Database):
    """A database that starts empty and migrated, or as a copy of another."""

    def __init__(self, like: "MemoryDatabase | None" = None) -> None:
        self._memory = _FREE.pop() if _FREE else _SharedMemory()
        super().__init__(self._memory.engine)
        (like._memory if like else _migrated()).copy_to(self._memory)  # noqa: SLF001  of the same class
        finalize(self, _FREE.append, self._memory)

    def copied(self) -> "MemoryDatabase":
        """Return an independent copy."""
        return MemoryDatabase(self)

    def queued(self) -> Sequence[Queued]:
        """Return the whole outbox in order, with items that are done. Call it outside of a transaction."""
        rows = self._memory.rows("SELECT key, kind, payload, state FROM outbox ORDER BY id")
        return [
            Queued(effect=effects.load(key, kind, payload), state=state) for key, kind, payload, state in rows
        ]


class _SharedMemory:
    """An in-memory database that several connections share while one of them is open.

    Later tests use it again, because its engine has already compiled the statements.
    """

    def __init__(self) -> None:
        name = f"file:/spy-{next(_NUMBERS)}?vfs=memdb"
        self.raw = sqlite3.connect(name, uri=True, timeout=0, check_same_thread=False)
        self.engine = open_engine(f"sqlite:///{name}&uri=true")

    def copy_to(self, other: "_SharedMemory") -> None:
        self.raw.backup(other.raw)

    def rows(self, query: str) -> Sequence[tuple[str, ...]]:
        return self.raw.execute(query).fetchall()


_FREE: list[_SharedMemory] = []
_NUMBERS = count(1)


@cache
def _migrated() -> _SharedMemory:
    """Return the empty, migrated database that others are copied from. The migrations run only once."""
    memory = _SharedMemory()
    migrate(memory.engine)
    return memory
