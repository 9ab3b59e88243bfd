"""The records of alerts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.alert.alert import Alert


@dataclass(frozen=True, kw_only=True)
class StormCounts:
    """The alerts that a line shows besides its own: how many, and how many of them are not resolved."""

    count: int = 0
    firing: int = 0


class AlertRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Alert | None: ...
    def by_key(self, key: str) -> Alert | None:
        """Return the newest alert with this key."""

    def lines(self, service: str | None, *, since: datetime) -> Sequence[Alert]:
        """Return the alerts of a service that have a line of their own and were told of since then, oldest first."""

    def in_storm(self, number: int, *, limit: int) -> Sequence[Alert]:
        """Return the newest alerts that the line of this alert shows too, newest first."""

    def storm_counts(self, number: int) -> StormCounts: ...
    def of(self, incidents: Collection[int]) -> Mapping[int, Sequence[Alert]]:
        """Return the alerts with a line of their own, by their incident."""

    def recent(self, service: str | None, *, since: datetime, limit: int) -> Sequence[Alert]:
        """Return the alerts with a line of their own, of one service or of all, told of since then, newest first."""

    def unresolved(self, source: str, *, limit: int) -> Sequence[Alert]:
        """Return the newest alerts of a source that are not resolved, newest first."""

    def put(self, alert: Alert) -> None: ...
