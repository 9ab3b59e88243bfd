"""All rings of the pager: whom they reached, that they count as work, and up to when they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.oncall.ring import NOBODY, PagerRing, RingNews, after
from bot.domain.relief.relief import WorkPeriod
from bot.domain.subject import is_forgotten
from bot.ports import RingCopy
from bot.services.relief.work_periods import WorkPeriods, section
from bot.services.transaction import Transaction

FIRST_LOOK = timedelta(days=7)
"""How far back the pager's log is read, at first and after a gap."""
OVERLAP = timedelta(minutes=2)
"""How much of the log is read again each time: PagerDuty may show a line a moment late."""
ASKED_AGAIN_AFTER = timedelta(days=1)
LOOKED_BACK = timedelta(days=35)
"""How far back rings are given to a person whom Spy finds in Slack later."""

AT_ONCE = 500
"""How many of the newest."""


class Rings:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- what the pager says ---

    def hear(self, news: Sequence[RingNews]) -> None:
        """Apply news about one of the pager's incidents. The same news twice changes nothing."""
        incident = news[0].incident
        self._session.lock(f"ring:{incident}")
        known = {it.user: it for it in self._session.rings.of(incident)}
        if not known and self._is_test(incident):
            return
        heard = after(known, news)
        self._keep([self._named(it) for user, it in sorted(heard.items()) if it != known.get(user)])

    def _is_test(self, incident: str) -> bool:
        """Whether the pager's incident is a page by which somebody tested their phone. It rings for nobody."""
        pages = self._session.pages.following(incident)
        return bool(pages) and all(it.test for it in pages)

    def read(self, *, since: datetime, until: datetime) -> None:
        """Record that the log was read up to this time."""
        copy = self._session.ring_copy.copy()
        goes_on = copy.since and copy.until and copy.until >= since
        self._session.ring_copy.replace(RingCopy(since=copy.since if goes_on else since, until=until))

    def not_read(self, why: str) -> bool:
        """Record why the log can't be read. Return whether that is news."""
        copy = self._session.ring_copy.copy()
        self._session.ring_copy.replace(replace(copy, trouble=why))
        return copy.trouble is None

    def read_on_from(self) -> datetime:
        """Return from when the log is to be read: a moment before the last time, or a week ago."""
        until, earliest = self._session.ring_copy.copy().until, self._tx.now - FIRST_LOOK
        return max(until - OVERLAP, earliest) if until else earliest

    def known(self) -> RingCopy:
        """Return from when until when all rings are known."""
        return self._session.ring_copy.copy()

    # --- whose they are ---

    def strangers(self, *, limit: int = 20) -> Sequence[str]:
        """Return users of the pager to look for: Slack was not asked for a day, or `people:` names them."""
        now, named = self._tx.now, [it.pager_id for it in self._tx.policy.people.values() if it.pager_id]
        return self._session.rings.unknown_users(
            since=now - LOOKED_BACK, asked_before=now - ASKED_AGAIN_AFTER, besides=named, limit=limit
        )

    def configured(self, user: str) -> str | None:
        """Return whom `people:` names as a user of the pager."""
        return self._tx.policy.person_of(user=user)

    def found(self, user: str, person: str | None) -> None:
        """Store who a user of the pager is in Slack; None if nobody. Their rings of before are theirs then."""
        since, limit = self._tx.now - LOOKED_BACK, AT_ONCE if person else 1
        theirs = self._session.rings.of_nobody(user, since=since, limit=limit)
        self._session.lock(*(f"ring:{it}" for it in sorted({ring.incident for ring in theirs})))
        fresh = self._session.rings.of_nobody(user, since=since, limit=limit)
        self._keep([it.is_of(person, asked_at=self._tx.now) for it in fresh])

    def _named(self, ring: PagerRing) -> PagerRing:
        """Return the ring with its person: as `people:` says, or as the user's last ring does."""
        if ring.user == NOBODY:
            return ring
        if configured := self.configured(ring.user):
            return ring.is_of(configured)
        if ring.person or ring.asked_at:
            return ring
        last = self._session.rings.last_of(ring.user, since=self._tx.now - LOOKED_BACK)
        if last is None or last.asked_at is None or last.asked_at <= self._tx.now - ASKED_AGAIN_AFTER:
            return ring
        known = None if last.person and is_forgotten(last.person) else last.person
        return ring.is_of(known, asked_at=last.asked_at)

    # --- storing ---

    def _keep(self, rings: Sequence[PagerRing]) -> None:
        """Store rings, and that they are work of these people."""
        people = sorted({it.person for it in rings if it.person})
        self._session.lock(*map(section, people))
        for ring in rings:
            self._session.rings.put(self._counted(ring))
        for person in people:
            WorkPeriods(self._tx).replan(person)

    def _counted(self, ring: PagerRing) -> PagerRing:
        """Store the work periods of a ring. One that a later acknowledgement had made is the same as the other then."""
        if ring.person is None:
            return ring
        first, *more = ring.worked(self._tx.policy.timers.page_work)
        last = more[-1] if more else first
        period = self._worked(ring.period, ring.person, last)
        woken = self._worked(ring.woken, ring.person, first) if more or ring.woken else None
        return replace(ring, period=period, woken=woken)

    def _worked(self, number: int | None, person: str, span: tuple[datetime, datetime]) -> int:
        """Store a work period under its number, and return that."""
        number, (start, end) = number or self._session.periods.reserve(), span
        self._session.periods.put(WorkPeriod(number=number, person=person, started_at=start, ended_at=end))
        return number


def by_incident(news: Sequence[RingNews]) -> Mapping[str, Sequence[RingNews]]:
    """Return news by the pager's incident, in the order of the first news of each."""
    found: dict[str, list[RingNews]] = {}
    for it in news:
        found.setdefault(it.incident, []).append(it)
    return found
