"""The part of PagerDuty's API about users, services, policies, schedules and on-calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bot.sandbox.pagerduty.account import PagerDutyAccount
from bot.sandbox.pagerduty.api_rules import (
    BAD_DATES,
    BAD_INPUT,
    CREATED,
    UNKNOWN,
    id_of,
    known,
    named,
    object_in,
    objects_in,
    page,
    refuse,
    require,
    time_of,
    wanted,
)
from bot.sandbox.pagerduty.schedules import PagerDutySchedule, ScheduleShift
from bot.sandbox.pagerduty.shapes import PagerDutyJson
from bot.sandbox.server.rest import JSON, ApiCall, ApiResponse, Route

DEFAULT_WINDOW = timedelta(weeks=2)


class DirectoryApi:
    """The routes. The caller holds the account's lock."""

    def __init__(
        self, account: PagerDutyAccount, shapes: PagerDutyJson, *, clock: Callable[[], datetime]
    ) -> None:
        self._account = account
        self._shapes = shapes
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        return [
            ("GET", "/users", self.list_users),
            ("GET", "/users/me", self.show_me),
            ("GET", "/users/{id}", self.show_user),
            ("GET", "/users/{id}/contact_methods", self.list_contact_methods),
            ("GET", "/services", self.list_services),
            ("GET", "/services/{id}", self.show_service),
            ("GET", "/escalation_policies", self.list_policies),
            ("GET", "/escalation_policies/{id}", self.show_policy),
            ("GET", "/schedules", self.list_schedules),
            ("GET", "/schedules/{id}", self.show_schedule),
            ("GET", "/schedules/{id}/overrides", self.list_overrides),
            ("POST", "/schedules/{id}/overrides", self.create_overrides),
            ("DELETE", "/schedules/{id}/overrides/{override}", self.delete_override),
            ("GET", "/oncalls", self.list_on_calls),
            ("GET", "/change_events", self.list_changes),
        ]

    # --- changes

    def list_changes(self, call: ApiCall) -> ApiResponse:
        since, until = time_of(call.one("since")), time_of(call.one("until"))
        found = [it for it in self._account.changes if since <= it.at <= until]
        return page(call, "change_events", [self._shapes.change_event(it) for it in found])

    # --- people, services, policies

    def list_users(self, call: ApiCall) -> ApiResponse:
        query, include = call.one("query").lower(), call.many("include")
        found = [u for u in self._account.users.values() if query in f"{u.name} {u.email}".lower()]
        return page(call, "users", [self._shapes.user(user, include) for user in found])

    def show_me(self, call: ApiCall) -> ApiResponse:
        me = self._account.user_called("spy")
        return ApiResponse(body={"user": self._shapes.user(me, call.many("include")) if me else None})

    def show_user(self, call: ApiCall) -> ApiResponse:
        user = known(self._account.users, call)
        return ApiResponse(body={"user": self._shapes.user(user, call.many("include"))})

    def list_contact_methods(self, call: ApiCall) -> ApiResponse:
        user = known(self._account.users, call)
        return ApiResponse(body={"contact_methods": self._shapes.contact_methods(user)})

    def list_services(self, call: ApiCall) -> ApiResponse:
        found = named(self._account.services.values(), call)
        return page(call, "services", [self._shapes.service(service) for service in found])

    def show_service(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(body={"service": self._shapes.service(known(self._account.services, call))})

    def list_policies(self, call: ApiCall) -> ApiResponse:
        found = named(self._account.policies.values(), call)
        return page(call, "escalation_policies", [self._shapes.policy(policy) for policy in found])

    def show_policy(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(
            body={"escalation_policy": self._shapes.policy(known(self._account.policies, call))}
        )

    # --- schedules and on-calls

    def _layered(self) -> dict[str, PagerDutySchedule]:
        """Return the layered schedules: the shift-based ones have an API of their own."""
        every = self._account.schedules.items()
        return {ident: it for ident, it in every if isinstance(it, PagerDutySchedule)}

    def list_schedules(self, call: ApiCall) -> ApiResponse:
        found = named(self._layered().values(), call)
        return page(call, "schedules", [self._shapes.schedule(schedule) for schedule in found])

    def show_schedule(self, call: ApiCall) -> ApiResponse:
        schedule = known(self._layered(), call)
        since, until = self._window(call, DEFAULT_WINDOW)
        cut = call.one("overflow") != "true"
        return ApiResponse(
            body={"schedule": self._shapes.rendered_schedule(schedule, since, until, cut=cut)},
        )

    def list_overrides(self, call: ApiCall) -> ApiResponse:
        schedule = known(self._layered(), call)
        if not (call.one("since") and call.one("until")):
            refuse(400, BAD_INPUT, "Since and until are required")
        since, until = self._window(call, DEFAULT_WINDOW)
        found = [o for o in schedule.overrides if o.shift.overlaps(since, until)]
        return ApiResponse(body={"overrides": [self._shapes.override(override) for override in found]})

    def create_overrides(self, call: ApiCall) -> ApiResponse:
        """Create overrides, and return a list of results. The older form, one `override`, returns that one."""
        schedule = known(self._layered(), call)
        if "override" in call.body:
            outcome = self._override(schedule.id, object_in(call.body, "override"))
            if outcome["status"] != CREATED:
                refuse(400, BAD_INPUT, *outcome["errors"])
            return ApiResponse(status=CREATED, body={"override": outcome["override"]})
        outcomes = [self._override(schedule.id, given) for given in objects_in(call.body, "overrides")]
        return ApiResponse(status=CREATED, body=outcomes)

    def _override(self, schedule_id: str, given: JSON) -> JSON:
        require(given, "start", "end", "user")
        shift = ScheduleShift(
            user=id_of(given["user"]), start=time_of(given["start"]), end=time_of(given["end"])
        )
        if shift.user not in self._account.users:
            return {"status": 400, "errors": ["User not found"], "override": given}
        if shift.end <= shift.start:
            return {"status": 400, "errors": ["Override must end after its start"], "override": given}
        override = self._account.override(schedule_id, shift)
        return {"status": CREATED, "override": self._shapes.override(override)}

    def delete_override(self, call: ApiCall) -> ApiResponse:
        schedule = known(self._layered(), call)
        if call.ids["override"] not in [override.id for override in schedule.overrides]:
            refuse(404, UNKNOWN)
        self._account.schedules[schedule.id] = schedule.without_override(call.ids["override"])
        return ApiResponse(status=204)

    def list_on_calls(self, call: ApiCall) -> ApiResponse:
        since, until = self._window(call, timedelta(0))
        include, users = call.many("include"), call.many("user_ids")
        found = [
            self._shapes.on_call(policy, level, shift, include)
            for policy in self._account.policies.values()
            for level in range(1, len(policy.levels) + 1)
            if wanted(call, "escalation_policy_ids", policy.id)
            and wanted(call, "schedule_ids", policy.levels[level - 1])
            for shift in self._shifts(policy.levels[level - 1], since, until)
        ]
        found = [on_call for on_call in found if not users or on_call["user"]["id"] in users]
        return page(call, "oncalls", _earliest(found) if call.one("earliest") == "true" else found)

    def _shifts(self, target: str, since: datetime, until: datetime) -> Sequence[ScheduleShift | None]:
        schedule = self._account.schedules.get(target)
        return schedule.final(since, until) if schedule else [None]

    def _window(self, call: ApiCall, length: timedelta) -> tuple[datetime, datetime]:
        since = time_of(call.one("since")) if call.one("since") else self._clock()
        until = time_of(call.one("until")) if call.one("until") else since + length
        if until < since:
            refuse(400, BAD_DATES)
        return since, until


def _earliest(on_calls: list[JSON]) -> list[JSON]:
    """Keep the first entry of each user on each level of each policy."""
    first: dict[tuple[str, int, str], JSON] = {}
    for on_call in on_calls:
        key = (on_call["escalation_policy"]["id"], on_call["escalation_level"], on_call["user"]["id"])
        first.setdefault(key, on_call)
    return list(first.values())
