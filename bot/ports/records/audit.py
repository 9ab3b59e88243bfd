"""The records of the audit log."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.audit import AuditLine, ChainMark, SealedLine


class AuditRecords(Protocol):
    def append(self, line: AuditLine) -> None:
        """Add a line. It is written with the others when the transaction ends, and sealed later."""

    def unsealed(self, *, limit: int | None = None) -> Sequence[tuple[int, AuditLine]]:
        """Return lines that are not sealed yet, each with its row, oldest first."""

    def sealed(self) -> Iterator[SealedLine]:
        """Yield the chain from its beginning, without loading all of it at once."""

    def seal(self, lines: Sequence[SealedLine]) -> None:
        """Store the seals of lines. The last one becomes the head."""

    def append_sealed(self, line: SealedLine) -> None:
        """Add a line at the end of the chain. It becomes the head."""

    def head(self) -> ChainMark | None: ...
    def checkpoint(self) -> ChainMark | None: ...
    def find(
        self, *, since: datetime | None, people: Collection[str], incident: int | None
    ) -> Iterator[tuple[int | None, AuditLine]]:
        """Yield lines in order, each with its place in the chain. `people`: of one of these, if any are given."""

    def prune(self, *, before: datetime, limit: int) -> tuple[int, ChainMark | None]:
        """Delete the oldest sealed lines from before then. Return how many, and the last one as the checkpoint."""
