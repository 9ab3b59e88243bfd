"""Whom pages reached: what Spy sent and what the pager reports, each once for each person. Test pages don't count."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.oncall.load import Ring
from bot.domain.oncall.ring import PagerRing, together
from bot.domain.oncall.schedule import Schedule
from bot.domain.oncall.shift import Shift
from bot.domain.paging.page import Page
from bot.services.transaction import Transaction

REACHES_WITHIN = timedelta(days=1)
"""How long after a page was requested it may still reach somebody else, because it was escalated."""
SECOND = timedelta(seconds=1)
NOBODY_KNOWN = ""
Counted = Callable[[AbstractSet[int]], Collection[int]]
"""Returns those of some incidents (by number) whose pages count."""


@dataclass(frozen=True, kw_only=True)
class Paged:
    """Whom pages reached. `strangers` are users of the pager whom Spy has not found in Slack."""

    rings: Sequence[Ring]
    strangers: int = 0


class PagedPeople:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def between(self, since: datetime, until: datetime, *, counted: Counted) -> Paged:
        """Return what reached people in this time. Pages of other incidents than the counted ones are left out.

        A page of which nobody knows whom it reached has an empty person.
        """
        earlier = since - REACHES_WITHIN
        pages = self._session.pages.between(earlier, until)
        incidents = counted({it.incident for it in pages if it.incident})
        kept = [it for it in pages if not it.test and (it.incident is None or it.incident in incidents)]
        left_out = {it.pager_id for it in pages} - {it.pager_id for it in kept}
        of_pager = [it for it in self._session.rings.since(earlier, until) if it.incident not in left_out]
        found = [*self._sent(kept, of_pager), *self._of_pager(kept, of_pager)]
        strangers = {it.user for it in of_pager if it.person is None and it.at >= since}
        return Paged(rings=[it for it in found if since <= it.at < until], strangers=len(strangers))

    def _sent(self, pages: Sequence[Page], of_pager: Sequence[PagerRing]) -> Iterator[Ring]:
        """Yield what Spy sent. What the pager reports of it says whom it reached, and when."""
        reported: defaultdict[str, dict[str, PagerRing]] = defaultdict(dict)
        for ring in of_pager:
            if ring.person:
                reported[ring.incident][ring.person] = ring
        sent = [it for it in pages if it.folded_into is None]
        on_call = self._on_call([it for it in sent if it.team and not reported.get(it.pager_id or "")])
        for page in sent:
            rang = reported.get(page.pager_id or "", {})
            about = f"INC-{page.incident}" if page.incident else f"page {page.number}"
            for person in rang or [page.person or on_call.get(page.number, NOBODY_KNOWN)]:
                at = rang[person].at if person in rang else page.requested_at
                yield Ring(person=person, at=at, about=about, team=page.team or "", incident=page.incident)

    def _on_call(self, pages: Sequence[Page]) -> Mapping[int, str]:
        """Return who was on the schedule of these teams' pages when they were requested, by the page's number."""
        if not pages:
            return {}
        at = [it.requested_at for it in pages]
        of_teams: defaultdict[str, list[Shift]] = defaultdict(list)
        for shift in self._session.shifts.between(min(at), max(at) + SECOND):
            of_teams[shift.team].append(shift)
        schedules = {team: Schedule(shifts) for team, shifts in of_teams.items()}
        found = ((it.number, schedules.get(it.team or ""), it.requested_at) for it in pages)
        on_call = ((number, schedule.person_at(moment)) for number, schedule, moment in found if schedule)
        return {number: person for number, person in on_call if person}

    def _of_pager(self, pages: Sequence[Page], of_pager: Sequence[PagerRing]) -> Iterator[Ring]:
        """Yield what the pager sent by itself. A storm is about one incident."""
        own = {page.pager_id for page in pages}
        others: defaultdict[str, list[PagerRing]] = defaultdict(list)
        for ring in of_pager:
            if ring.incident not in own:
                others[ring.person or NOBODY_KNOWN].append(ring)
        for person, rings in others.items():
            firsts = together(rings)
            for it in rings:
                team = self._tx.policy.team_paged_as(it.service)
                yield Ring(person=person, at=it.at, about=firsts[it.incident], team=team)
