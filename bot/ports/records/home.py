"""The records of Home tabs: who has looked lately, and what has changed since they were last compared."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.home.home import Home, HomeChange


class HomeRecords(Protocol):
    def get(self, person: str) -> Home | None: ...
    def all(self, *, limit: int) -> Sequence[Home]:
        """Return the Homes that Spy keeps up to date, or has yet to close; the last opened come first."""

    def opened(self, home: Home) -> None:
        """Store that a person opened their Home. When it was last published stays as it is."""

    def move(self, homes: Sequence[Home]) -> None:
        """Store when these are due. One that was opened since it was read stays as it is."""

    def published(self, person: str, *, at: datetime, shown: str, mark: str | None) -> None: ...
    def forget_state(self, person: str, *, due_at: datetime) -> None:
        """Store that it is not known what a Home shows, so that it is published again."""

    def remove(self, person: str, *, looked_before: datetime) -> None:
        """Forget a Home that its person has not opened since then."""

    def note(self, *changes: HomeChange, since: datetime) -> None:
        """Store changes, at the session's end. Nothing is stored if nobody has looked since then."""

    def take(self, *, limit: int) -> Sequence[HomeChange]:
        """Return stored changes, and forget them."""
