"""A token: lets a program ask Spy in a person's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

PREFIX = "spy_"
"""How each secret begins, so that people and scanners recognise one that got out."""


class Scope(StrEnum):
    READ = "read"
    SAY = "say"
    AGENT = "agent"


INCLUDED: Mapping[Scope, frozenset[Scope]] = MappingProxyType(
    {
        Scope.READ: frozenset({Scope.READ}),
        Scope.SAY: frozenset({Scope.READ, Scope.SAY}),
        Scope.AGENT: frozenset({Scope.READ, Scope.AGENT}),
    }
)
"""What a token of a scope may do. Each may read."""


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """Lets a program do what `person` may, within its scope, until `ends_at` (UTC; None: until it is revoked).

    `digest` is that of the secret, which is stored nowhere. `used_at` is a few minutes old at most.
    """

    digest: str
    name: str
    scope: Scope
    person: str
    made_at: datetime
    ends_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def called(self) -> str:
        """Return its name as it is compared: no two tokens have the same one."""
        return called(self.name)

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


@dataclass(frozen=True, kw_only=True)
class TokenHolder:
    """Whose program asks, what it may do, and by which token. `mark` identifies the token, and is no secret.

    `is_use_to_be_noted`: the last use that is stored is more than a few minutes old.
    """

    person: str
    scopes: frozenset[Scope]
    name: str
    mark: str
    ends_at: datetime | None = None
    is_use_to_be_noted: bool = False


def called(name: str) -> str:
    return name.casefold()
