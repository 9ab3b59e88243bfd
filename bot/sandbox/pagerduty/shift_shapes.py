"""PagerDuty's JSON of shift-based schedules."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.pagerduty.account import PagerDutyAccount
from bot.sandbox.pagerduty.schedules import TURN, ScheduleShift, clipped
from bot.sandbox.pagerduty.shapes import PagerDutyJson, time_of
from bot.sandbox.pagerduty.shift_based import (
    CustomShift,
    OverrideShift,
    Rotation,
    ShiftAssignment,
    ShiftBasedSchedule,
)
from bot.sandbox.server.rest import JSON


class ShiftJson:
    def __init__(self, account: PagerDutyAccount, shapes: PagerDutyJson) -> None:
        self._account = account
        self._shapes = shapes

    def reference(self, schedule: ShiftBasedSchedule) -> JSON:
        return self._shapes.schedule_reference(schedule)

    def schedule(self, schedule: ShiftBasedSchedule) -> JSON:
        """Return a schedule without its final form, which a request has to include."""
        reference = self.reference(schedule)
        policies = [it for it in self._account.policies.values() if schedule.id in it.levels]
        return {
            "id": schedule.id,
            "type": "schedule_v3",
            "name": schedule.name,
            "description": "",
            "time_zone": "Etc/UTC",
            "self": reference["self"],
            "html_url": reference["html_url"],
            "escalation_policies": [self._shapes.policy_reference(it) for it in policies],
            "teams": [],
            "rotations": [_rotation(it) for it in schedule.rotations],
        }

    def final(self, schedule: ShiftBasedSchedule, since: datetime, until: datetime, *, cut: bool) -> JSON:
        """Return who is on call when, cut to the two times unless `overflow` is set."""
        found = schedule.assignments(since, until)
        pieces = [
            (it, shift)
            for it in found
            for shift in (clipped([it.shift], since, until) if cut else [it.shift])
        ]
        return {
            "type": "final_schedule",
            "rendered_coverage_percentage": 100 if any(not it.is_empty for it in found) else 0,
            "computed_shift_assignments": [_assignment(it, shift) for it, shift in pieces],
        }


def _rotation(rotation: Rotation) -> JSON:
    start, end = rotation.start, rotation.start + TURN
    members = [member(user) for user in rotation.users] or [member("")]
    strategy = {"type": "rotating_member_assignment_strategy", "shifts_per_member": 1, "members": members}
    event = {
        "id": f"{rotation.id}EVENT",
        "type": "schedule_event",
        "name": "Week",
        "start_time": {"date_time": time_of(start), "time_zone": "Etc/UTC"},
        "end_time": {"date_time": time_of(end), "time_zone": "Etc/UTC"},
        "effective_since": time_of(rotation.start),
        "effective_until": None,
        "recurrence": ["RRULE:FREQ=WEEKLY"],
        "assignment_strategy": strategy,
    }
    return {"id": rotation.id, "type": "schedule_rotation", "events": [event]}


def _assignment(given: ShiftAssignment, shift: ScheduleShift) -> JSON:
    kind = "schedule_rotation" if given.rotation else "custom_shift"
    source = {
        "type": f"{kind}_override" if given.override else kind,
        "rotation_id": given.rotation,
        "shift_id": given.custom_shift,
        "override_id": given.override,
    }
    return {
        "type": "computed_shift_assignment",
        "start_time": time_of(shift.start),
        "end_time": time_of(shift.end),
        "member": member(shift.user),
        "source": {key: value for key, value in source.items() if value},
    }


def override_shift(override: OverrideShift) -> JSON:
    source = {"rotation_id": override.rotation, "custom_shift_id": override.custom_shift}
    return {
        "id": override.id,
        "type": "override_shift",
        **{key: value for key, value in source.items() if value},
        "start_time": time_of(override.shift.start),
        "end_time": time_of(override.shift.end),
        "overridden_member": member(override.overridden),
        "overriding_member": member(override.shift.user),
    }


def custom_shift(given: CustomShift) -> JSON:
    assignment = {"id": f"{given.id}A", "type": "shift_assignment", "member": member(given.shift.user)}
    return {
        "id": given.id,
        "type": "custom_shift",
        "start_time": time_of(given.shift.start),
        "end_time": time_of(given.shift.end),
        "assignments": [assignment],
    }


def member(user: str) -> JSON:
    return {"type": "user_member", "user_id": user} if user else {"type": "empty_member"}
