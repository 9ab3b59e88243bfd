"""A stand-in for Statuspage: one page with components, and incidents with their updates."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol

from bot.sandbox.feed import BoxEvent
from bot.sandbox.server.rest import JSON, Api, ApiCall, ApiResponse, RefusedError, Route, api
from bot.sandbox.server.server import HttpRequest

PREFIX = "/statuspage/v1"
PAGE = "p4g3acmestat"
COMPONENTS = {"c0mpcheckout": "Checkout", "c0mpsearch00": "Search"}
STATES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")
STATUSES = ("investigating", "identified", "monitoring", "resolved")
CREATED, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, UNPROCESSABLE = 201, 400, 401, 404, 422
MOST = 100


class StatuspageHost(Protocol):
    """What the stand-in needs from the box."""

    def environment(self) -> dict[str, str]: ...
    def publish(self, event: BoxEvent) -> None: ...


@dataclass(kw_only=True)
class StatuspageComponent:
    id: str
    name: str
    status: str = "operational"


@dataclass(frozen=True, kw_only=True)
class StatuspageUpdate:
    id: str
    status: str
    body: str
    created_at: datetime
    delivers: bool


@dataclass(kw_only=True)
class StatuspageIncident:
    """An incident, its updates with the newest first."""

    id: str
    name: str
    status: str
    created_at: datetime
    components: list[str] = field(default_factory=list)
    metadata: JSON = field(default_factory=dict)
    updates: list[StatuspageUpdate] = field(default_factory=list)


class SandboxStatuspage:
    """The page. The bot calls `api`. Tests read `components` and `incidents`, and act as people with `delete`."""

    def __init__(
        self, box: StatuspageHost, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.components = {key: StatuspageComponent(id=key, name=name) for key, name in COMPONENTS.items()}
        self.incidents: dict[str, StatuspageIncident] = {}
        self.lock = threading.RLock()
        self._box = box
        self._clock = clock
        self._numbers = itertools.count(1)

    def api(self) -> Api:
        return api(self._routes(), prefix=PREFIX, admit=self._admit, refuse=_refusal)

    def delete(self, incident: str) -> None:
        """Delete an incident, as a person does in the browser."""
        with self.lock:
            del self.incidents[incident]

    def newest(self) -> list[StatuspageIncident]:
        """Return the incidents, newest first."""
        with self.lock:
            return list(reversed(self.incidents.values()))

    # --- the REST API

    def _routes(self) -> Iterable[Route]:
        page = "/pages/{page}"
        return [
            ("GET", page, self._of_page(self.show_page)),
            ("GET", f"{page}/components", self._of_page(self.list_components)),
            ("PATCH", f"{page}/components/{{component}}", self._of_page(self.update_component)),
            ("GET", f"{page}/incidents", self._of_page(self.list_incidents)),
            ("POST", f"{page}/incidents", self._of_page(self.create_incident)),
            ("GET", f"{page}/incidents/{{incident}}", self._of_page(self.show_incident)),
            ("PATCH", f"{page}/incidents/{{incident}}", self._of_page(self.update_incident)),
        ]

    def _admit(self, call: ApiCall) -> None:
        key = self._box.environment()["STATUSPAGE_API_KEY"]
        if call.headers.get("authorization", "") != f"OAuth {key}":
            _refuse(UNAUTHORIZED, "Could not authenticate")

    def _of_page(self, endpoint: Callable[[ApiCall], ApiResponse]) -> Callable[[ApiCall], ApiResponse]:
        def run(call: ApiCall) -> ApiResponse:
            if call.ids["page"] != PAGE:
                _refuse(NOT_FOUND, "Record not found")
            with self.lock:
                return endpoint(call)

        return run

    def show_page(self, call: ApiCall) -> ApiResponse:  # noqa: ARG002 - every endpoint is asked the same way
        return ApiResponse(body={"id": PAGE, "name": "Acme", "subdomain": "acme", "url": None})

    def list_components(self, call: ApiCall) -> ApiResponse:  # noqa: ARG002 - as above
        return ApiResponse(body=[_component(it) for it in self.components.values()])

    def update_component(self, call: ApiCall) -> ApiResponse:
        component = self.components.get(call.ids["component"]) or _refuse(NOT_FOUND, "Record not found")
        given = _section(call, "component")
        self._set_states({component.id: given.get("status", component.status)})
        self._publish(component.name, component.status, "")
        return ApiResponse(body=_component(component))

    def list_incidents(self, call: ApiCall) -> ApiResponse:
        limit = call.one("limit", str(MOST))
        most = min(int(limit), MOST) if limit.isdigit() else MOST
        return ApiResponse(body=[self._incident(it) for it in self.newest()[:most]])

    def show_incident(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(body=self._incident(self._named(call)))

    def create_incident(self, call: ApiCall) -> ApiResponse:
        given = _section(call, "incident")
        if not str(given.get("name") or "").strip():
            _refuse(UNPROCESSABLE, ["Name can't be blank"])
        incident = StatuspageIncident(
            id=f"inc{next(self._numbers):09}",
            name=given["name"],
            status=given.get("status", STATUSES[0]),
            created_at=self._clock(),
        )
        self._change(incident, given)
        self.incidents[incident.id] = incident
        return ApiResponse(status=CREATED, body=self._incident(incident))

    def update_incident(self, call: ApiCall) -> ApiResponse:
        incident = self._named(call)
        self._change(incident, _section(call, "incident"))
        return ApiResponse(body=self._incident(incident))

    def _change(self, incident: StatuspageIncident, given: JSON) -> None:
        """Apply what is given. Words make an update; nothing is changed if a part of it is wrong."""
        status = given.get("status", incident.status)
        if status not in STATUSES:
            _refuse(UNPROCESSABLE, ["Status is not included in the list"])
        metadata = given.get("metadata", incident.metadata)
        if not isinstance(metadata, dict) or not all(isinstance(it, dict) for it in metadata.values()):
            _refuse(UNPROCESSABLE, ["Metadata must be an object of objects"])
        states = given.get("components", {})
        self._set_states(states if isinstance(states, dict) else {})
        incident.components = list(dict.fromkeys((*incident.components, *given.get("component_ids", ()))))
        incident.status, incident.metadata = status, metadata
        body = str(given.get("body") or "")
        update = StatuspageUpdate(
            id=f"upd{next(self._numbers):09}",
            status=status,
            body=body,
            created_at=self._clock(),
            delivers=given.get("deliver_notifications", True) is not False,
        )
        incident.updates.insert(0, update)
        self._publish(incident.name, status, body, subject=incident)

    def _set_states(self, states: Mapping[str, Any]) -> None:
        for key, status in states.items():
            if key not in self.components or status not in STATES:
                _refuse(UNPROCESSABLE, ["Components are invalid"])
        for key, status in states.items():
            self.components[key].status = status

    # --- objects

    def _named(self, call: ApiCall) -> StatuspageIncident:
        return self.incidents.get(call.ids["incident"]) or _refuse(NOT_FOUND, "Record not found")

    def _incident(self, incident: StatuspageIncident) -> JSON:
        return {
            "id": incident.id,
            "name": incident.name,
            "status": incident.status,
            "page_id": PAGE,
            "created_at": _at(incident.created_at),
            "metadata": incident.metadata,
            "components": [_component(self.components[it]) for it in incident.components],
            "incident_updates": [
                {"id": it.id, "status": it.status, "body": it.body, "created_at": _at(it.created_at)}
                for it in incident.updates
            ],
        }

    def _publish(self, name: str, status: str, body: str, subject: StatuspageIncident | None = None) -> None:
        text = f"{name} · {status}: {body}" if body else f"{name} · {status}"
        ref = subject.id if subject else ""
        self._box.publish(BoxEvent(kind="public_status", text=text, ref=ref, subject=subject))


def method_name(request: HttpRequest) -> str:
    """Return the name of a request without its ids, such as `POST /incidents`."""
    parts = request.path.removeprefix(f"{PREFIX}/pages/").split("/")[1:]
    return f"{request.verb} /{'/'.join('{id}' if at else part for at, part in enumerate(parts))}"


def _section(call: ApiCall, name: str) -> JSON:
    given = call.body.get(name)
    if not isinstance(given, dict):
        _refuse(BAD_REQUEST, f"{name} is missing")
    return given


def _component(component: StatuspageComponent) -> JSON:
    return {"id": component.id, "page_id": PAGE, "name": component.name, "status": component.status}


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _refuse(status: int, why: str | list[str]) -> NoReturn:
    raise RefusedError(ApiResponse(status=status, body={"error": why}))


def _refusal(status: int, why: str) -> ApiResponse:
    return ApiResponse(status=status, body={"error": why})
