"""A report of an alert: what a monitoring tool, or the pager, says about it at one time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

TOOL, ALERTMANAGER, GRAFANA = "tool", "alertmanager", "grafana"
"""Sources. A pager's source is its key in config.yaml."""
AHEAD_AT_MOST = timedelta(hours=1)
"""How far the clock that orders a source's reports may be ahead. Further, they count in the order of receipt."""


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    """Somebody has acknowledged it at the pager."""
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class AlertReport:
    """Times are in UTC. `severity` is the source's own word: critical, warning, high, P1, …."""

    key: str
    """The same for all reports of one alert: the source, and the source's name of it."""
    source: str
    title: str
    state: AlertState
    service: str | None
    heard_at: datetime
    began_at: datetime | None = None
    """When it began to fire. None if the source does not say."""
    firing: datetime | None = None
    """When it began by the source's own clock, in whole seconds. It may be wrong, but tells firings apart."""
    ended_at: datetime | None = None
    """When it was over. None if the source does not say."""
    as_of: datetime | None = None
    """When the source made this report. None if the source does not say; then reports count in the order of receipt."""
    severity: str | None = None
    urgency: str | None = None
    """The pager's: high or low."""
    url: str | None = None
    who: str | None = None
    """The name of who acknowledged or resolved it."""
    assigned: str | None = None
    """The names of the people whom the pager rings for it; "" is nobody."""
    pager_id: str | None = None
    """The pager's id of it."""
    pager_service: str | None = None
    """The pager's id of its service; `service` is its name there."""

    def limited(self) -> "AlertReport":
        """Return the report with no time after its receipt: the source's clock may be ahead."""
        is_ordered = self.as_of is not None and self.as_of <= self.heard_at + AHEAD_AT_MOST
        firing = self.firing or self.began_at
        return replace(
            self,
            began_at=min(self.began_at, self.heard_at) if self.began_at else None,
            firing=firing.replace(microsecond=0) if firing else None,
            as_of=self.as_of if is_ordered else None,
        )

    def over_at(self, began_at: datetime) -> datetime:
        """Return when it was over by the source's time, if that is after its start and not in the future."""
        times = (it for it in (self.ended_at, self.as_of) if it and began_at < it <= self.heard_at)
        return next(times, self.heard_at)


@dataclass(frozen=True, kw_only=True)
class AlertNews:
    """The alerts of one delivery. `left_out` could not be read, or were too many."""

    source: str
    reports: tuple[AlertReport, ...]
    left_out: int = 0
