"""Compare what was said with what would be said under other settings. No database is needed for that."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.oncall.schedule import Schedule
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Policy
from bot.domain.what_if import (
    Comparison,
    Difference,
    ReplayedPage,
    ReplayedReminder,
    ReplayResult,
    differences,
)
from bot.services.what_if.past import Past, longer_silences, truth
from bot.services.what_if.replay import replay

OFTEN = 5
"""How often the beginning of an outage is looked for."""
T = TypeVar("T", ReplayedReminder, ReplayedPage)
Found = Sequence[tuple[Difference, T]]


def compare(past: Past, policy: Policy, *, before: Policy, incident: int | None = None) -> Comparison:
    """Replay what happened under a policy, and return what differs, for all incidents or for one of them.

    All are replayed anyway, because a person may work on several. `before` are the settings of today: the replay
    under them shows what it can't explain, and that is no difference.
    """
    then = truth(past)
    past, today = _as_it_was(past, then, before)
    new = today if policy == before else replay(past, policy, before=before)

    def wanted(found: Iterable[tuple[Difference, T]]) -> Found[T]:
        return [(kind, it) for kind, it in found if it.at >= past.since and incident in {None, it.incident}]

    said, rang = wanted(differences(then.said, today.said)), wanted(differences(then.rang, today.rang))
    return Comparison(
        since=past.since,
        until=past.now,
        incidents=past.incidents,
        said=_explained(wanted(differences(then.said, new.said)), said),
        rang=_reached(_explained(wanted(differences(then.rang, new.rang)), rang), past, before),
        unlike=sorted({*_unlike(said), *_unlike(rang)}),
        known=sum(kind is not Difference.NEW for kind, _ in (*said, *rang)),
        silent=[it for it in past.silent if it.end >= past.since],
        unread=past.unread,
    )


def _reached(rang: Found[ReplayedPage], past: Past, policy: Policy) -> Found[ReplayedPage]:
    """Return the pages with whom they reach, and whether it is night there."""
    of_teams: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in past.shifts:
        of_teams[shift.team].append(shift)
    schedules = {team: Schedule(theirs) for team, theirs in of_teams.items()}

    def reaching(it: ReplayedPage) -> ReplayedPage:
        schedule = None if it.is_next else schedules.get(it.team or "")
        person = it.person or (schedule.person_at(it.at) if schedule else None)
        if person is None:
            return it
        known = past.people.get(person)
        there = it.at.astimezone(ZoneInfo((known and known.zone) or "UTC"))
        return replace(it, person=person, is_night=policy.timers.is_night(there.hour))

    return [(kind, reaching(it)) for kind, it in rang]


def _as_it_was(past: Past, then: ReplayResult, policy: Policy) -> tuple[Past, ReplayResult]:
    """Replay under the settings of today, and return what is known of outages since.

    What should have been said, and was not, may show that an outage began earlier than the late reminder tells.
    """
    today = replay(past, policy, before=policy)
    for _ in range(OFTEN):
        missed = [it for kind, it in differences(then.said, today.said) if kind is Difference.NEW]
        longer = longer_silences(past, missed)
        if longer == past.silent:
            break
        past = replace(past, silent=longer)
        today = replay(past, policy, before=policy)
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
