"""Rings: which of the pager's incidents reached whom, and when. Never what they were about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

WORK_AT_MOST = timedelta(hours=1)
"""The most time that one acknowledged ring counts as work: many stay acknowledged long after the work is done."""
STORM = timedelta(hours=1)
"""How soon after the last one an incident of the same service belongs to it."""
NOBODY = ""
"""The user of what is kept of an incident that was resolved before Spy heard whom it had reached."""


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
    """When it was resolved for the first time after it was acknowledged, or after it came if it was not."""
    ends: tuple[datetime, ...] = ()
    """Each time that it was resolved: news of it may come before those of whom it reached."""
    person: str | None = None
    asked_at: datetime | None = None
    """When Slack was asked who the user is."""
    period: int | None = None
    """The number of the work period that it counts as."""
    woken: int | None = None
    """The number of a work period before that one: it rang, and was acknowledged much later."""

    @property
    def key(self) -> str:
        return f"{self.incident}:{self.user}"

    def worked(self, least: timedelta) -> Sequence[tuple[datetime, datetime]]:
        """Return the times that it counts as work, one or two.

        From the acknowledgement until it was resolved, an hour at most. If the person did not acknowledge it, or
        only later, from when it came: their phone rang. In any case `least`, because nobody sleeps again at once.
        """
        start = self.acknowledged_at or self.at
        end = self.resolved_at if self.acknowledged_at and self.resolved_at else start
        answered = start, max(start + least, min(end, start + WORK_AT_MOST))
        rang = self.at, self.at + least
        return (rang, answered) if start > rang[1] else (answered,)

    def is_of(self, person: str | None, *, asked_at: datetime | None = None) -> "PagerRing":
        """Return the ring as that of this person."""
        return replace(self, person=person, asked_at=asked_at or self.asked_at)


def after(rings: Mapping[str, PagerRing], news: Iterable[RingNews]) -> Mapping[str, PagerRing]:
    """Return an incident's rings by user after this news. It may come twice, late and in any order."""
    heard = dict(rings)
    ends = {end for ring in rings.values() for end in ring.ends or filter(None, [ring.resolved_at])}
    for it in news:
        is_end, is_known = it.kind is RingKind.RESOLVED, bool(heard.keys() - {NOBODY})
        ends |= {it.at} if is_end else set()
        for user in it.users if not is_end else () if is_known else (NOBODY,):
            ring = heard.get(user) or PagerRing(incident=it.incident, user=user, at=it.at)
            heard[user] = _heard(replace(ring, service=ring.service or it.service), it)
    if len(heard) > 1:
        heard.pop(NOBODY, None)
    return {user: _ended(ring, tuple(sorted(ends))) for user, ring in heard.items()}


def together(rings: Iterable[PagerRing]) -> Mapping[str, str]:
    """Return for each incident of a person's rings the first one that it belongs to.

    Incidents of one service of which each came within an hour of the one before are one: a storm.
    """
    firsts, last = dict[str, str](), dict[str, PagerRing]()
    for ring in sorted(rings, key=lambda it: (it.at, it.incident)):
        about = ring.service or ring.incident
        before = last.get(about, ring)
        goes_on = ring.at - before.at < STORM
        firsts[ring.incident] = firsts.get(before.incident, ring.incident) if goes_on else ring.incident
        last[about] = ring
    return firsts


def _heard(ring: PagerRing, news: RingNews) -> PagerRing:
    if news.kind is RingKind.ACKNOWLEDGED:
        ring = replace(ring, acknowledged_at=_earlier(ring.acknowledged_at, news.at))
    return replace(ring, at=min(ring.at, news.at))


def _ended(ring: PagerRing, ends: tuple[datetime, ...]) -> PagerRing:
    since = ring.acknowledged_at or ring.at
    return replace(ring, ends=ends, resolved_at=next((it for it in ends if it >= since), None))


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return min(known, at) if known else at
