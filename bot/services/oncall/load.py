"""The recent load of being on call, per person. Drills and test pages don't count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from bot.domain.oncall.load import KINDS, CommandPeriod, Load, Ring, command_periods, loads
from bot.domain.oncall.shift import Shift
from bot.domain.paging.page import Page
from bot.services.people import People
from bot.services.transaction import Transaction

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class LoadAnswer:
    """The load per person of the last 7 and 30 days."""

    week: Sequence[Load]
    month: Sequence[Load]


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
        rings = self._rings(since, drills)
        people = {ring.person for ring in rings} | {it.person for several in led.values() for it in several}
        zones = {person: People(self._tx).zone(person) for person in people}

        def of(length: timedelta) -> list[Load]:
            start, timers = self._tx.now - length, self._tx.policy.timers
            return loads(rings, led, since=start, zones=zones, timers=timers)

        return LoadAnswer(week=of(WEEK), month=of(MONTH))

    def _command_periods(self, numbers: Sequence[int]) -> Mapping[str, Sequence[CommandPeriod]]:
        entries = self._session.timeline.among(numbers, KINDS)
        by_incident = groupby(entries, key=lambda entry: entry.incident)
        return {f"INC-{number}": command_periods(own, now=self._tx.now) for number, own in by_incident}

    def _rings(self, since: datetime, drills: set[int]) -> list[Ring]:
        shifts = self._session.shifts.between(since, self._tx.now)
        rings = []
        for page in self._session.pages.since(since):
            person = page.person or self._on_call(page, shifts)
            if person and not page.test and page.folded_into is None and page.incident not in drills:
                about = f"INC-{page.incident}" if page.incident else f"page {page.number}"
                rings.append(Ring(person=person, at=page.requested_at, about=about))
        return rings

    def _on_call(self, page: Page, shifts: Sequence[Shift]) -> str | None:
        """Return who was on the schedule of a team's page when it was requested."""
        at = page.requested_at
        on = (it for it in shifts if it.team == page.team and it.start <= at < it.end)
        return next((it.person for it in on), None)
