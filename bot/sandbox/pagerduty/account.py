"""The PagerDuty account of the box's company: its users, services, policies and schedules."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.sandbox.pagerduty.schedules import PagerDutySchedule, ScheduleOverride, ScheduleShift
from bot.sandbox.pagerduty.shift_based import ShiftBasedSchedule, upgraded

HANDOFF_HOUR = 9
A_WHILE = timedelta(hours=12)
"""How long an override by `put_on_call` lasts."""


@dataclass(frozen=True, kw_only=True)
class PagerDutyUser:
    id: str
    handle: str
    name: str
    time_zone: str
    phone: str

    @property
    def email(self) -> str:
        return f"{self.handle}@example.com"


@dataclass(frozen=True, kw_only=True)
class PagerDutyPolicy:
    """An escalation policy. Each level is the id of a schedule, or of a user who is always on call."""

    id: str
    name: str
    levels: tuple[str, ...]
    delay: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class PagerDutyService:
    id: str
    name: str
    policy: str
    acknowledgement_timeout: timedelta = timedelta(minutes=30)


USERS = (
    PagerDutyUser(id="PUANA", handle="ana", name="Ana Lima", time_zone="Europe/Lisbon", phone="5550100"),
    PagerDutyUser(id="PURAJ", handle="raj", name="Raj Patel", time_zone="Asia/Kolkata", phone="5550101"),
    PagerDutyUser(
        id="PUKIM", handle="kim", name="Kim Park", time_zone="America/Los_Angeles", phone="5550102"
    ),
    PagerDutyUser(id="PUSPY", handle="spy", name="Spy", time_zone="Etc/UTC", phone="5550199"),
)

SERVICES = (
    PagerDutyService(id="PSVC1", name="imoc", policy="PPOL1"),
    PagerDutyService(id="PSVC2", name="payments", policy="PPOL2"),
)

POLICIES = (
    PagerDutyPolicy(id="PPOL1", name="imoc", levels=("PSCH1", "PSCH3")),
    PagerDutyPolicy(id="PPOL2", name="payments", levels=("PSCH2", "PURAJ")),
)


@dataclass(frozen=True, kw_only=True)
class ChangeEvent:
    """A change event that a tool sent."""

    id: str
    summary: str
    at: datetime
    source: str
    service: str
    link: str


@dataclass(kw_only=True)
class PagerDutyAccount:
    """The account without its incidents, by id. Only schedules and changes ever change."""

    schedules: dict[str, PagerDutySchedule | ShiftBasedSchedule]
    users: dict[str, PagerDutyUser] = field(default_factory=lambda: {user.id: user for user in USERS})
    services: dict[str, PagerDutyService] = field(default_factory=lambda: {s.id: s for s in SERVICES})
    policies: dict[str, PagerDutyPolicy] = field(default_factory=lambda: {p.id: p for p in POLICIES})
    changes: list[ChangeEvent] = field(default_factory=list)
    _override_numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def users_at(self, policy: PagerDutyPolicy, level: int, now: datetime) -> list[str]:
        """Return the users on call at a level, counted from 1."""
        target = policy.levels[level - 1]
        if target in self.users:
            return [target]
        on_call = self.schedules[target].all_on_call(now)
        return list(dict.fromkeys(shift.user for shift in on_call))

    def vacate(self, schedule_id: str) -> None:
        """Empty a schedule, so that nobody is on call."""
        schedule = self.schedules[schedule_id]
        if isinstance(schedule, PagerDutySchedule):
            self.schedules[schedule_id] = replace(schedule, users=(), overrides=())
        else:
            self.schedules[schedule_id] = replace(schedule, rotations=(), custom_shifts=(), overrides=())

    def upgrade(self, schedule_id: str) -> ShiftBasedSchedule:
        """Turn a layered schedule into a shift-based one, as PagerDuty does for its customers."""
        schedule = self.schedules[schedule_id]
        if isinstance(schedule, PagerDutySchedule):
            schedule = upgraded(schedule, ids=self._ids())
            self.schedules[schedule_id] = schedule
        return schedule

    def add_rotation(self, schedule_id: str, *users: str) -> None:
        """Let others be on call beside those who are. The schedule becomes shift-based."""
        schedule = self.upgrade(schedule_id)
        start = schedule.rotations[0].start
        self.schedules[schedule_id] = schedule.with_rotation(*users, start=start)

    def user_called(self, handle: str) -> PagerDutyUser | None:
        return next((user for user in self.users.values() if user.handle == handle), None)

    def user_with(self, email: str) -> PagerDutyUser | None:
        return next((user for user in self.users.values() if user.email == email.lower()), None)

    def fresh_id(self) -> str:
        return f"O{next(self._override_numbers):013d}"

    def _ids(self) -> Iterator[str]:
        while True:
            yield self.fresh_id()

    def override(self, schedule_id: str, shift: ScheduleShift) -> ScheduleOverride:
        """Put one user on call instead of everybody."""
        schedule, override = self.schedules[schedule_id], ScheduleOverride(id=self.fresh_id(), shift=shift)
        if isinstance(schedule, PagerDutySchedule):
            self.schedules[schedule_id] = schedule.with_override(override)
        else:
            self.schedules[schedule_id] = schedule.replacing_all(shift, ids=self._ids())
        return override

    def put_on_call(self, policy: str, users: Sequence[str], now: datetime) -> None:
        """Put one user on call per level, from the first. A turn that lasts long enough stays."""
        levels = self._levels(policy)
        if len(users) > len(levels):
            raise LookupError(f"{policy} has only {len(levels)} levels")
        for target, user in zip(levels, users, strict=False):
            if target in self.users:
                if target != user:
                    raise LookupError(f"on {policy}, {self.users[target].handle} is always on call there")
            elif not self.schedules[target].has(user, now, now + A_WHILE):
                self.override(target, ScheduleShift(user=user, start=now, end=now + A_WHILE))

    def _levels(self, policy: str) -> tuple[str, ...]:
        for known in self.policies.values():
            if known.name == policy:
                return known.levels
        names = ", ".join(known.name for known in self.policies.values())
        raise LookupError(f"PagerDuty has no policy {policy}; there is {names}")


def schedules(now: datetime) -> dict[str, PagerDutySchedule | ShiftBasedSchedule]:
    """Return the schedules of a box that opens now. The turns changed yesterday, so no turn ends for days."""
    start = (
        (now - timedelta(days=1))
        .astimezone(UTC)
        .replace(hour=HANDOFF_HOUR, minute=0, second=0, microsecond=0)
    )
    opening = (
        PagerDutySchedule(id="PSCH1", name="imoc", users=("PURAJ", "PUANA"), start=start),
        PagerDutySchedule(id="PSCH2", name="payments", users=("PUKIM", "PUANA"), start=start),
        PagerDutySchedule(id="PSCH3", name="imoc second", users=("PUANA", "PURAJ"), start=start),
    )
    return {it.id: it for it in opening}
