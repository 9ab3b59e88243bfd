"""Schedules: weekly turns with overrides, as PagerDuty renders them."""

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
        """Whether any of the shift is in [since, until). since == until asks about an instant."""
        return self.end > since and (self.start < until or self.start == since)


@dataclass(frozen=True, kw_only=True)
class ScheduleOverride:
    id: str
    shift: ScheduleShift


@dataclass(frozen=True, kw_only=True)
class PagerDutySchedule:
    """A schedule with turns of a week. The first user's turn began at `start`. No users: nobody is on call."""

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
        """Return the whole turns of the rotation, without overrides."""
        number, turns = (since - self.start) // TURN, list[ScheduleShift]()
        if not self.users:
            return turns
        while (start := self.start + number * TURN) < until or not turns:
            user = self.users[number % len(self.users)]
            turns.append(ScheduleShift(user=user, start=start, end=start + TURN))
            number += 1
        return turns

    def final(self, since: datetime, until: datetime) -> list[ScheduleShift]:
        """Return the whole shifts with overrides. A later override covers an earlier one."""
        shifts = self.turns(since, until)
        for override in self.overrides:
            shifts = _laid_over(shifts, override.shift)
        return [shift for shift in sorted(shifts, key=lambda s: s.start) if shift.overlaps(since, until)]

    def has(self, user: str, since: datetime, until: datetime) -> bool:
        """Whether only this user is on call in that time."""
        return {shift.user for shift in self.final(since, until)} == {user}

    def on_call(self, now: datetime) -> ScheduleShift | None:
        return next(iter(self.all_on_call(now)), None)

    def all_on_call(self, now: datetime) -> list[ScheduleShift]:
        """Return who is on call: one person, or nobody."""
        return [shift for shift in self.final(now, now) if shift.end > now][:1]


def clipped(shifts: Iterable[ScheduleShift], since: datetime, until: datetime) -> list[ScheduleShift]:
    """Cut the shifts to a window, as in a rendered schedule."""
    cut = [replace(s, start=max(s.start, since), end=min(s.end, until)) for s in shifts]
    return [shift for shift in cut if shift.start < shift.end]


def _laid_over(shifts: list[ScheduleShift], top: ScheduleShift) -> list[ScheduleShift]:
    left = [replace(s, end=min(s.end, top.start)) for s in shifts if s.start < top.start]
    right = [replace(s, start=max(s.start, top.end)) for s in shifts if s.end > top.end]
    return [shift for shift in [*left, top, *right] if shift.start < shift.end]
