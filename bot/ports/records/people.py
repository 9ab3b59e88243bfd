"""The records of people and user groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ports.chat import Person


class PeopleRecords(Protocol):
    def get(self, person: str) -> Person | None: ...
    def put(self, person: Person) -> None: ...
    def named(self, name: str) -> Person | None:
        """Return the only person whom a name, or its beginning, can mean; None if there is none, or several."""

    def all_named(self, name: str, *, limit: int) -> Sequence[Person]:
        """Return the people whom a name can mean. Who can't be given a task counts only if nobody else has it."""

    def unprofiled(self, *, before: datetime, limit: int) -> Sequence[Person]:
        """Return people without a profile since then. Those asked about longest ago, or never, come first."""


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """The members of a Slack user group at `synced_at`. `trouble` is a word for why they are not newer."""

    id: str
    members: tuple[str, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


class UserGroupRecords(Protocol):
    def get(self, group: str) -> UserGroup | None: ...
    def put(self, group: UserGroup) -> None: ...
