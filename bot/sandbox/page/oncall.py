"""Who is on call and until when, and whose phone rings, as PagerDuty shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.sandbox import Box
from bot.sandbox.pagerduty.account import PagerDutyPolicy, PagerDutyUser
from bot.sandbox.pagerduty.incidents import PagerDutyIncident
from bot.sandbox.pagerduty.pagerduty import PhoneRing
from bot.sandbox.pagerduty.schedules import PagerDutySchedule
from bot.sandbox.pagerduty.shift_based import ShiftBasedSchedule
from bot.sandbox.slack.world import SlackPerson

AHEAD = timedelta(weeks=3)
REMEMBERED = 5  # resolved pages


@dataclass(frozen=True, kw_only=True)
class Phone:
    """One person's phone; `held` are the pages they acknowledged."""

    person: SlackPerson
    zone: tzinfo
    city: str
    rings: tuple[PhoneRing, ...]
    held: tuple[PagerDutyIncident, ...]


@dataclass(frozen=True, kw_only=True)
class OnCallTurn:
    """One turn on call. `override` is the id of an override, or empty. Times are in the reader's zone."""

    person: SlackPerson
    start: datetime
    end: datetime
    is_now: bool
    override: str


@dataclass(frozen=True, kw_only=True)
class PolicyLevel:
    """A schedule with its turns, or a person who is always on call."""

    schedule: PagerDutySchedule | ShiftBasedSchedule | None = None
    turns: tuple[OnCallTurn, ...] = ()
    person: SlackPerson | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyView:
    name: str
    levels: tuple[PolicyLevel, ...]


class OnCallView:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._pager = box.pagerduty

    def phones(self) -> list[Phone]:
        rings = self._pager.phones
        with self._pager.lock:
            return [self._phone(user, tuple(rings[user.handle])) for user in self.callable()]

    def ringing(self) -> int:
        return sum(len(rings) for rings in self._pager.phones.values())

    def over(self) -> list[PagerDutyIncident]:
        """Return the pages resolved last, the latest first."""
        with self._pager.lock:
            return [it for it in self._pager.incidents if not it.is_open][: -REMEMBERED - 1 : -1]

    def policies(self, zone: tzinfo) -> list[PolicyView]:
        with self._pager.lock:
            return [self._policy(policy, zone) for policy in self._pager.account.policies.values()]

    def schedules(self) -> list[PagerDutySchedule | ShiftBasedSchedule]:
        return list(self._pager.account.schedules.values())

    def callable(self) -> list[PagerDutyUser]:
        """Return the users with a phone."""
        return [u for u in self._pager.account.users.values() if not self._box.slack.person(u.handle).is_bot]

    def _phone(self, user: PagerDutyUser, rings: tuple[PhoneRing, ...]) -> Phone:
        held = tuple(it for it in self._pager.incidents if it.is_open and user.id in it.acknowledged)
        return Phone(
            person=self._box.slack.person(user.handle),
            zone=ZoneInfo(user.time_zone),
            city=user.time_zone.rpartition("/")[2].replace("_", " "),
            rings=rings,
            held=held,
        )

    def _policy(self, policy: PagerDutyPolicy, zone: tzinfo) -> PolicyView:
        return PolicyView(
            name=policy.name, levels=tuple(self._level(target, zone) for target in policy.levels)
        )

    def _level(self, target: str, zone: tzinfo) -> PolicyLevel:
        schedule = self._pager.account.schedules.get(target)
        if schedule is None:
            return PolicyLevel(person=self._person(target))
        now = self._box.clock.now()
        overrides = {(o.shift.user, o.shift.end): o.id for o in schedule.overrides}
        turns = tuple(
            OnCallTurn(
                person=self._person(shift.user),
                start=shift.start.astimezone(zone),
                end=shift.end.astimezone(zone),
                is_now=shift.start <= now < shift.end,
                override=overrides.get((shift.user, shift.end), ""),
            )
            for shift in schedule.final(now, now + AHEAD)
            if shift.end > now
        )
        return PolicyLevel(schedule=schedule, turns=turns)

    def _person(self, user_id: str) -> SlackPerson:
        return self._box.slack.person(self._pager.account.users[user_id].handle)
