"""The recent load of being on call, per person. Drills and test pages don't count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from bot.domain.oncall.load import KINDS, CommandPeriod, Load, command_periods, loads
from bot.ports import RingCopy
from bot.services.oncall.paged import PagedPeople
from bot.services.people import People
from bot.services.transaction import Transaction

WEEK, MONTH, TICK = timedelta(days=7), timedelta(days=30), timedelta(microseconds=1)


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
        until = self._tx.now + TICK
        paged = PagedPeople(self._tx).between(since, until, counted=lambda numbers: numbers - drills)
        rings = [it for it in paged.rings if it.person]
        people = {ring.person for ring in rings} | {it.person for several in led.values() for it in several}
        zones = {person: People(self._tx).zone(person) for person in people}

        def of(length: timedelta) -> list[Load]:
            start, timers = self._tx.now - length, self._tx.policy.timers
            return loads(rings, led, since=start, zones=zones, timers=timers)

        return LoadAnswer(
            week=of(WEEK),
            month=of(MONTH),
            known=self._session.ring_copy.copy(),
            strangers=paged.strangers,
        )

    def _command_periods(self, numbers: Sequence[int]) -> Mapping[str, Sequence[CommandPeriod]]:
        entries = self._session.timeline.among(numbers, KINDS)
        by_incident = groupby(entries, key=lambda entry: entry.incident)
        return {f"INC-{number}": command_periods(own, now=self._tx.now) for number, own in by_incident}
