"""Rings: which of the pager's incidents reached whom, and when. Never what they were about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

WORK_AT_MOST = timedelta(hours=1)
"""The most time that one acknowledged ring counts as work: many stay acknowledged long after the work is done."""


class RingKind(StrEnum):
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class RingNews:
    """What the pager says of one of its incidents, without its words.

    `incident`, `users` and `service` are the pager's ids. `users` are those to whom it was assigned, or who
    acknowledged it; a resolved one needs none.
    """

    incident: str
    kind: RingKind
    at: datetime
    users: tuple[str, ...] = ()
    service: str | None = None


@dataclass(frozen=True, kw_only=True)
class PagerRing:
    """An incident of the pager that was assigned to a person, or acknowledged by them.

    The pager's ids of both, `incident` and `user`, make it one ring, however often and by whichever way Spy hears of
    it. `at` is when it first reached the person. `person` is their Slack id, if Spy knows it.
    """

    incident: str
    user: str
    at: datetime
    service: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    person: str | None = None
    asked_at: datetime | None = None
    """When Slack was asked who the user is."""
    period: int | None = None
    """The number of the work period that it counts as."""

    @property
    def key(self) -> str:
        return f"{self.incident}:{self.user}"

    @property
    def worked(self) -> tuple[datetime, datetime] | None:
        """The time that it counts as work: from the acknowledgement until it was resolved, an hour at most.

        None if the person did not acknowledge it. While it is open, it has no length: only that they were awake.
        """
        if self.acknowledged_at is None:
            return None
        end = max(self.resolved_at or self.acknowledged_at, self.acknowledged_at)
        return self.acknowledged_at, min(end, self.acknowledged_at + WORK_AT_MOST)

    def is_of(self, person: str | None, *, asked_at: datetime | None = None) -> "PagerRing":
        """Return the ring as that of this person."""
        return replace(self, person=person, asked_at=asked_at or self.asked_at)


def after(rings: Mapping[str, PagerRing], news: Iterable[RingNews]) -> Mapping[str, PagerRing]:
    """Return an incident's rings by user after this news. It may come twice, late and in any order."""
    heard = dict(rings)
    for it in sorted(news, key=lambda it: (it.at, it.kind)):
        for user in it.users if it.kind is not RingKind.RESOLVED else list(heard):
            ring = heard.get(user) or PagerRing(incident=it.incident, user=user, at=it.at)
            heard[user] = _heard(replace(ring, service=ring.service or it.service), it)
    return heard


def _heard(ring: PagerRing, news: RingNews) -> PagerRing:
    match news.kind:
        case RingKind.RESOLVED:
            return replace(ring, resolved_at=_earlier(ring.resolved_at, news.at))
        case RingKind.ACKNOWLEDGED:
            ring = replace(ring, acknowledged_at=_earlier(ring.acknowledged_at, news.at))
    return replace(ring, at=min(ring.at, news.at))


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return min(known, at) if known else at
