"""The records of people's unbroken time on incidents."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.relief.relief import WorkPeriod


class WorkPeriodRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> WorkPeriod | None: ...
    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        """Return the person's work periods that ended after `since`, or still run, oldest first."""

    def among(self, numbers: Collection[int]) -> Sequence[WorkPeriod]:
        """Return the work periods with these numbers."""

    def put(self, period: WorkPeriod) -> None: ...
