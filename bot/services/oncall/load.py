"""The recent load of being on call, per person. Drills and test pages don't count."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from bot.domain.oncall.load import KINDS, CommandPeriod, Load, Ring, command_periods, loads
from bot.domain.oncall.ring import PagerRing, together
from bot.domain.oncall.shift import Shift
from bot.domain.paging.page import Page
from bot.ports import RingCopy
from bot.services.people import People
from bot.services.transaction import Transaction

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class LoadAnswer:
    """The load per person of the last 7 and 30 days.

    `known` says from when until when all rings of the pager are in it; `strangers` are users of the pager who were
    paged and whom Spy has not found in Slack.
    """

    week: Sequence[Load]
    month: Sequence[Load]
    known: RingCopy
    strangers: int = 0


class Loads:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def recent(self) -> LoadAnswer:
        """Return the load of the last 7 and 30 days."""
        since = self._tx.now - MONTH
        incidents = self._session.incidents.alive_since(since)
        drills = {it.number for it in incidents if it.drill}
        led = self._command_periods([it.number for it in incidents if not it.drill])
        of_pager = self._session.rings.since(since, self._tx.now)
        pages = self._session.pages.since(since)
        untold = {it.pager_id for it in pages if it.test or it.incident in drills}
        of_pager = [it for it in of_pager if it.incident not in untold]
        rings = [*self._rings(since, drills, of_pager, pages)]
        people = {ring.person for ring in rings} | {it.person for several in led.values() for it in several}
        zones = {person: People(self._tx).zone(person) for person in people}

        def of(length: timedelta) -> list[Load]:
            start, timers = self._tx.now - length, self._tx.policy.timers
            return loads(rings, led, since=start, zones=zones, timers=timers)

        return LoadAnswer(
            week=of(WEEK),
            month=of(MONTH),
            known=self._session.ring_copy.copy(),
            strangers=len({it.user for it in of_pager if it.person is None}),
        )

    def _command_periods(self, numbers: Sequence[int]) -> Mapping[str, Sequence[CommandPeriod]]:
        entries = self._session.timeline.among(numbers, KINDS)
        by_incident = groupby(entries, key=lambda entry: entry.incident)
        return {f"INC-{number}": command_periods(own, now=self._tx.now) for number, own in by_incident}

    def _rings(
        self, since: datetime, drills: Collection[int], of_pager: Sequence[PagerRing], pages: Sequence[Page]
    ) -> Iterator[Ring]:
        """Yield what rang. What Spy sent and the pager reports too is one ring."""
        shifts = self._session.shifts.between(since, self._tx.now)
        reported: defaultdict[str, dict[str, PagerRing]] = defaultdict(dict)
        for ring in of_pager:
            if ring.person:
                reported[ring.incident][ring.person] = ring
        for page in pages:
            rang = reported[page.pager_id or ""]
            guessed = page.person or self._on_call(page, shifts)
            if page.test or page.folded_into is not None or page.incident in drills:
                continue
            about = f"INC-{page.incident}" if page.incident else f"page {page.number}"
            for person in rang or filter(None, [guessed]):
                at = rang[person].at if person in rang else page.requested_at
                yield Ring(person=person, at=at, about=about)
        own = {page.pager_id for page in pages}
        others: defaultdict[str, list[PagerRing]] = defaultdict(list)
        for incident, rang in reported.items():
            for person, ring in rang.items() if incident not in own else ():
                others[person].append(ring)
        for person, rings in others.items():
            firsts = together(rings)
            yield from (Ring(person=person, at=it.at, about=firsts[it.incident]) for it in rings)

    def _on_call(self, page: Page, shifts: Sequence[Shift]) -> str | None:
        """Return who was on the schedule of a team's page when it was requested."""
        at = page.requested_at
        on = (it for it in shifts if it.team == page.team and it.start <= at < it.end)
        return next((it.person for it in on), None)
