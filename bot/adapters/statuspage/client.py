"""Statuspage's REST API: reports about troubles, and the states of components.

A report is an *incident* there. Spy writes its own mark into the incident's metadata, which customers do not see.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import requests

from bot.adapters.network.reasons import reason
from bot.domain.foreign import inert
from bot.domain.status.component import Level
from bot.ports import HostedPage, PublicReport, Rejected, Throttled, Unreachable

LEVELS: Mapping[Level, str] = {
    Level.OPERATIONAL: "operational",
    Level.MAINTENANCE: "under_maintenance",
    Level.DEGRADED: "degraded_performance",
    Level.PARTIAL_OUTAGE: "partial_outage",
    Level.MAJOR_OUTAGE: "major_outage",
}
LOOKED_THROUGH = 100
"""The most reports that are looked through, newest first: the most that one answer has."""
MARK = "spy"
"""Spy's key in the metadata of a report."""
ENHANCE_YOUR_CALM = 420
"""What Statuspage also answers when a key asks too often: one request a second is allowed."""
UNNAMED = timedelta(seconds=5)
"""How long to wait if Statuspage says that a key asks too often, and not for how long."""


class Statuspage(HostedPage):
    """Statuspage as `ports.HostedPage`."""

    def __init__(self, key: str, *, page: str, url: str, timeout: timedelta, notify: bool) -> None:
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"OAuth {key}"
        self._page = f"{url.rstrip('/')}/pages/{page}"
        self._seconds = max(1.0, timeout.total_seconds())
        self._notify = notify

    def close(self) -> None:
        self._session.close()

    # --- reports ---

    def open_report(self, report: PublicReport) -> str:
        made = self._call("POST", "/incidents", {"incident": {"name": report.name, **self._told(report)}})
        ident = made.get("id") if isinstance(made, dict) else None
        if not isinstance(ident, str) or not ident:
            raise Unreachable("Statuspage's answer was not understood")
        return ident

    def add_update(self, ident: str, report: PublicReport) -> None:
        self._call("PATCH", f"/incidents/{ident}", {"incident": self._told(report)})

    def find(self, report: PublicReport) -> str | None:
        found = self._call("GET", f"/incidents?limit={LOOKED_THROUGH}")
        return next((_ident(it) for it in _objects(found) if _marks(it).get("mark") == report.mark), None)

    def set_state(self, component: str, level: Level) -> None:
        self._call("PATCH", f"/components/{component}", {"component": {"status": LEVELS[level]}})

    def _told(self, report: PublicReport) -> dict[str, Any]:
        """Return what a report and each of its updates have. The impact follows from the component's state."""
        return {
            "status": report.stage.value,
            "body": report.words,
            "component_ids": [report.component],
            "components": {report.component: LEVELS[report.level]},
            "deliver_notifications": self._notify,
            "metadata": {MARK: {"mark": report.mark}},
        }

    # --- checks ---

    def title(self) -> str:
        """Return the page's name."""
        page = self._call("GET", "")
        return str(page.get("name", "")) if isinstance(page, dict) else ""

    def component_names(self) -> Mapping[str, str]:
        """Return the names of the page's components by id."""
        found = _objects(self._call("GET", f"/components?per_page={LOOKED_THROUGH}"))
        return {_ident(it): str(it.get("name", "")) for it in found}

    # --- calling ---

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = self._session.request(method, f"{self._page}{path}", json=body, timeout=self._seconds)
        except requests.RequestException as trouble:
            raise Unreachable(f"Statuspage did not answer: {reason(trouble)}") from trouble
        _must_be_done(answer)
        try:
            return answer.json()
        except ValueError as odd:
            raise Unreachable("Statuspage's answer was not understood") from odd


def _must_be_done(answer: requests.Response) -> None:
    """Raise the port error of an answer that is no success."""
    status = answer.status_code
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status in {ENHANCE_YOUR_CALM, HTTPStatus.TOO_MANY_REQUESTS}:
        after = answer.headers.get("retry-after", "")
        wait = timedelta(seconds=int(after)) if after.isdigit() else UNNAMED
        raise Throttled("Statuspage asks to wait", retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        raise Unreachable(f"Statuspage answered {status}")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Rejected("token", "Statuspage refuses the key in STATUSPAGE_API_KEY")
    if status == HTTPStatus.NOT_FOUND:
        raise Rejected(
            "gone", "Statuspage has no such page, component or incident, or the key may not see it"
        )
    if status < HTTPStatus.BAD_REQUEST:
        raise Unreachable(f"Statuspage's answer was not understood ({status})")
    raise Rejected("refused", f"Statuspage answered {status}", detail=f": {_why(answer)}")


def _why(answer: requests.Response) -> str:
    """Return Statuspage's own words: `error` is a text, or a list of them."""
    try:
        said = answer.json().get("error")
    except (ValueError, AttributeError):
        said = None
    words = said if isinstance(said, list) else [said]
    return inert("; ".join(str(it) for it in words if it) or "no reason given")


def _objects(found: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(found, list):
        raise Unreachable("Statuspage's answer was not understood")
    return [it for it in found if isinstance(it, dict) and isinstance(it.get("id"), str)]


def _ident(it: Mapping[str, Any]) -> str:
    return str(it["id"])


def _marks(report: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = report.get("metadata")
    ours = metadata.get(MARK) if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}
