"""The records of changes and deploy locks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.changes.change import Change, ChangeWindow
from bot.domain.changes.lock import Lock


class ChangeRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Change | None: ...
    def by_key(self, key: str) -> Change | None: ...
    def within(self, window: ChangeWindow, *, service: str | None = None, limit: int) -> Sequence[Change]:
        """Return the newest changes in this window, of one service or of all, newest first."""

    def put(self, change: Change) -> None: ...
    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete what was received before then, the oldest first. Return how many."""


class LockRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Lock | None: ...
    def held(self) -> Sequence[Lock]:
        """Return locks that are not released, oldest first."""

    def of(self, service: str) -> Lock | None:
        """Return the current lock of a service."""

    def put(self, lock: Lock) -> None: ...
