"""Shift-based schedules: rotations, custom shifts and overrides, with several people on call at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.sandbox.pagerduty.schedules import TURN, PagerDutySchedule, ScheduleShift


@dataclass(frozen=True, kw_only=True)
class ShiftAssignment:
    """One user's time on a schedule, and where it comes from: the id of a rotation or of a custom shift.

    Without a user the slot is unassigned. `override` is the id of the override that put this user there.
    """

    shift: ScheduleShift
    rotation: str = ""
    custom_shift: str = ""
    override: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.shift.user


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Users who take turns of a week. The first user's turn began at `start`. No users: an unassigned slot."""

    id: str
    users: tuple[str, ...]
    start: datetime

    def assignments(self, since: datetime, until: datetime) -> list[ShiftAssignment]:
        number, found = max((since - self.start) // TURN, 0), list[ShiftAssignment]()
        while (start := self.start + number * TURN) < until or not found:
            user = self.users[number % len(self.users)] if self.users else ""
            shift = ScheduleShift(user=user, start=start, end=start + TURN)
            found.append(ShiftAssignment(shift=shift, rotation=self.id))
            number += 1
        return found


@dataclass(frozen=True, kw_only=True)
class CustomShift:
    """A shift outside of all rotations. It adds a person, and replaces nobody."""

    id: str
    shift: ScheduleShift


@dataclass(frozen=True, kw_only=True)
class OverrideShift:
    """Puts one user in the place of another, in one rotation or one custom shift."""

    id: str
    shift: ScheduleShift
    overridden: str
    rotation: str = ""
    custom_shift: str = ""

    def applies_to(self, given: ShiftAssignment) -> bool:
        same_source = (given.rotation, given.custom_shift) == (self.rotation, self.custom_shift)
        return same_source and given.shift.user == self.overridden


@dataclass(frozen=True, kw_only=True)
class ShiftBasedSchedule:
    id: str
    name: str
    rotations: tuple[Rotation, ...]
    custom_shifts: tuple[CustomShift, ...] = ()
    overrides: tuple[OverrideShift, ...] = ()

    @property
    def users(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(user for rotation in self.rotations for user in rotation.users))

    def assignments(self, since: datetime, until: datetime) -> list[ShiftAssignment]:
        """Return the whole assignments that touch this time, the unassigned ones too, the earliest first."""
        found = [it for rotation in self.rotations for it in rotation.assignments(since, until)]
        found += [ShiftAssignment(shift=it.shift, custom_shift=it.id) for it in self.custom_shifts]
        for override in self.overrides:
            found = [piece for it in found for piece in _overridden(it, override)]
        return sorted((it for it in found if it.shift.overlaps(since, until)), key=lambda it: it.shift.start)

    def final(self, since: datetime, until: datetime) -> list[ScheduleShift]:
        return [it.shift for it in self.assignments(since, until) if not it.is_empty]

    def has(self, user: str, since: datetime, until: datetime) -> bool:
        """Whether only this user is on call in that time."""
        return {shift.user for shift in self.final(since, until)} == {user}

    def all_on_call(self, now: datetime) -> list[ScheduleShift]:
        return [shift for shift in self.final(now, now) if shift.end > now]

    # --- changes

    def with_rotation(self, *users: str, start: datetime) -> ShiftBasedSchedule:
        """Let others take turns beside those who do."""
        rotation = Rotation(id=f"{self.id}ROTATION{len(self.rotations) + 1}", users=users, start=start)
        return replace(self, rotations=(*self.rotations, rotation))

    def with_override(self, override: OverrideShift) -> ShiftBasedSchedule:
        return replace(self, overrides=(*self.overrides, override))

    def without_override(self, override_id: str) -> ShiftBasedSchedule:
        return replace(self, overrides=tuple(it for it in self.overrides if it.id != override_id))

    def with_custom_shift(self, custom_shift: CustomShift) -> ShiftBasedSchedule:
        return replace(self, custom_shifts=(*self.custom_shifts, custom_shift))

    def without_custom_shift(self, custom_shift_id: str) -> ShiftBasedSchedule:
        return replace(self, custom_shifts=tuple(it for it in self.custom_shifts if it.id != custom_shift_id))

    def replacing_all(self, shift: ScheduleShift, *, ids: Iterable[str]) -> ShiftBasedSchedule:
        """Put one user on call instead of everybody, as an override of a layered schedule does."""
        there, fresh, changed = self.assignments(shift.start, shift.end), iter(ids), self
        for it in there:
            part = replace(shift, start=max(shift.start, it.shift.start), end=min(shift.end, it.shift.end))
            override = OverrideShift(
                id=next(fresh),
                shift=part,
                overridden=it.shift.user,
                rotation=it.rotation,
                custom_shift=it.custom_shift,
            )
            changed = changed.with_override(override)
        return changed if there else self.with_custom_shift(CustomShift(id=next(fresh), shift=shift))


def upgraded(schedule: PagerDutySchedule, *, ids: Iterable[str]) -> ShiftBasedSchedule:
    """Return a layered schedule as PagerDuty upgrades it: the same id, one rotation, the same overrides."""
    fresh = iter(ids)
    new = ShiftBasedSchedule(id=schedule.id, name=schedule.name, rotations=())
    new = new.with_rotation(*schedule.users, start=schedule.start)
    for override in schedule.overrides:
        new = new.replacing_all(override.shift, ids=fresh)
    return new


def _overridden(given: ShiftAssignment, override: OverrideShift) -> Sequence[ShiftAssignment]:
    """Cut an assignment where the override applies, and put the other user there."""
    shift, top = given.shift, override.shift
    if not override.applies_to(given) or shift.end <= top.start or shift.start >= top.end:
        return [given]
    start, end = max(shift.start, top.start), min(shift.end, top.end)
    between = replace(top, start=start, end=end)
    pieces = [
        replace(given, shift=replace(shift, end=start)),
        replace(given, shift=between, override=override.id),
        replace(given, shift=replace(shift, start=end)),
    ]
    return [piece for piece in pieces if piece.shift.start < piece.shift.end]
