"""Changes and deploy locks in memory, for tests; held to the same contracts as the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.change import Change, Window
from bot.domain.lock import Lock


class Shelves(Protocol):
    """What of all that is kept is needed here."""

    changes: dict[int, Change]
    locks: dict[int, Lock]

    def next(self, name: str) -> int: ...


class Changes:
    def __init__(self, kept: Shelves) -> None:
        self._kept = kept

    def reserve(self) -> int:
        return self._kept.next("change")

    def get(self, number: int) -> Change | None:
        return self._kept.changes.get(number)

    def by_key(self, key: str) -> Change | None:
        return next((it for it in self._kept.changes.values() if it.key == key), None)

    def within(self, window: Window, *, service: str | None = None, limit: int) -> Sequence[Change]:
        mine = [
            it for it in self._kept.changes.values() if window.holds(it) and service in {None, it.service}
        ]
        return sorted(mine, key=lambda it: (it.happened_at, it.number), reverse=True)[:limit]

    def put(self, change: Change) -> None:
        self._kept.changes[change.number] = change

    def forget(self, *, before: datetime) -> None:
        for number in [it.number for it in self._kept.changes.values() if it.heard_at < before]:
            del self._kept.changes[number]


class Locks:
    def __init__(self, kept: Shelves) -> None:
        self._kept = kept

    def reserve(self) -> int:
        return self._kept.next("lock")

    def get(self, number: int) -> Lock | None:
        return self._kept.locks.get(number)

    def standing(self) -> Sequence[Lock]:
        found = (it for it in self._kept.locks.values() if it.stands)
        return sorted(found, key=lambda it: (it.since, it.number))

    def of(self, service: str) -> Lock | None:
        return next((it for it in self.standing() if it.service == service), None)

    def put(self, lock: Lock) -> None:
        self._kept.locks[lock.number] = lock
