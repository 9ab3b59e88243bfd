"""The records of what machines have proposed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.proposal import Proposal


class ProposalRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Proposal | None: ...
    def put(self, proposal: Proposal) -> None: ...
    def undecided(self) -> Sequence[Proposal]:
        """Return the open ones, oldest first."""

    def count(self, person: str, *, since: datetime) -> int:
        """Count those that were made in a person's name since then."""
