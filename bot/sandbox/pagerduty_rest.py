"""PagerDuty's REST API, version 2, as far as a chat bot speaks it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from bot.sandbox.pagerduty_account import Account
from bot.sandbox.pagerduty_incidents import AlreadyResolvedError, Incident, Incidents
from bot.sandbox.pagerduty_shapes import Shapes
from bot.sandbox.rest import JSON, Answer, ASGIApp, Call, RefusedError, Route, api
from bot.sandbox.rota import Shift

BAD_INPUT = (2001, "Invalid Input Provided")
DUPLICATE = (2002, "Open incident with matching dedup key already exists on this service")
FAR = timedelta(days=3650)
DEFAULT_WINDOW = timedelta(weeks=2)
PAGE = 25
LARGEST_PAGE = 100


class Rest:
    """Each endpoint runs under the account's lock, after what is overdue has happened."""

    def __init__(
        self,
        account: Account,
        incidents: Incidents,
        shapes: Shapes,
        *,
        lock: threading.RLock,
        clock: Callable[[], datetime],
        token: Callable[[], str],
    ) -> None:
        self._account = account
        self._incidents = incidents
        self._shapes = shapes
        self._lock = lock
        self._clock = clock
        self._token = token

    def app(self) -> ASGIApp:
        return api(self._routes(), prefix="/pagerduty", admit=self._admit, refuse=_refusal)

    def _routes(self) -> Iterable[Route]:
        table: list[Route] = [
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
            ("GET", "/incidents", self.list_incidents),
            ("POST", "/incidents", self.create_incident),
            ("PUT", "/incidents", self.update_incidents),
            ("GET", "/incidents/{id}", self.show_incident),
            ("PUT", "/incidents/{id}", self.update_incident),
            ("GET", "/incidents/{id}/log_entries", self.list_incident_log),
            ("GET", "/incidents/{id}/notes", self.list_notes),
            ("POST", "/incidents/{id}/notes", self.create_note),
            ("GET", "/log_entries", self.list_log),
        ]
        return [(verb, path, self._locked(endpoint)) for verb, path, endpoint in table]

    def _locked(self, endpoint: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        def run(call: Call) -> Answer:
            with self._lock:
                self._incidents.let_time_pass()
                return endpoint(call)

        return run

    def _admit(self, call: Call) -> None:
        given = call.headers.get("authorization", "")
        if given not in (f"Token token={self._token()}", f"Bearer {self._token()}"):
            _refuse(401, (2006, "Authentication failed"), "The API key is missing or wrong")

    # --- people, services, policies

    def list_users(self, call: Call) -> Answer:
        query, include = call.one("query").lower(), call.many("include")
        found = [u for u in self._account.users.values() if query in f"{u.name} {u.email}".lower()]
        return _page(call, "users", [self._shapes.user(user, include) for user in found])

    def show_me(self, call: Call) -> Answer:
        me = self._account.user_called("spy")
        return Answer(body={"user": self._shapes.user(me, call.many("include")) if me else None})

    def show_user(self, call: Call) -> Answer:
        user = _known(self._account.users, call)
        return Answer(body={"user": self._shapes.user(user, call.many("include"))})

    def list_contact_methods(self, call: Call) -> Answer:
        user = _known(self._account.users, call)
        return Answer(body={"contact_methods": self._shapes.contact_methods(user)})

    def list_services(self, call: Call) -> Answer:
        found = _named(self._account.services.values(), call)
        return _page(call, "services", [self._shapes.service(service) for service in found])

    def show_service(self, call: Call) -> Answer:
        return Answer(body={"service": self._shapes.service(_known(self._account.services, call))})

    def list_policies(self, call: Call) -> Answer:
        found = _named(self._account.policies.values(), call)
        return _page(call, "escalation_policies", [self._shapes.policy(policy) for policy in found])

    def show_policy(self, call: Call) -> Answer:
        return Answer(body={"escalation_policy": self._shapes.policy(_known(self._account.policies, call))})

    # --- schedules and on-calls

    def list_schedules(self, call: Call) -> Answer:
        found = _named(self._account.schedules.values(), call)
        return _page(call, "schedules", [self._shapes.schedule(schedule) for schedule in found])

    def show_schedule(self, call: Call) -> Answer:
        schedule = _known(self._account.schedules, call)
        since, until = self._window(call, DEFAULT_WINDOW)
        cut = call.one("overflow") != "true"
        return Answer(
            body={"schedule": self._shapes.rendered_schedule(schedule, since, until, cut=cut)},
        )

    def list_overrides(self, call: Call) -> Answer:
        schedule = _known(self._account.schedules, call)
        if not (call.one("since") and call.one("until")):
            _refuse(400, BAD_INPUT, "Since and until are required")
        since, until = self._window(call, DEFAULT_WINDOW)
        found = [o for o in schedule.overrides if o.shift.overlaps(since, until)]
        return Answer(body={"overrides": [self._shapes.override(override) for override in found]})

    def create_overrides(self, call: Call) -> Answer:
        """A list of outcomes; the older form, one `override`, answers with the override alone."""
        schedule = _known(self._account.schedules, call)
        if "override" in call.body:
            outcome = self._override(schedule.id, _object(call.body, "override"))
            if outcome["status"] != _CREATED:
                _refuse(400, BAD_INPUT, *outcome["errors"])
            return Answer(status=_CREATED, body={"override": outcome["override"]})
        outcomes = [self._override(schedule.id, given) for given in _objects(call.body, "overrides")]
        return Answer(status=_CREATED, body=outcomes)

    def _override(self, schedule_id: str, given: JSON) -> JSON:
        _require(given, "start", "end", "user")
        shift = Shift(user=_id(given["user"]), start=_moment(given["start"]), end=_moment(given["end"]))
        if shift.user not in self._account.users:
            return {"status": 400, "errors": ["User not found"], "override": given}
        if shift.end <= shift.start:
            return {"status": 400, "errors": ["Override must end after its start"], "override": given}
        override = self._account.override(schedule_id, shift)
        return {"status": _CREATED, "override": self._shapes.override(override)}

    def delete_override(self, call: Call) -> Answer:
        schedule = _known(self._account.schedules, call)
        if call.ids["override"] not in [override.id for override in schedule.overrides]:
            _refuse(404, (2100, "Not Found"))
        self._account.schedules[schedule.id] = schedule.without_override(call.ids["override"])
        return Answer(status=204)

    def list_on_calls(self, call: Call) -> Answer:
        since, until = self._window(call, timedelta(0))
        include, users = call.many("include"), call.many("user_ids")
        found = [
            self._shapes.on_call(policy, level, shift, include)
            for policy in self._account.policies.values()
            for level in range(1, len(policy.levels) + 1)
            if _wanted(call, "escalation_policy_ids", policy.id)
            and _wanted(call, "schedule_ids", policy.levels[level - 1])
            for shift in self._shifts(policy.levels[level - 1], since, until)
        ]
        found = [on_call for on_call in found if not users or on_call["user"]["id"] in users]
        return _page(call, "oncalls", _earliest(found) if call.one("earliest") == "true" else found)

    def _shifts(self, target: str, since: datetime, until: datetime) -> Sequence[Shift | None]:
        schedule = self._account.schedules.get(target)
        return schedule.final(since, until) if schedule else [None]

    def _window(self, call: Call, length: timedelta) -> tuple[datetime, datetime]:
        since = _moment(call.one("since")) if call.one("since") else self._clock()
        until = _moment(call.one("until")) if call.one("until") else since + length
        if until < since:
            _refuse(400, (2004, "Invalid 'since' or 'until' Parameter Values"))
        return since, until

    # --- incidents

    def list_incidents(self, call: Call) -> Answer:
        since = _moment(call.one("since")) if call.one("since") else self._clock() - FAR
        until = _moment(call.one("until")) if call.one("until") else self._clock() + FAR
        assignees = set(call.many("user_ids"))
        found = [
            incident
            for incident in self._incidents
            if since <= incident.created_at <= until
            and call.one("incident_key", incident.key) == incident.key
            and _wanted(call, "statuses", incident.status)
            and _wanted(call, "service_ids", incident.service.id)
            and _wanted(call, "urgencies", incident.urgency)
            and (not assignees or assignees & set(incident.assigned))
        ]
        newest_first = "desc" in call.one("sort_by")
        ordered = reversed(found) if newest_first else found
        return _page(call, "incidents", [self._shapes.incident(incident) for incident in ordered])

    def show_incident(self, call: Call) -> Answer:
        return Answer(body={"incident": self._shapes.incident(self._incident(call.ids["id"]))})

    def create_incident(self, call: Call) -> Answer:
        requester, given = self._requester(call), _object(call.body, "incident")
        _require(given, "type", "title", "service")
        service = self._account.services.get(_id(given["service"]))
        if service is None:
            _refuse(400, BAD_INPUT, "Service not found")
        key = given.get("incident_key") or ""
        if key and any(i.is_open and i.key == key and i.service == service for i in self._incidents):
            _refuse(400, DUPLICATE)
        assignees, policy = self._assignees(given), given.get("escalation_policy")
        if assignees and policy:
            _refuse(400, BAD_INPUT, "Assignments and escalation policy cannot both be given")
        incident = self._incidents.open(
            given["title"],
            service,
            by=requester,
            key=key,
            urgency=_urgency(given),
            policy=self._policy(_id(policy)) if policy else None,
            assignees=assignees,
            details=_object(given, "body").get("details"),
        )
        return Answer(status=_CREATED, body={"incident": self._shapes.incident(incident)})

    def update_incident(self, call: Call) -> Answer:
        requester, given = self._requester(call), _object(call.body, "incident")
        incident = self._update(self._incident(call.ids["id"]), given, by=requester)
        return Answer(body={"incident": self._shapes.incident(incident)})

    def update_incidents(self, call: Call) -> Answer:
        requester, given = self._requester(call), _objects(call.body, "incidents")
        if not given:
            _refuse(400, BAD_INPUT, "Incidents cannot be empty")
        pairs = [(self._incident(_id(change)), change) for change in given]
        updated = [self._update(incident, change, by=requester) for incident, change in pairs]
        return _page(call, "incidents", [self._shapes.incident(incident) for incident in updated])

    def _update(self, incident: Incident, given: JSON, *, by: str) -> Incident:
        _require(given, "type")
        incident.title = given.get("title", incident.title)
        incident.urgency = _urgency(given, incident.urgency)
        if policy := given.get("escalation_policy"):
            incident.policy = self._policy(_id(policy))
            self._incidents.escalate(incident, level=1, by=by)
        if level := given.get("escalation_level"):
            self._incidents.escalate(incident, level=int(level), by=by)
        if assignees := self._assignees(given):
            self._incidents.assign(incident, assignees, by=by)
        if status := given.get("status"):
            self._change_status(incident, status, by=by)
        if resolution := given.get("resolution"):
            self._incidents.annotate(incident, f"Resolution Note: {resolution}", by=by)
        return incident

    def _change_status(self, incident: Incident, status: str, *, by: str) -> None:
        if status not in ("triggered", "acknowledged", "resolved"):
            _refuse(400, BAD_INPUT, "Status must be one of triggered, acknowledged, resolved")
        try:
            self._incidents.change_status(incident, status, by=by)  # type: ignore[arg-type]  # checked above
        except AlreadyResolvedError:
            _refuse(400, (1001, "Incident Already Resolved"))

    # --- log entries and notes

    def list_incident_log(self, call: Call) -> Answer:
        return self._log(call, [self._incident(call.ids["id"])])

    def list_log(self, call: Call) -> Answer:
        return self._log(call, self._incidents)

    def _log(self, call: Call, incidents: Iterable[Incident]) -> Answer:
        """The newest first, as PagerDuty does."""
        since = _moment(call.one("since")) if call.one("since") else self._clock() - FAR
        until = _moment(call.one("until")) if call.one("until") else self._clock() + FAR
        pairs = [(i, entry) for i in incidents for entry in i.log if since <= entry.at <= until]
        pairs.sort(key=lambda pair: pair[1].id, reverse=True)
        return _page(call, "log_entries", [self._shapes.log_entry(*pair) for pair in pairs])

    def list_notes(self, call: Call) -> Answer:
        incident = self._incident(call.ids["id"])
        notes = [self._shapes.note(entry) for entry in incident.log if entry.note]
        return Answer(body={"notes": notes})

    def create_note(self, call: Call) -> Answer:
        requester, incident = self._requester(call), self._incident(call.ids["id"])
        note = _object(call.body, "note")
        _require(note, "content")
        entry = self._incidents.annotate(incident, note["content"], by=requester)
        return Answer(body={"note": self._shapes.note(entry)})

    # --- what a request names

    def _requester(self, call: Call) -> str:
        email = call.headers.get("from", "")
        if not email:
            _refuse(400, BAD_INPUT, "The From header is required: the email of a user of the account")
        user = self._account.user_with(email)
        return user.id if user else _refuse(400, (1008, "Requester User Not Found"))

    def _incident(self, ident: str) -> Incident:
        return self._incidents.find(ident) or _refuse(404, (2100, "Not Found"))

    def _policy(self, ident: str) -> Any:
        return self._account.policies.get(ident) or _refuse(400, BAD_INPUT, "Escalation policy not found")

    def _assignees(self, given: JSON) -> list[str]:
        users = [_id(assignment.get("assignee")) for assignment in _objects(given, "assignments")]
        if not set(users) <= set(self._account.users):
            _refuse(400, BAD_INPUT, "Assignee not found")
        return users


_CREATED = 201
_NOT_FOUND = 404


def _refuse(status: int, error: tuple[int, str], *details: str) -> NoReturn:
    code, message = error
    body: JSON = {"message": message, "code": code, **({"errors": list(details)} if details else {})}
    raise RefusedError(Answer(status=status, body={"error": body}))


def _refusal(status: int, message: str) -> Answer:
    if status == _NOT_FOUND:
        return Answer(status=status, body={"error": {"message": "Not Found", "code": 2100}})
    return Answer(status=status, body={"error": {"message": BAD_INPUT[1], "code": 2001, "errors": [message]}})


def _require(given: JSON, *names: str) -> None:
    missing = [f"{name.capitalize()} cannot be empty." for name in names if not given.get(name)]
    if missing:
        _refuse(400, BAD_INPUT, *missing)


def _object(given: JSON, name: str) -> JSON:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def _objects(given: JSON, name: str) -> list[JSON]:
    found = given.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _id(reference: object) -> str:
    return str(reference.get("id", "")) if isinstance(reference, dict) else ""


def _urgency(given: JSON, default: str = "high") -> str:
    urgency = str(given.get("urgency") or default)
    return urgency if urgency in ("high", "low") else _refuse(400, BAD_INPUT, "Urgency must be high or low")


def _known(things: dict[str, Any], call: Call) -> Any:
    return things.get(call.ids["id"]) or _refuse(404, (2100, "Not Found"))


def _named(things: Iterable[Any], call: Call) -> list[Any]:
    return [thing for thing in things if call.one("query").lower() in thing.name.lower()]


def _wanted(call: Call, filter_name: str, value: str) -> bool:
    wanted = call.many(filter_name)
    return not wanted or value in wanted


def _earliest(on_calls: list[JSON]) -> list[JSON]:
    """The first one of each user on each level of each policy."""
    first: dict[tuple[str, int, str], JSON] = {}
    for on_call in on_calls:
        key = (on_call["escalation_policy"]["id"], on_call["escalation_level"], on_call["user"]["id"])
        first.setdefault(key, on_call)
    return list(first.values())


def _page(call: Call, name: str, items: list[JSON]) -> Answer:
    limit = min(int(call.one("limit", str(PAGE))), LARGEST_PAGE)
    offset = int(call.one("offset", "0"))
    total = len(items) if call.one("total") in ("true", "1") else None
    end = offset + limit
    return Answer(
        body={
            name: items[offset:end],
            "limit": limit,
            "offset": offset,
            "more": end < len(items),
            "total": total,
        }
    )


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        _refuse(400, (2004, "Invalid 'since' or 'until' Parameter Values"), text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
