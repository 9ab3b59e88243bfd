"""Compare what was said with what would be said under other settings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.oncall.schedule import Schedule
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Policy
from bot.domain.timer import LATE_AFTER
from bot.domain.what_if import (
    Comparison,
    Difference,
    ReplayedPage,
    ReplayedReminder,
    ReplayResult,
    SilentTime,
    differences,
)
from bot.services.directory import Directory
from bot.services.transaction import Transaction
from bot.services.what_if.past import SECOND, Past, longer_silences, read_past, truth
from bot.services.what_if.replay import replay

OFTEN = 5
"""How often the beginning of an outage is looked for."""
T = TypeVar("T", ReplayedReminder, ReplayedPage)
Found = Sequence[tuple[Difference, T]]


class WhatIf:
    """Reads only. The policy of the transaction holds the settings of today."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def compare(self, policy: Policy, *, since: datetime, incident: int | None = None) -> Comparison:
        """Replay what happened since then (UTC) under a policy, and return what differs, for all incidents or one.

        All are replayed anyway, because a person may work on several. The replay under the settings of today shows
        what it can't explain: that is no difference.
        """
        until = self._lived_until()
        past = read_past(self._session, since=since, until=until)
        then, before = truth(past), self._tx.policy
        past, today = _as_it_was(past, then, before, until)
        new = today if policy == before else replay(past, policy, before=before, until=until)

        def wanted(found: Iterable[tuple[Difference, T]]) -> Found[T]:
            return [(kind, it) for kind, it in found if it.at >= since and incident in {None, it.incident}]

        said, rang = wanted(differences(then.said, today.said)), wanted(differences(then.rang, today.rang))
        every = {it.incident for result in (then, new) for it in result.said}
        every |= {it.incident for result in (then, new) for it in result.rang}
        return Comparison(
            since=since,
            until=self._tx.now,
            incidents={it.number: it for it in self._session.incidents.among(every)},
            said=_explained(wanted(differences(then.said, new.said)), said),
            rang=self._reached(_explained(wanted(differences(then.rang, new.rang)), rang)),
            unlike=sorted({*_unlike(said), *_unlike(rang)}),
            known=sum(kind is not Difference.NEW for kind, _ in (*said, *rang)),
            silent=[it for it in self._silent(past.silent, until) if it.end >= since],
            unread=past.unread,
        )

    def _lived_until(self) -> datetime:
        """Return since when something is due that no Spy sends; if there is nothing, now."""
        due, now = self._session.timers.next_due(), self._tx.now
        return due if due and now - due > LATE_AFTER else now

    def _silent(self, known: Sequence[SilentTime], until: datetime) -> Sequence[SilentTime]:
        return known if until == self._tx.now else [*known, SilentTime(start=until, end=self._tx.now)]

    def _reached(self, rang: Found[ReplayedPage]) -> Found[ReplayedPage]:
        """Return the pages with whom they reach, and whether it is night there."""
        times = [it.at for _, it in rang]
        shifts = self._session.shifts.between(min(times), max(times) + SECOND) if times else ()
        of_teams: defaultdict[str, list[Shift]] = defaultdict(list)
        for shift in shifts:
            of_teams[shift.team].append(shift)
        schedules = {team: Schedule(theirs) for team, theirs in of_teams.items()}
        return [(kind, self._reaching(it, schedules)) for kind, it in rang]

    def _reaching(self, rang: ReplayedPage, schedules: Mapping[str, Schedule]) -> ReplayedPage:
        schedule = None if rang.is_next else schedules.get(rang.team or "")
        person = rang.person or (schedule.person_at(rang.at) if schedule else None)
        if person is None:
            return rang
        there = rang.at.astimezone(ZoneInfo(Directory(self._tx).zone(person)))
        return replace(rang, person=person, is_night=self._tx.policy.timers.is_night(there.hour))


def _as_it_was(past: Past, then: ReplayResult, policy: Policy, until: datetime) -> tuple[Past, ReplayResult]:
    """Replay under the settings of today, and return what is known of outages since.

    What should have been said, and was not, may show that an outage began earlier than the late reminder tells.
    """
    today = replay(past, policy, before=policy, until=until)
    for _ in range(OFTEN):
        longer = longer_silences(
            past, [it for kind, it in differences(then.said, today.said) if kind is Difference.NEW]
        )
        if longer == past.silent:
            break
        past = replace(past, silent=longer)
        today = replay(past, policy, before=policy, until=until)
    return past, today


def _explained(found: Found[T], unexplained: Found[T]) -> Found[T]:
    """Return the differences without those that the replay shows under the settings of today, too."""
    unlike: dict[tuple[Difference, str], T] = {
        (kind, it.key): it for kind, it in unexplained if kind is not Difference.SAME
    }
    return list(_without(found, unlike))


def _without(found: Found[T], unlike: Mapping[tuple[Difference, str], T]) -> Iterator[tuple[Difference, T]]:
    for kind, it in found:
        is_unexplained = it.is_same(unlike.get((kind, it.key)))
        if not is_unexplained:
            yield kind, it
        elif kind is Difference.GONE:
            yield Difference.SAME, it


def _unlike(found: Found[T]) -> Iterator[tuple[int, str]]:
    for kind, it in found:
        if kind is not Difference.SAME:
            yield it.incident, it.row if isinstance(it, ReplayedReminder) else it.why
