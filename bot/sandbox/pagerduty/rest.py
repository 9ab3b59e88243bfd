"""The part of PagerDuty's REST API, version 2, that a chat bot needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.sandbox.pagerduty.account import PagerDutyAccount, PagerDutyPolicy
from bot.sandbox.pagerduty.api_rules import (
    BAD_INPUT,
    CREATED,
    UNKNOWN,
    id_of,
    object_in,
    objects_in,
    page,
    refusal,
    refuse,
    require,
    time_of,
    wanted,
)
from bot.sandbox.pagerduty.directory import DirectoryApi
from bot.sandbox.pagerduty.incidents import AlreadyResolvedError, PagerDutyIncident, PagerDutyIncidents
from bot.sandbox.pagerduty.shapes import PagerDutyJson
from bot.sandbox.pagerduty.shift_api import ShiftScheduleApi
from bot.sandbox.server.rest import JSON, Api, ApiCall, ApiResponse, Route, api

DUPLICATE = (2002, "Open incident with matching dedup key already exists on this service")
FAR = timedelta(days=3650)


class PagerDutyApi:
    """The routes. Each runs under the account's lock, after overdue escalations."""

    def __init__(
        self,
        account: PagerDutyAccount,
        incidents: PagerDutyIncidents,
        shapes: PagerDutyJson,
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

    def api(self) -> Api:
        return api(self._routes(), prefix="/pagerduty", admit=self._admit, refuse=refusal)

    def _routes(self) -> Iterable[Route]:
        table: list[Route] = [
            *DirectoryApi(self._account, self._shapes, clock=self._clock).routes(),
            *ShiftScheduleApi(self._account, self._shapes, clock=self._clock).routes(),
            ("GET", "/incidents", self.list_incidents),
            ("POST", "/incidents", self.create_incident),
            ("PUT", "/incidents", self.update_incidents),
            ("GET", "/incidents/{id}", self.show_incident),
            ("PUT", "/incidents/{id}", self.update_incident),
            ("PUT", "/incidents/{id}/merge", self.merge_incidents),
            ("GET", "/incidents/{id}/log_entries", self.list_incident_log),
            ("GET", "/incidents/{id}/notes", self.list_notes),
            ("POST", "/incidents/{id}/notes", self.create_note),
            ("GET", "/log_entries", self.list_log),
        ]
        return [(verb, path, self._locked(endpoint)) for verb, path, endpoint in table]

    def _locked(self, endpoint: Callable[[ApiCall], ApiResponse]) -> Callable[[ApiCall], ApiResponse]:
        def run(call: ApiCall) -> ApiResponse:
            with self._lock:
                self._incidents.apply_timeouts()
                return endpoint(call)

        return run

    def _admit(self, call: ApiCall) -> None:
        given = call.headers.get("authorization", "")
        if given not in (f"Token token={self._token()}", f"Bearer {self._token()}"):
            refuse(401, (2006, "Authentication failed"), "The API key is missing or wrong")

    # --- incidents

    def list_incidents(self, call: ApiCall) -> ApiResponse:
        since = time_of(call.one("since")) if call.one("since") else self._clock() - FAR
        until = time_of(call.one("until")) if call.one("until") else self._clock() + FAR
        assignees = set(call.many("user_ids"))
        found = [
            incident
            for incident in self._incidents
            if since <= incident.created_at <= until
            and call.one("incident_key", incident.key) == incident.key
            and wanted(call, "statuses", incident.status)
            and wanted(call, "service_ids", incident.service.id)
            and wanted(call, "urgencies", incident.urgency)
            and (not assignees or assignees & set(incident.assigned))
        ]
        newest_first = "desc" in call.one("sort_by")
        ordered = reversed(found) if newest_first else found
        return page(call, "incidents", [self._shapes.incident(incident) for incident in ordered])

    def show_incident(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(body={"incident": self._shapes.incident(self._incident(call.ids["id"]))})

    def create_incident(self, call: ApiCall) -> ApiResponse:
        requester, given = self._requester(call), object_in(call.body, "incident")
        require(given, "type", "title", "service")
        service = self._account.services.get(id_of(given["service"]))
        if service is None:
            refuse(400, BAD_INPUT, "Service not found")
        key = given.get("incident_key") or ""
        if key and any(i.is_open and i.key == key and i.service == service for i in self._incidents):
            refuse(400, DUPLICATE)
        assignees, policy = self._assignees(given), given.get("escalation_policy")
        if assignees and policy:
            refuse(400, BAD_INPUT, "Assignments and escalation policy cannot both be given")
        incident = self._incidents.open(
            given["title"],
            service,
            by=requester,
            key=key,
            urgency=_urgency(given),
            policy=self._policy(id_of(policy)) if policy else None,
            assignees=assignees,
            details=object_in(given, "body").get("details"),
        )
        return ApiResponse(status=CREATED, body={"incident": self._shapes.incident(incident)})

    def update_incident(self, call: ApiCall) -> ApiResponse:
        requester, given = self._requester(call), object_in(call.body, "incident")
        incident = self._update(self._incident(call.ids["id"]), given, by=requester)
        return ApiResponse(body={"incident": self._shapes.incident(incident)})

    def update_incidents(self, call: ApiCall) -> ApiResponse:
        requester, given = self._requester(call), objects_in(call.body, "incidents")
        if not given:
            refuse(400, BAD_INPUT, "Incidents cannot be empty")
        pairs = [(self._incident(id_of(change)), change) for change in given]
        updated = [self._update(incident, change, by=requester) for incident, change in pairs]
        return page(call, "incidents", [self._shapes.incident(incident) for incident in updated])

    def merge_incidents(self, call: ApiCall) -> ApiResponse:
        requester, target = self._requester(call), self._incident(call.ids["id"])
        for source in objects_in(call.body, "source_incidents"):
            self._incidents.merge(self._incident(id_of(source)), target, by=requester)
        return ApiResponse(body={"incident": self._shapes.incident(target)})

    def _update(self, incident: PagerDutyIncident, given: JSON, *, by: str) -> PagerDutyIncident:
        require(given, "type")
        incident.title = given.get("title", incident.title)
        incident.urgency = _urgency(given, incident.urgency)
        if policy := given.get("escalation_policy"):
            incident.policy = self._policy(id_of(policy))
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

    def _change_status(self, incident: PagerDutyIncident, status: str, *, by: str) -> None:
        if status not in ("triggered", "acknowledged", "resolved"):
            refuse(400, BAD_INPUT, "Status must be one of triggered, acknowledged, resolved")
        try:
            self._incidents.change_status(incident, status, by=by)  # type: ignore[arg-type]  # checked above
        except AlreadyResolvedError:
            refuse(400, (1001, "Incident Already Resolved"))

    # --- log entries and notes

    def list_incident_log(self, call: ApiCall) -> ApiResponse:
        return self._log(call, [self._incident(call.ids["id"])])

    def list_log(self, call: ApiCall) -> ApiResponse:
        return self._log(call, self._incidents)

    def _log(self, call: ApiCall, incidents: Iterable[PagerDutyIncident]) -> ApiResponse:
        """Return the log, the newest first, as PagerDuty does."""
        since = time_of(call.one("since")) if call.one("since") else self._clock() - FAR
        until = time_of(call.one("until")) if call.one("until") else self._clock() + FAR
        pairs = [(i, entry) for i in incidents for entry in i.log if since <= entry.at <= until]
        pairs.sort(key=lambda pair: pair[1].id, reverse=True)
        return page(call, "log_entries", [self._shapes.log_entry(*pair) for pair in pairs])

    def list_notes(self, call: ApiCall) -> ApiResponse:
        incident = self._incident(call.ids["id"])
        notes = [self._shapes.note(entry) for entry in incident.log if entry.note]
        return ApiResponse(body={"notes": notes})

    def create_note(self, call: ApiCall) -> ApiResponse:
        requester, incident = self._requester(call), self._incident(call.ids["id"])
        note = object_in(call.body, "note")
        require(note, "content")
        entry = self._incidents.annotate(incident, note["content"], by=requester)
        return ApiResponse(body={"note": self._shapes.note(entry)})

    # --- objects named in a request

    def _requester(self, call: ApiCall) -> str:
        email = call.headers.get("from", "")
        if not email:
            refuse(400, BAD_INPUT, "The From header is required: the email of a user of the account")
        user = self._account.user_with(email)
        return user.id if user else refuse(400, (1008, "Requester User Not Found"))

    def _incident(self, ident: str) -> PagerDutyIncident:
        return self._incidents.find(ident) or refuse(404, UNKNOWN)

    def _policy(self, ident: str) -> PagerDutyPolicy:
        return self._account.policies.get(ident) or refuse(400, BAD_INPUT, "Escalation policy not found")

    def _assignees(self, given: JSON) -> list[str]:
        users = [id_of(assignment.get("assignee")) for assignment in objects_in(given, "assignments")]
        if not set(users) <= set(self._account.users):
            refuse(400, BAD_INPUT, "Assignee not found")
        return users


def _urgency(given: JSON, default: str = "high") -> str:
    urgency = str(given.get("urgency") or default)
    return urgency if urgency in ("high", "low") else refuse(400, BAD_INPUT, "Urgency must be high or low")
