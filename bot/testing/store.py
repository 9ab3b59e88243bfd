"""A database in memory, for tests: the real one, on an SQLite that keeps nothing."""

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
    """A row of the outbox; `state` is held (for its channel), ready, sending, done or failed."""

    effect: Effect
    state: str


class MemoryDatabase(Database):
    """Starts empty and migrated, or as a copy of another; gone with the test."""

    def __init__(self, like: "MemoryDatabase | None" = None) -> None:
        self._memory = _FREE.pop() if _FREE else _SharedMemory()
        super().__init__(self._memory.engine)
        (like._memory if like else _migrated()).copy_to(self._memory)  # noqa: SLF001  of the same class
        finalize(self, _FREE.append, self._memory)

    def copied(self) -> "MemoryDatabase":
        """Return another that keeps the same: what is written to one is not in the other."""
        return MemoryDatabase(self)

    def queued(self) -> Sequence[Queued]:
        """Return the whole outbox, what is done included, in the order it was asked for; in between transactions."""
        rows = self._memory.rows("SELECT key, kind, payload, state FROM outbox ORDER BY id")
        return [
            Queued(effect=effects.load(key, kind, payload), state=state) for key, kind, payload, state in rows
        ]


class _SharedMemory:
    """Memory that several connections of this process share, for as long as one of them is open.

    It is used again by the next test: an engine compiles each statement once.
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
    """Return one that nobody writes to: the migrations run once."""
    memory = _SharedMemory()
    migrate(memory.engine)
    return memory
