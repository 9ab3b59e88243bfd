"""PagerDuty's API of shift-based schedules, `/v3/schedules`, as its upgrade guide describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NoReturn

from bot.sandbox.pagerduty.account import PagerDutyAccount
from bot.sandbox.pagerduty.api_rules import (
    BAD_DATES,
    BAD_INPUT,
    CREATED,
    UNKNOWN,
    object_in,
    objects_in,
    page,
    refuse,
    time_of,
)
from bot.sandbox.pagerduty.schedules import ScheduleShift
from bot.sandbox.pagerduty.shapes import PagerDutyJson
from bot.sandbox.pagerduty.shift_based import CustomShift, OverrideShift, ShiftBasedSchedule
from bot.sandbox.pagerduty.shift_shapes import ShiftJson, custom_shift, override_shift
from bot.sandbox.server.rest import JSON, ApiCall, ApiResponse, Route

EARLY_ACCESS = "flexible-schedules-early-access"
DEFAULT_WINDOW = timedelta(weeks=2)


class ShiftScheduleApi:
    """The routes. The caller holds the account's lock.

    This account has early access, so it wants the header.
    """

    def __init__(
        self, account: PagerDutyAccount, shapes: PagerDutyJson, *, clock: Callable[[], datetime]
    ) -> None:
        self._account = account
        self._shapes = ShiftJson(account, shapes)
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        return [
            ("GET", "/v3/schedules", self.list_schedules),
            ("GET", "/v3/schedules/{id}", self.show_schedule),
            ("GET", "/v3/schedules/{id}/overrides", self.list_overrides),
            ("POST", "/v3/schedules/{id}/overrides", self.create_overrides),
            ("DELETE", "/v3/schedules/{id}/overrides/{override}", self.delete_override),
            ("GET", "/v3/schedules/{id}/custom_shifts", self.list_custom_shifts),
            ("POST", "/v3/schedules/{id}/custom_shifts", self.create_custom_shifts),
            ("DELETE", "/v3/schedules/{id}/custom_shifts/{shift}", self.delete_custom_shift),
        ]

    def list_schedules(self, call: ApiCall) -> ApiResponse:
        _must_have_access(call)
        found = [it for it in self._account.schedules.values() if isinstance(it, ShiftBasedSchedule)]
        return page(call, "schedules", [self._shapes.reference(it) for it in found])

    def show_schedule(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        since, until = self._window(call)
        body = self._shapes.schedule(schedule)
        if "final_schedule" in call.many("include"):
            cut = call.one("overflow") != "true"
            body["final_schedule"] = self._shapes.final(schedule, since, until, cut=cut)
        return ApiResponse(body={"schedule": body})

    # --- overrides

    def list_overrides(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        since, until = self._given_window(call)
        found = [it for it in schedule.overrides if it.shift.overlaps(since, until)]
        return page(call, "overrides", [override_shift(it) for it in found])

    def create_overrides(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        made = [self._override(given, schedule) for given in _some(call, "overrides")]
        for override in made:
            schedule = schedule.with_override(override)
        self._account.schedules[schedule.id] = schedule
        return ApiResponse(status=CREATED, body={"overrides": [override_shift(it) for it in made]})

    def delete_override(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        if call.ids["override"] not in [it.id for it in schedule.overrides]:
            refuse(404, UNKNOWN)
        self._account.schedules[schedule.id] = schedule.without_override(call.ids["override"])
        return ApiResponse(status=204)

    def _override(self, given: JSON, schedule: ShiftBasedSchedule) -> OverrideShift:
        if given.get("type") != "override_shift":
            refuse(400, BAD_INPUT, "Type must be override_shift")
        rotation, shift = given.get("rotation_id") or "", given.get("custom_shift_id") or ""
        known = {it.id for it in schedule.rotations} | {it.id for it in schedule.custom_shifts}
        if bool(rotation) == bool(shift) or (rotation or shift) not in known:
            refuse(400, BAD_INPUT, "Exactly one of rotation_id and custom_shift_id is required")
        return OverrideShift(
            id=self._account.fresh_id(),
            shift=self._shift(given, object_in(given, "overriding_member")),
            overridden=self._member(object_in(given, "overridden_member")),
            rotation=rotation,
            custom_shift=shift,
        )

    # --- custom shifts

    def list_custom_shifts(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        since, until = self._given_window(call)
        found = [it for it in schedule.custom_shifts if it.shift.overlaps(since, until)]
        return page(call, "custom_shifts", [custom_shift(it) for it in found])

    def create_custom_shifts(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        made = [self._custom_shift(given) for given in _some(call, "custom_shifts")]
        for shift in made:
            schedule = schedule.with_custom_shift(shift)
        self._account.schedules[schedule.id] = schedule
        return ApiResponse(status=CREATED, body={"custom_shifts": [custom_shift(it) for it in made]})

    def delete_custom_shift(self, call: ApiCall) -> ApiResponse:
        schedule = self._schedule(call)
        if call.ids["shift"] not in [it.id for it in schedule.custom_shifts]:
            refuse(404, UNKNOWN)
        self._account.schedules[schedule.id] = schedule.without_custom_shift(call.ids["shift"])
        return ApiResponse(status=204)

    def _custom_shift(self, given: JSON) -> CustomShift:
        assignments = objects_in(given, "assignments")
        if given.get("type") != "custom_shift" or len(assignments) != 1:
            refuse(400, BAD_INPUT, "A custom_shift has exactly one assignment")
        return CustomShift(
            id=self._account.fresh_id(), shift=self._shift(given, object_in(assignments[0], "member"))
        )

    # --- what requests name

    def _schedule(self, call: ApiCall) -> ShiftBasedSchedule:
        _must_have_access(call)
        found = self._account.schedules.get(call.ids["id"]) or refuse(404, UNKNOWN)
        return found if isinstance(found, ShiftBasedSchedule) else _not_upgraded()

    def _shift(self, given: JSON, member: JSON) -> ScheduleShift:
        start, end = time_of(str(given.get("start_time"))), time_of(str(given.get("end_time")))
        if end <= start:
            refuse(400, BAD_INPUT, "end_time must be after start_time")
        return ScheduleShift(user=self._member(member), start=start, end=end)

    def _member(self, given: JSON) -> str:
        user = str(given.get("user_id"))
        if given.get("type") != "user_member" or user not in self._account.users:
            refuse(400, BAD_INPUT, "Member must be a user_member with a known user_id")
        return user

    def _given_window(self, call: ApiCall) -> tuple[datetime, datetime]:
        if not (call.one("since") and call.one("until")):
            refuse(400, BAD_INPUT, "Since and until are required")
        return self._window(call)

    def _window(self, call: ApiCall) -> tuple[datetime, datetime]:
        since = time_of(call.one("since")) if call.one("since") else self._clock()
        until = time_of(call.one("until")) if call.one("until") else since + DEFAULT_WINDOW
        if until < since:
            refuse(400, BAD_DATES)
        return since, until


def _must_have_access(call: ApiCall) -> None:
    if call.headers.get("x-early-access") != EARLY_ACCESS:
        refuse(403, (2010, "Access Denied"), f"The header X-Early-Access: {EARLY_ACCESS} is missing")


def _not_upgraded() -> NoReturn:
    refuse(400, BAD_INPUT, "This schedule is layered")


def _some(call: ApiCall, name: str) -> list[JSON]:
    return objects_in(call.body, name) or refuse(400, BAD_INPUT, f"{name} cannot be empty")
