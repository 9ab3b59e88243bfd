"""The records of the tokens of programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.api_token import ApiToken


class ApiTokenRecords(Protocol):
    def get(self, digest: str) -> ApiToken | None:
        """Fetch for a change, and lock the token until the transaction ends."""

    def look(self, digest: str) -> ApiToken | None:
        """Fetch for reading, without waiting for a lock."""

    def put(self, token: ApiToken) -> None: ...
    def of(self, person: str) -> Sequence[ApiToken]:
        """Return a person's tokens, by name."""

    def all(self) -> Sequence[ApiToken]:
        """Return everybody's tokens, by name."""

    def named(self, name: str) -> ApiToken | None:
        """Return the token of this name, in upper or lower case."""

    def remove(self, *digests: str) -> None: ...

    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete tokens that ended before then. Return how many."""
