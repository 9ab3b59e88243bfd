"""Who is on call and when: weekly turns with overrides laid over them, as PagerDuty renders a schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TURN = timedelta(weeks=1)


@dataclass(frozen=True, kw_only=True)
class ScheduleShift:
    """One person's unbroken time on a schedule."""

    user: str
    start: datetime
    end: datetime

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Whether any of the shift lies in [since, until); an instant is asked for by since == until."""
        return self.end > since and (self.start < until or self.start == since)


@dataclass(frozen=True, kw_only=True)
class ScheduleOverride:
    id: str
    shift: ScheduleShift


@dataclass(frozen=True, kw_only=True)
class PagerDutySchedule:
    """Users who take turns of a week; the first one's turn began at `start`. Without users nobody is on call."""

    id: str
    name: str
    users: tuple[str, ...]
    start: datetime
    overrides: tuple[ScheduleOverride, ...] = ()

    def with_override(self, override: ScheduleOverride) -> PagerDutySchedule:
        return replace(self, overrides=(*self.overrides, override))

    def without_override(self, override_id: str) -> PagerDutySchedule:
        return replace(self, overrides=tuple(o for o in self.overrides if o.id != override_id))

    def turns(self, since: datetime, until: datetime) -> list[ScheduleShift]:
        """The rotation alone, in whole turns."""
        number, turns = (since - self.start) // TURN, list[ScheduleShift]()
        if not self.users:
            return turns
        while (start := self.start + number * TURN) < until or not turns:
            user = self.users[number % len(self.users)]
            turns.append(ScheduleShift(user=user, start=start, end=start + TURN))
            number += 1
        return turns

    def final(self, since: datetime, until: datetime) -> list[ScheduleShift]:
        """What holds in the end, in whole shifts: each later override covers what lies under it."""
        shifts = self.turns(since, until)
        for override in self.overrides:
            shifts = _laid_over(shifts, override.shift)
        return [shift for shift in sorted(shifts, key=lambda s: s.start) if shift.overlaps(since, until)]

    def has(self, user: str, since: datetime, until: datetime) -> bool:
        """Whether nobody else is on call in between."""
        return {shift.user for shift in self.final(since, until)} == {user}

    def on_call(self, now: datetime) -> ScheduleShift | None:
        return next((shift for shift in self.final(now, now) if shift.end > now), None)


def clipped(shifts: Iterable[ScheduleShift], since: datetime, until: datetime) -> list[ScheduleShift]:
    """The shifts cut to the window asked for, as a schedule's rendering shows them."""
    cut = [replace(s, start=max(s.start, since), end=min(s.end, until)) for s in shifts]
    return [shift for shift in cut if shift.start < shift.end]


def _laid_over(shifts: list[ScheduleShift], top: ScheduleShift) -> list[ScheduleShift]:
    left = [replace(s, end=min(s.end, top.start)) for s in shifts if s.start < top.start]
    right = [replace(s, start=max(s.start, top.end)) for s in shifts if s.end > top.end]
    return [shift for shift in [*left, top, *right] if shift.start < shift.end]
