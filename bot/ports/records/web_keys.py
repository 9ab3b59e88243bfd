"""The records of who may use the dashboard."""

from datetime import datetime
from typing import Protocol

from bot.domain.web_key import WebKey


class WebKeyRecords(Protocol):
    def get(self, digest: str) -> WebKey | None: ...
    def put(self, key: WebKey) -> None: ...
    def remove(self, digest: str) -> bool:
        """Delete a key. Return whether this transaction did it: of several at once, one does."""

    def remove_all(self, person: str, *, now: datetime) -> int:
        """Delete a person's keys. Return how many sessions of them had not ended."""

    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete keys that ended before then. Return how many."""
