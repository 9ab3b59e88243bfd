"""The records of who follows incidents."""

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.domain.incident.following import Following
from bot.domain.subject import Subject


class FollowingRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Following | None:
        """Fetch for a change, and lock it until the transaction ends."""

    def look(self, number: int) -> Following | None:
        """Fetch for reading, without waiting for a lock."""

    def by_key(self, key: str) -> Following | None:
        """Fetch for a change, and lock it."""

    def about(self, *subjects: Subject) -> Sequence[Following]:
        """Return who follows one of these, oldest first."""

    def has_any(self, *subjects: Subject) -> bool:
        """Return whether anybody follows one of these."""

    def of_each(self, person: str) -> Sequence[Following]:
        """Return the services and severities that a person follows, oldest first."""

    def with_keys(self, keys: Collection[str]) -> Sequence[Following]:
        """Return the followings with these keys, oldest first."""

    def come_through(self, number: int) -> Sequence[Following]:
        """Return the followings of incidents that came of this one of a service or a severity."""

    def next_to_tell(self, incident: int, *, by_mail: bool, after: int, upto: int) -> Following | None:
        """Return the first follower of an incident after that number who has not heard it up to an entry.

        One whose last mail is still tried is passed over.
        """

    def put(self, following: Following) -> None: ...
    def remove(self, numbers: Collection[int]) -> None: ...
